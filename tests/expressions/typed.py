"""Expressions over variables of every type, for values that engines get wrong: nulls, lists in lists, models."""

from __future__ import annotations

from expressions.values import MODELS

from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    DATETIME,
    ERROR,
    FLOAT,
    INT,
    STR,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    TupleType,
    Type,
    optional,
    union,
)

LEVEL = EnumType("Level", (("LOW", ""), ("HIGH", "high")))
"""An enum of which a member is true although its value is not."""

TYPES: dict[str, Type] = {
    "a": ANY,
    "b": ANY,
    "o": optional(STR),
    "ol": optional(ListType(INT)),
    "m": ModelType("Person"),
    "om": optional(ModelType("Empty")),
    "nn": ListType(optional(INT)),
    "ln": ListType(optional(ListType(INT))),
    "ll": ListType(ListType(INT)),
    "mix": ListType(union(INT, ListType(INT), STR)),
    "dn": DictType(optional(INT)),
    "dl": DictType(ListType(INT)),
    "ds": DictType(STR),
    "ms": ListType(ModelType("Person")),
    "e": ERROR,
    "i": INT,
    "j": INT,
    "x": FLOAT,
    "y": FLOAT,
    "s": STR,
    "u": STR,
    "bi": union(BOOL, INT),
    "p": BOOL,
    "q": BOOL,
    "lb": ListType(BOOL),
    "li": ListType(INT),
    "ss": ListType(STR),
    "lm": ListType(DictType(INT)),
    "tt": TupleType((STR, TupleType((INT, STR)), ListType(INT))),
    "tu": ListType(TupleType((STR, INT))),
    "us": union(STR, ListType(STR)),
    "lv": LEVEL,
    "ov": optional(LEVEL),
    "kind": LiteralType(("low", "high")),
    "when": DATETIME,
    "ws": ListType(DATETIME),
    **{f".{name}": of for fields in MODELS.values() for name, of in fields.items()},
}

SOURCES = """
a["b"] ; a[0] ; a[i] ; a[s] ; a == None ; a == "a" ; a == 1 ; a == True ; a != 0 ; a in ss ; [a, b]
{"a": a, "b": [b]} ; o ; o == u ; o or s ; o is None ; [o] ; [ol] ; [ol, ol] ; [nn, ln] ; [v for v in nn]
[v for v in ln] ; [v for v in mix] ; [v for v in ln if v is not None] ; nn[0] ; nn[1:] ; ln[i] ; ln[2]
[[v, 1] for v in nn] ; [(k, v) for k, v in dn.items()] ; [(k, v) for k, v in dl.items()] ; [v for k, v in dl.items()]
list(dl.values()) ; list(dl.items()) ; list(enumerate(ln)) ; list(enumerate(mix)) ; list(zip(ln, nn)) ; list(zip(ln))
{"a": ol, "b": [ol], "c": nn} ; {"v": v for v in nn} ; {k: v for k, v in dn.items()} ; {**dn, "y": ol} ; {s: i, u: j}
{s: i, "a": j, **dn, u: nn} ; dn[s] ; dn.get(s, 5) ; dn.get("q") ; dl.get(s) ; dl[s][0] ; s in dn
"constructor" in dl ; dn["constructor"] ; dl.get("a`b", [1]) ; dl["a`b"] ; dl["it's"] ; dl["odd key"] ; dl["and"]
dl["line\\nbreak"] ; len(dn) ; list(dn) ; sorted(dn) ; bool(dn) ; dn == dn ; None in nn ; i in nn ; [1] in ln
None in ln ; ln.count(None) ; ln.count([]) ; ln.index([1]) ; nn.index(None) ; nn == [None] ; m.name ; m.tags
m.tags[0] ; m.rows ; m.rows[0] ; m.rows[i] ; m.rows[i][0] ; m.rows[2] ; m.rows[i][i] ; [r[0] for r in m.rows if r]
m.maybe ; m.maybe == None ; [v.name for v in ms] ; [v.tags for v in ms] ; m == ms[0] ; [v for w in ms for v in w.tags]
ms[0].name ; ms[0].rows[0] ; ms[i - 1].rows[1][0] ; ms[-1] ; ms[1:][0].tags ; sorted(ms, key=lambda v: v.name)[0].tags
max(ms, key=lambda v: len(v.tags)) ; sorted(ms, key=lambda v: (len(v.rows), v.name))
[w for v in ms if v.maybe for w in v.rows] ; {v.name: v.tags for v in ms} ; [v.rows[0] for v in ms if v.rows] ; str(e)
f"{e}{o}{i}" ; ol or [1] ; ol and i ; 1 if ol else 2 ; 1 if om else 2 ; 1 if mix else 2 ; bool(ol) ; not om ; bi == 1
bi == True ; bi + 1 ; max(bi, 0) ; lb == [True, False] ; 1 in lb ; True in li ; li.count(True) ; lb.count(1)
lb.index(True) ; sum(lb) ; sum(v > 0 for v in li) ; max(lb) ; sorted(lb) ; [v + 1 for v in lb] ; p < q ; p == q
p + i == q ; lm[0] ; lm + lm ; [v for v in lm if v] ; [{"v": v, "w": [v]} for v in lm] ; [s, [s], [[s]], []]
[[], [[]]] ; lm.count({}) ; [*ln, *mix] ; ln + mix ; list(reversed(ln)) ; ln[::-1] ; ln[::2] ; mix[1:3]
(s, [i], (i,)) ; [v for v in (s, i)] ; ll[:i] ; (ln, nn)[0] ; [[v] for v in ln] ; [[v for v in nn] for w in ln]
[(v if v is not None else []) for v in ln] ; ll[-2:] ; {"q": {"r": [[]]}} ; tt[1][0] ; tt[2] ; tt == tt ; [tt]
tt[2][i] ; [v for v in tt[2]] ; tu[0][1] ; sorted(tu) ; max(tu) ; min(tu, key=lambda v: (v[1], v[0])) ; s < u ; s >= u
sorted(ss) ; sorted(ss, reverse=True) ; max(ss) ; min(s, u) ; s < "m" ; "\\ue000" <= s
sorted(ss, key=lambda v: (len(v), v)) ; kind == "low" ; kind < "m" ; kind < s ; i // j ; i % j ; i // 7 ; i % 10
-i % 7 ; i // -3 ; divmod(i, j) ; x // y ; x % y ; x // 0.1 ; round(x) ; int(x) ; math.floor(x) ; math.ceil(x) ; x < i
x == i ; max(x, y) ; sorted([x, y, i]) ; str(i) ; f"{i:,}" ; f"{i:08d}" ; f"{i:8d}|{i:<6}|{i:^7}" ; f"{i:.2f}"
f"{i:,.1f}" ; i ** 2 if abs(i) < 1000 else 0 ; 1 if lv else 2 ; not lv ; ov is None ; lv == lv ; when.timestamp()
sorted(ws) ; max(ws) ; s[0] ; s[-1] ; s[i] ; s[1:] ; s[:2] ; s[:-1] ; s[-2:] ; s[1:-1] ; s[i:j] ; s[i:] ; s[:i]
s[::2] ; len(s) ; list(s) ; s * 3 ; s.find(u) ; s.count(u) ; s.split(u) ; s.replace(u, "$0") ; s.replace("a", "$1")
s.partition(u) ; s.startswith(u) ; s in u ; s.endswith(u) ; s.removesuffix(u) ; s.removeprefix(u) ; s.strip()
s.strip("ab]^-\\\\") ; s.ljust(4, "𝒳") ; s.center(6, u) ; s.rjust(i if i < 50 else 0, "é") ; s.zfill(4)
s.rsplit("a", 1) ; s.rfind("b") ; s.rpartition("'") ; s.upper() ; s.lower() ; s.title() ; s.capitalize()
s.swapcase() ; s.isalpha() ; s.isspace() ; s.splitlines() ; s.split() ; "-".join(ss) ; "".join(sorted(s)) ; sha256(s)
[count for count in li if count] ; [string + s for string in ss] ; [sum for sum in li] ; [states for states in li]
[length * len(ss) for length in li] ; {_k: _v for _k, _v in dn.items()} ; [[v for v in v] for v in ll]
[v for v in li for v in [v, v]] ; [i for i in li if i < j] + [i] ; sum(i for i in li) + i
[a0 + b0 for a0, b0 in zip(li, li)] ; [a0 for a0, b0 in ll] ; max([v for v in li if v], default=None)
"""

TYPED = [source.strip() for line in SOURCES.splitlines() for source in line.split(" ; ") if source.strip()]
