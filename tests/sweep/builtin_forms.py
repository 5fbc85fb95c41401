"""Every builtin of the catalog, by every signature, with every type of argument: as variables, and as constants."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from sweep.forms import Form

from skyloom.flows.expr.catalog import CATALOG, Builtin
from skyloom.flows.expr.patterns import (
    Callback,
    DictOf,
    Either,
    Elements,
    Exact,
    ListOf,
    Parameter,
    Pattern,
    TupleOf,
    Variable,
    parse,
)
from skyloom.flows.expr.types import show

NUMBERS = ("int", "float", "bool", "int | float")
VARIABLES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("TUVWX", ("int", "str", "float", "bool", "int | None", "list[int]", "tuple[str, int]")),
    "N": NUMBERS,
    "F": ("float",),
    "O": ("int", "float", "bool", "int | float", "str", "tuple[str, int]", "list[int]", "datetime", "date"),
    "B": (
        *NUMBERS,
        "str",
        "None",
        "list[int]",
        "dict[str, int]",
        "tuple[str, int]",
        "int | None",
        "str | None",
        "Level",
    ),
    "P": (*NUMBERS, "Exception", "str", "None", "int | None", "str | int", "Literal['low', 'high']"),
    "J": (*NUMBERS, "str", "None", "list[int]", "list[float]", "dict[str, int]", "dict[str, str | None]", "Any"),
    "R": ("int", "str", "bool", "int | None", "list[int]"),
    "S": ("tuple[int]", "tuple[str, int]", "tuple[list[int], str]"),
}
EXACT = {"float": ("float", "int", "bool"), "int": ("int", "bool"), "tuple[str, ...]": ("tuple[str, str]",)}
FEW = ("int", "str", "int | None", "list[int]")
KEYS = ("lambda v: v", "lambda v: -v", "lambda v: len(v)", "lambda v: (1, v)", "lambda v: 0")
FORMATS = (".2f", ".0f", ",", ",.2f", ".1%", "d", "5d", "05d", ">8", "<8", "^8", "8", "_", "e", "")
CONSTANTS = {
    "str": ('""', '"a"', '"ab"', '","', '"$a"', '"𝒳"', '"\\n"', '"e\\u0301"', "'\"'"),
    "int": ("0", "1", "-1", "3", "-2", "9"),
    "bool": ("True", "False"),
    "float": ("0.0", "-1.5", "2.5", "1e300"),
    "None": ("None",),
    "tuple[str, str]": ('("a", "")', '("b", "𝒳")'),
}
ITERATORS = (
    ("range(min(a, 50))", "a", "int"),
    ("range(0, min(a, 50), 2)", "a", "int"),
    ("enumerate(a)", "a", "list[str]"),
    ("zip(a, a)", "a", "list[int]"),
    ("reversed(a)", "a", "list[str]"),
    ("(v for v in a)", "a", "list[int]"),
    ("(len(v) for v in a if v)", "a", "list[str]"),
    ("a.items()", "a", "dict[str, int]"),
    ("a.values()", "a", "dict[str, int]"),
    ("a.keys()", "a", "dict[str, int]"),
)
"""What only iterates, and may stand where it is used up at once."""


def builtin_forms() -> Iterator[Form]:
    """All of them."""
    for builtin in CATALOG:
        yield from dict.fromkeys(_of(builtin))


def _of(builtin: Builtin) -> Iterator[Form]:
    for signature in builtin.signatures:
        for parameters in _given(parse(signature).parameters):
            for types in _types(parameters):
                yield from _calls(builtin, parameters, types)
            if parameters and isinstance(parameters[0].pattern, Elements) and len(parameters) == 1:
                yield from _over_iterators(builtin)


def _given(parameters: tuple[Parameter, ...]) -> Iterator[tuple[Parameter, ...]]:
    """Which parameters are given: optional ones by position from the left, those by keyword in every choice."""
    needed = [p for p in parameters if p.required]
    by_position = [p for p in parameters if not p.required and p.passing in ("position", "either", "rest")]
    by_keyword = [p for p in parameters if not p.required and p.passing == "keyword"]
    for count in range(len(by_position) + 1):
        for size in range(len(by_keyword) + 1):
            for chosen in itertools.combinations(by_keyword, size):
                wanted = {*needed, *by_position[:count], *chosen}
                yield tuple(p for p in parameters if p in wanted)


def _types(parameters: tuple[Parameter, ...]) -> Iterator[tuple[str, ...]]:
    """The types of the arguments: one variable of the signature stands for the same type everywhere."""
    names = sorted({name for parameter in parameters for name in _variables(parameter.pattern)})
    for bound in _bound(names):
        choices = [_choices(parameter.pattern, bound) for parameter in parameters]
        # Behind the first, one type for each kind of argument: every other is a first one somewhere.
        yield from (
            itertools.product(*choices)
            if len(choices) < 3
            else itertools.product(
                *choices[:1],
                *(dict.fromkeys((choice[0], choice[-1 if len(choices) < 4 else 0])) for choice in choices[1:]),
            )
        )


def _bound(names: list[str]) -> Iterator[dict[str, str]]:
    """Types of the variables: of one every type, of two every pair of a few, of more the same or neighbours."""
    if len(names) < 3:
        sets = [VARIABLES[name] if len(names) == 1 else _few(name) for name in names]
        yield from (dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*sets))
        return
    for turn in range(len(FEW)):
        yield dict.fromkeys(names, FEW[turn])
        yield {name: FEW[(turn + place) % len(FEW)] for place, name in enumerate(names)}


def _few(name: str) -> tuple[str, ...]:
    return FEW if name in "TUVWX" else VARIABLES[name]


def _variables(pattern: Pattern) -> set[str]:
    match pattern:
        case Variable(name=name):
            return {name}
        case ListOf(item=inner) | DictOf(value=inner) | Elements(item=inner):
            return _variables(inner)
        case TupleOf(items=parts) | Either(options=parts):
            return set().union(*map(_variables, parts))
        case _:
            return set()


def _choices(pattern: Pattern, bound: dict[str, str]) -> tuple[str, ...]:
    match pattern:
        case Exact(type=of):
            return EXACT.get(show(of), (show(of),))
        case Variable(name=name):
            return (bound[name],)
        case ListOf(item=inner):
            return tuple(f"list[{of}]" for of in _choices(inner, bound))
        case DictOf(value=inner):
            return tuple(f"dict[str, {of}]" for of in _choices(inner, bound))
        case TupleOf(items=parts, rest=rest):
            parts = parts * 2 if rest else parts
            return tuple(
                f"tuple[{', '.join(chosen)}]" for chosen in itertools.product(*(_choices(p, bound) for p in parts))
            )
        case Elements(item=inner):
            return tuple(over for of in _choices(inner, bound) for over in _iterables(of))
        case Either(options=options):
            return tuple(of for option in options for of in _choices(option, bound))
        case Callback():
            return KEYS


def _iterables(of: str) -> tuple[str, ...]:
    return (f"list[{of}]", f"tuple[{of}, {of}]", *(("str", "dict[str, int]") if of == "str" else ()))


# --- calls ------------------------------------------------------------------------------------------------------


def _calls(builtin: Builtin, parameters: tuple[Parameter, ...], types: tuple[str, ...]) -> Iterator[Form]:
    names = "abcdefgh"[: len(types)]
    yield _call(builtin, parameters, tuple(zip(names, types, strict=True)), names)
    if any(parameter.passing == "either" for parameter in parameters):
        yield _call(builtin, parameters, tuple(zip(names, types, strict=True)), names, named=True)
    if builtin.name == "format":
        for spec in FORMATS:
            yield _call(builtin, parameters, (("a", types[0]),), ("a", repr(spec)))
    elif len(types) > 1 and any(of in CONSTANTS for of in types[1:]):
        choices = [CONSTANTS.get(of, (name,)) for name, of in zip(names[1:], types[1:], strict=True)]
        if len(choices) > 2:
            choices = [choices[0][:4], *(choice[:2] for choice in choices[1:])]
        for texts in itertools.product(*choices):
            left = [(name, of) for name, of, text in zip(names, types, ("a", *texts), strict=True) if name == text]
            yield _call(builtin, parameters, tuple(left), ("a", *texts))


def _call(
    builtin: Builtin,
    parameters: tuple[Parameter, ...],
    types: tuple[tuple[str, str], ...],
    texts: Sequence[str],
    *,
    named: bool = False,
) -> Form:
    arguments = []
    known, names = dict(types), "abcdefgh"
    for parameter, text in zip(parameters, texts, strict=True):
        of = known.get(text, "")
        given = of if of in KEYS else text
        by_name = parameter.passing == "keyword" or (parameter.passing == "either" and (named or text not in names))
        arguments.append(f"{parameter.name}={given}" if by_name else given)
    used = tuple((name, of) for name, of in types if of not in KEYS)
    return Form(builtin.name, _written(builtin, arguments), used)


def _written(builtin: Builtin, arguments: list[str]) -> str:
    owner, _, method = builtin.name.rpartition(".")
    if builtin.name == "error.type":
        return f"type({arguments[0]}).__name__"
    if owner in ("str", "list", "dict", "datetime"):
        source = f"{arguments[0]}.{method}({', '.join(arguments[1:])})"
    else:
        source = f"{builtin.name}({', '.join(arguments)})"
    return source if builtin.gives == "value" else f"list({source})"


def _over_iterators(builtin: Builtin) -> Iterator[Form]:
    for argument, name, of in ITERATORS:
        yield Form(builtin.name, _written(builtin, [argument]), ((name, of),))
