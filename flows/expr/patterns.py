"""Signatures of builtins, written as Python writes them, and the type a call has by them.

`(values: Iterable[T], /, *, key: Key[O], reverse: bool = False) -> list[T]`: parameters in front of `/` go by position
only, those behind `*` by keyword only. Besides the types a flow knows there are

| written | stands for |
|---|---|
| `T U V W X` | any type; every use adds an alternative |
| `N` | numbers: `int` when all are integers or booleans, `float` when all are floats, else `int` or `float` |
| `F` | a number that is a `float` for certain |
| `O` | types whose values have an order among themselves |
| `B` | types whose truth is certain |
| `P` | types whose text is certain: `str`, numbers, `bool`, `None`, caught errors |
| `J` | plain data that `json.dumps` writes: no models, datetimes, bytes, or enums that are no strings or integers |
| `R` | types that Python shows in error messages as they are carried |
| `S` | tuples |
| `Iterable[T]` | list, tuple, str, dict (its keys), and what only iterates: `zip(...)`, a generator expression |
| `Sized[T]`, `Reversible[T]` | list, tuple, str, dict, and views: `range(...)`, `d.items()` |
| `Key[O]` | a `lambda` (or a function's name) whose result is O |
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.comparing import orderable
from skyloom.flows.expr.properties import formattable, is_number, is_plain, shows_itself, truth, widen
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    DATETIME,
    ERROR,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STR,
    TupleType,
    Type,
    members,
    show,
    union,
)

Protocol = OneOf["Iterable", "Sized", "Reversible"]


@dataclass(frozen=True, slots=True)
class Exact:
    """A type that is written out."""

    type: Type


@dataclass(frozen=True, slots=True)
class Variable:
    """A type variable, by its letter."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """`list[item]`."""

    item: Pattern


@dataclass(frozen=True, slots=True)
class DictOf:
    """`dict[str, value]`."""

    value: Pattern


@dataclass(frozen=True, slots=True)
class TupleOf:
    """`tuple[a, b]`, or with `rest` `tuple[a, ...]`: any length, every element an `a`."""

    items: tuple[Pattern, ...]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Elements:
    """`Iterable[T]` and its kin."""

    protocol: Protocol
    item: Pattern


@dataclass(frozen=True, slots=True)
class Callback:
    """`Key[O]`: a function, known by the type of its result."""

    result: Pattern


@dataclass(frozen=True, slots=True)
class Either:
    """`A | B`."""

    options: tuple[Pattern, ...]


Pattern = Exact | Variable | ListOf | DictOf | TupleOf | Elements | Callback | Either


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: how it may be given, and whether it must be."""

    name: str
    pattern: Pattern
    passing: OneOf["position", "either", "keyword", "rest"]
    required: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, parsed."""

    text: str
    parameters: tuple[Parameter, ...]
    returns: Pattern

    def at(self, position: int) -> Parameter | None:
        """The parameter that takes the argument at `position`."""
        for index, parameter in enumerate(self.parameters):
            if parameter.passing == "rest" or (index == position and parameter.passing != "keyword"):
                return parameter
        return None


# --- reading ----------------------------------------------------------------------------------------------------


@functools.cache
def parse(text: str) -> Signature:
    """The signature written as `text`."""
    function = ast.parse(f"def f{text}: ...").body[0]
    assert isinstance(function, ast.FunctionDef) and function.returns is not None
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    needed = len(positional) - len(spec.defaults)
    parameters = [
        Parameter(a.arg, _annotation(a), "position" if i < len(spec.posonlyargs) else "either", i < needed)
        for i, a in enumerate(positional)
    ]
    if spec.vararg is not None:
        parameters.append(Parameter(spec.vararg.arg, _annotation(spec.vararg), "rest", False))
    for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        parameters.append(Parameter(argument.arg, _annotation(argument), "keyword", default is None))
    return Signature(text, tuple(parameters), _pattern(function.returns))


_NAMED: dict[str, Type] = {
    "str": STR,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "datetime": DATETIME,
    "Error": ERROR,
    "Any": ANY,
    "Never": NEVER,
}


def _annotation(argument: ast.arg) -> Pattern:
    assert argument.annotation is not None
    return _pattern(argument.annotation)


def _pattern(node: ast.expr) -> Pattern:
    match node:
        case ast.Constant(value=None):
            return Exact(NULL)
        case ast.Name(id=name):
            return Exact(_NAMED[name]) if name in _NAMED else Variable(name)
        case ast.BinOp(left=left, right=right):
            return Either((_pattern(left), _pattern(right)))
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return _generic(name, list(inner.elts) if isinstance(inner, ast.Tuple) else [inner])
        case _:
            raise ValueError(f"no type of a signature: {ast.unparse(node)}")


def _generic(name: str, arguments: list[ast.expr]) -> Pattern:
    match name:
        case "list":
            return ListOf(_pattern(arguments[0]))
        case "dict":
            return DictOf(_pattern(arguments[1]))
        case "tuple":
            rest = bool(arguments) and isinstance(arguments[-1], ast.Constant)
            return TupleOf(tuple(_pattern(a) for a in arguments[: -1 if rest else None]), rest)
        case "Key":
            return Callback(_pattern(arguments[0]))
        case "Iterable" | "Sized" | "Reversible":
            return Elements(name, _pattern(arguments[0]))
        case _:
            raise ValueError(f"no generic type of a signature: {name}")


# --- type variables ---------------------------------------------------------------------------------------------


def _anything(_: Type) -> bool:
    return True


def _is_tuple(of: Type) -> bool:
    return all(isinstance(member, TupleType) for member in members(of))


def _number(of: Type) -> Type:
    if of == NEVER:
        return INT
    return union(*(INT if kind == BOOL else kind for kind in members(widen(of))))


def _same(of: Type) -> Type:
    return of


@dataclass(frozen=True, slots=True)
class Bound:
    """What a type variable stands for, and what it becomes in the result."""

    meaning: str
    holds: Callable[[Type], bool]
    result: Callable[[Type], Type] = _same


_ANY_VALUE = "any value"

BOUNDS: dict[str, Bound] = {
    **{name: Bound(_ANY_VALUE, _anything) for name in "TUVWX"},
    "N": Bound("numbers", is_number, _number),
    "F": Bound("a number that is a float for certain", lambda of: of == FLOAT),
    "O": Bound("values that have an order", orderable),
    "B": Bound("values whose truth is certain", lambda of: truth(of) != "unknown"),
    "P": Bound("str, int, float, bool, None or a caught error", formattable),
    "J": Bound("plain data (no models, datetimes, bytes or enums)", is_plain),
    "R": Bound("str, numbers, bool, None, or lists and dicts of these", shows_itself),
    "S": Bound("a tuple", _is_tuple),
}


# --- words ------------------------------------------------------------------------------------------------------


def describe(pattern: Pattern) -> str:
    """The pattern in words, for a message."""
    match pattern:
        case Exact(type=exact):
            return show(exact)
        case Variable(name=name):
            return BOUNDS[name].meaning
        case ListOf(item=inner):
            return f"a list{_of(inner)}"
        case DictOf(value=inner):
            return f"a dict{_of(inner)}"
        case TupleOf(items=parts, rest=rest):
            return f"a tuple of {', '.join(describe(part) for part in parts)}{', ...' if rest else ''}"
        case Elements(item=inner):
            return f"a list, tuple, str or dict{_of(inner)}"
        case Callback(result=inner):
            return f"a function that gives {describe(inner)}"
        case Either(options=options):
            return " or ".join(describe(option) for option in options)
        case _:
            assert_never(pattern)


def _of(inner: Pattern) -> str:
    words = describe(inner)
    return "" if words == _ANY_VALUE else f" of {words}"


def variables_of(pattern: Pattern) -> tuple[str, ...]:
    """The type variables in the pattern."""
    match pattern:
        case Exact():
            return ()
        case Variable(name=name):
            return (name,)
        case ListOf(item=inner) | DictOf(value=inner) | Elements(item=inner) | Callback(result=inner):
            return variables_of(inner)
        case TupleOf(items=parts) | Either(options=parts):
            return tuple(name for part in parts for name in variables_of(part))
        case _:
            assert_never(pattern)
