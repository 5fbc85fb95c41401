"""Random expressions: small ones put into each other by their types, so that precedence, scopes and lists inside of
lists are tried where no sample thought of them."""

from __future__ import annotations

import re

from hypothesis import strategies as st

_TEMPLATES = {
    "int": """
        3 ; -2 ; 0 ; («int» + «int») ; («int» - «int») ; («int» * 2) ; («int» // «int») ; («int» % «int») ; -«int»
        («int» % 7) ; len(«str») ; len(«ints») ; len(«strs») ; len(«rows») ; len(«dict») ; «ints»[0] ; «ints»[«int»]
        «rows»[«int»][«int»] ; «dict»["a"] ; «dict».get(«str», «int») ; max(«int», «int») ; min(«int», «int», «int»)
        max(«ints», default=«int») ; min(«ints», default=0) ; sum(«ints») ; sum(«int:a» for a in «ints») ; abs(«int»)
        sum(1 for b in «strs» if «bool:b») ; («int» if «bool» else «int») ; «ints».count(«int») ; «str».find(«str»)
        «pair»[1] ; divmod(«int», 3)[1] ; round(«int») ; int(«bool») ; «str».count("a") ; («int» or «int»)
        len(max(«strs», key=lambda b: «int:b», default="")) ; («int» and «int») ; min(«ints», key=lambda a: «int:a»)
        «ints».index(«int») ; «int» ** 2
    """,
    "bool": """
        True ; «int» < «int» ; «int» == «int» ; «str» == «str» ; «str» < «str» ; «int» in «ints» ; «str» in «str»
        «str» not in «strs» ; «str» in «dict» ; not «bool» ; («bool» and «bool») ; («bool» or «bool») ; not «ints»
        any(«bool:a» for a in «ints») ; all(«bool:b» for b in «strs») ; any(«ints») ; all(«strs») ; «ints» == «ints»
        «rows» == «rows» ; «str».startswith(«str») ; «str».endswith("b") ; «pair» < «pair» ; «ints» in «rows»
        bool(«str») ; bool(«dict») ; n is None ; «pair» in «pairs» ; «int» in range(«int») ; «str».isspace()
        any(«bool:a» for a in «ints» if «bool:a») ; «int» == p ; p != «int» ; «str».isdigit() ; «int» <= x
    """,
    "str": """
        "a'b" ; "" ; («str» + «str») ; f"{s}-{i}" ; f"<{j}|{p}>" ; «str».upper() ; «str».strip() ; «str»[1:]
        «str»[:«int»] ; «str»[::-1] ; «str»[0] ; «strs»[0] ; «strs»[-1] ; ",".join(«strs») ; str(«int») ; str(«bool»)
        str(n) ; «pair»[0] ; («str» if «bool» else «str») ; («str» or «str») ; «str».replace("a", «str») ; «str» * «int»
        «str».removeprefix("a") ; «str».rjust(4) ; «str».center(5, "*") ; «str».partition(":")[2] ; format(«int», "04d")
        "".join(«str:b» for b in «strs») ; sorted(«strs»)[0] ; min(«strs», default=«str») ; «str».split(",")[0]
    """,
    "ints": """
        [] ; [«int»] ; [«int», «int»] ; [«int», *«ints»] ; [*«ints», *«ints»] ; («ints» + «ints») ; «ints»[1:]
        «ints» * 2 ; «ints»[:«int»] ; «ints»[«int»:] ; [«int:a» for a in «ints»] ; [a for a in «ints» if «bool:a»]
        [«int:b» for b in «strs»] ; [a + «int:a» for a in «ints» if a] ; sorted(«ints») ; list(reversed(«ints»))
        sorted(«ints», key=lambda a: «int:a», reverse=«bool») ; list(range(«int»)) ; [«int:a» for a in range(3)]
        «rows»[0] ; list(«dict».values()) ; [«int:a» for r in «rows» for a in «ints:r»] ; («ints» or «ints»)
        [a * «int:r,a» for r in «rows» for a in r if «bool:r,a»] ; («ints» if «bool» else «ints»)
        [v + «int:k,v» for k, v in «dict».items()] ; [m * a for m, a in enumerate(«ints», «int»)]
        [«int:k,v» for k, v in «pairs»] ; [len(b) for b in «strs» if «bool:b»] ; [«int:a» for a in «ints» if «bool:a»]
        [«int:m,b» for m, b in enumerate(«strs») if «bool:m,b»] ; [m for m in «ints» for k in «strs:m» if «bool:m,k»]
    """,
    "strs": """
        [] ; [«str»] ; [«str», *«strs»] ; «strs»[:2] ; [«str:a» for a in «ints»] ; [b for b in «strs» if «bool:b»]
        [b + «str:b» for b in «strs»] ; sorted(«strs») ; list(«dict») ; «str».split(",") ; «str».split() ; list(«str»)
        [k for k, v in «dict».items() if «bool:k,v»] ; [f"{m}{b}" for m, b in enumerate(«strs»)] ; («strs» + «strs»)
        sorted(«strs», key=lambda b: (len(b), b)) ; [k for k, v in «pairs»] ; [k for b in «strs» for k in «str:b»]
    """,
    "rows": """
        [] ; [«ints»] ; [«ints», «ints»] ; [«ints», *«rows»] ; [«ints:a» for a in «ints»]
        [r for r in «rows» if «bool:r»] ; [r[1:] for r in «rows»] ; «rows»[1:] ; («rows» + «rows»)
        list(reversed(«rows»)) ; [«ints:b» for b in «strs»]
        [[a] for a in «ints»] ; sorted(«rows», key=lambda r: len(r)) ; [[a, «int:a»] for a in «ints» if «bool:a»]
        [«ints:r,a» for r in «rows» for a in r] ; [r for r in «rows»] ; «rows» * 2
        [«ints:r» for r in «rows» if «bool:r»]
    """,
    "pair": """
        («str», «int») ; «pairs»[0] ; («pair» if «bool» else «pair») ; max(«pairs», default=«pair»)
    """,
    "pairs": """
        [«pair»] ; [«pair», *«pairs»] ; list(«dict».items()) ; list(zip(«strs», «ints»)) ; sorted(«pairs») ; «pairs»[1:]
        [(«str:a», a) for a in «ints»] ; [(«str:k,v», «int:k,v») for k, v in «dict».items() if «bool:k,v»]
        [q for q in «pairs» if «bool:q»] ; [(k, m) for m, (k, v) in enumerate(«pairs»)] ; [«pair:q» for q in «pairs»]
        sorted(«pairs», key=lambda q: (q[1], q[0])) ; [(«str:m,k,v», «int:m,k,v») for m, (k, v) in enumerate(«pairs»)]
    """,
    "dict": """
        {} ; {"a": «int»} ; {«str» + "_": «int»} ; {"a": «int», **«dict»} ; {**«dict», "_" + «str»: «int»}
        {b + ":": «int:b» for b in «strs»} ; {k: v + «int:k,v» for k, v in «dict».items() if «bool:k,v»}
        {f"k{a}": a for a in «ints»} ; dict(zip([f"_{b}" for b in «strs»], «ints»))
        dict([("_" + k, v) for k, v in «pairs»]) ; {"_" + «str:a»: a for a in «ints» if «bool:a»}
    """,
}
"""Expressions by their type. `«int»` is a place for any expression of that type, `«int:a»` one where `a` is bound.
No key of a dict looks like the index of an array: JavaScript would put it in front of the others."""

TEMPLATES = {
    kind: [text.strip() for line in lines.splitlines() for text in line.split(" ; ") if text.strip()]
    for kind, lines in _TEMPLATES.items()
}

VARIABLES = {
    "int": ["i", "j"],
    "bool": ["p"],
    "str": ["s", "t"],
    "ints": ["si"],
    "strs": ["ss"],
    "rows": ["sl"],
    "pair": ["pair"],
    "pairs": ["sp"],
    "dict": ["di"],
}
"""The variables of the samples, by type."""

_BOUND = {"a": "int", "m": "int", "v": "int", "b": "str", "k": "str", "r": "ints", "q": "pair"}
"""The types of the names that templates bind."""

_PLACE = re.compile("«(\\w+)(?::([\\w,]+))?»")


@st.composite
def sources(draw: st.DrawFn, kind: str, depth: int = 3, scope: tuple[str, ...] = ()) -> str:
    """The source of an expression of that type."""
    names = [*VARIABLES[kind], *(name for name in scope if _BOUND[name] == kind)]
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(names))
    template = draw(st.sampled_from(TEMPLATES[kind]))

    def fill(place: re.Match[str]) -> str:
        inside = (*scope, *place[2].split(",")) if place[2] else scope
        return draw(sources(place[1], depth - 1, inside))

    return _PLACE.sub(fill, template)
