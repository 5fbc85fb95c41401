"""Signatures of builtins, written as Python writes them, and the type a call has by them.

`(values: Iterable[T], /, *, key: Key[O], reverse: bool = False) -> list[T]`: parameters in front of `/` go by position
only, those behind `*` by keyword only. Besides the types a flow knows there are

| written | stands for |
|---|---|
| `T U V W X` | any type; every use adds an alternative |
| `N` | numbers: `int` when all of them are integers or booleans, else `float` |
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
import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.comparing import orderable
from skyloom.flows.expr.properties import (
    assignable,
    formattable,
    is_number,
    is_plain,
    iteration_type,
    shows_itself,
    truth,
    widen,
)
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
    DictType,
    ListType,
    NeverType,
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
Bindings = dict[str, Type]


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


class NoSignature(Exception):
    """The arguments fit no signature. `message` says why, `hint` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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
    return FLOAT if FLOAT in members(widen(of)) else INT


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
    "O": Bound("values that have an order", orderable),
    "B": Bound("values whose truth is certain", lambda of: truth(of) != "unknown"),
    "P": Bound("str, int, float, bool, None or a caught error", formattable),
    "J": Bound("plain data (no models, datetimes, bytes or enums)", is_plain),
    "R": Bound("str, numbers, bool, None, or lists and dicts of these", shows_itself),
    "S": Bound("a tuple", _is_tuple),
}


# --- fitting ----------------------------------------------------------------------------------------------------


def result_type(
    name: str, signatures: Sequence[Signature], arguments: Sequence[Type], keywords: Mapping[str, Type]
) -> Type:
    """The type of a call by the first signature that fits.

    Raises:
        NoSignature: none fits; the message speaks about the one that came furthest.
    """
    failures: list[tuple[int, str]] = []
    call = _Call(name, arguments, keywords)
    for signature in signatures:
        outcome = call.fit(signature)
        if not isinstance(outcome, tuple):
            return outcome
        failures.append(outcome)
    raise NoSignature(max(failures, key=lambda failure: failure[0])[1])


@dataclass(frozen=True, slots=True)
class _Call:
    """A call to be fitted. Of a method the first argument is the object, which messages do not count."""

    name: str
    arguments: Sequence[Type]
    keywords: Mapping[str, Type]

    @property
    def _is_method(self) -> bool:
        return self.name.partition(".")[0] in ("str", "list", "dict", "datetime", "error")

    @property
    def _shown(self) -> str:
        return f"{self.name.partition('.')[2] if self._is_method else self.name}()"

    def fit(self, signature: Signature) -> Type | tuple[int, str]:
        """The result's type, or how many arguments fitted and why the next did not."""
        given = self._distribute(signature)
        if isinstance(given, str):
            return (-1, given)
        bindings: Bindings = {}
        for done, (label, parameter, of) in enumerate(given):
            if not _unify(parameter.pattern, of, bindings):
                return (done, f"{label} of {self._shown} must be {describe(parameter.pattern)}, not {show(of)}")
            for variable in _variables(parameter.pattern):
                found = bindings.get(variable, NEVER)
                if not BOUNDS[variable].holds(found):
                    return (done, f"{self._shown} needs {BOUNDS[variable].meaning}, not {show(found)}")
        return _instantiate(signature.returns, bindings)

    def _distribute(self, signature: Signature) -> list[tuple[str, Parameter, Type]] | str:
        """Which parameter takes what, or why that cannot be said."""
        given: list[tuple[str, Parameter, Type]] = []
        for position, of in enumerate(self.arguments):
            parameter = signature.at(position)
            hidden = int(self._is_method)
            if parameter is None:
                takes = _count(position - hidden, "argument")
                return f"{self._shown} takes {takes}, not {len(self.arguments) - hidden}"
            number = position + 1 - hidden
            given.append((f"argument {number}" if number else "the object", parameter, of))
        by_name = {p.name: p for p in signature.parameters if p.passing in ("either", "keyword")}
        for keyword, of in self.keywords.items():
            if keyword not in by_name:
                close = difflib.get_close_matches(keyword, by_name, 1)
                suggestion = f"; did you mean {close[0]!r}?" if close else ""
                return f"{self._shown} has no option {keyword!r}{suggestion}"
            if any(parameter.name == keyword for _, parameter, _ in given):
                return f"{self._shown} got {keyword!r} twice"
            given.append((f"{keyword!r}", by_name[keyword], of))
        names = {parameter.name for _, parameter, _ in given}
        missing = [p.name for p in signature.parameters if p.required and p.name not in names]
        return f"{self._shown} is missing {', '.join(missing)}" if missing else given


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _unify(pattern: Pattern, of: Type, bindings: Bindings) -> bool:
    """Whether `of` fits; adds what it binds (of a failed attempt too, so give a copy where another may follow)."""
    match pattern:
        case Exact(type=wanted):
            return assignable(of, wanted)
        case Variable(name=name):
            bindings[name] = union(bindings.get(name, NEVER), of)
            return True
        case Callback(result=result):
            return _unify(result, of, bindings)
        case _:
            return all(_unify_member(pattern, member, bindings) for member in members(of))


def _unify_member(pattern: ListOf | DictOf | TupleOf | Elements | Either, of: Type, bindings: Bindings) -> bool:
    if isinstance(of, NeverType):
        return True
    match pattern:
        case ListOf(item=inner):
            return isinstance(of, ListType) and _unify(inner, of.item, bindings)
        case DictOf(value=inner):
            return isinstance(of, DictType) and _unify(inner, of.value, bindings)
        case TupleOf(items=inner_items, rest=rest):
            if not isinstance(of, TupleType) or not (rest or len(of.items) == len(inner_items)):
                return False
            patterns = inner_items * len(of.items) if rest else inner_items
            return all(_unify(p, t, bindings) for p, t in zip(patterns, of.items, strict=True))
        case Elements(item=inner):
            element = iteration_type(of)
            return element is not None and _unify(inner, element, bindings)
        case Either(options=options):
            for option in options:
                attempt = dict(bindings)
                if _unify(option, of, attempt):
                    bindings.update(attempt)
                    return True
            return False
        case _:
            assert_never(pattern)


def _variables(pattern: Pattern) -> tuple[str, ...]:
    match pattern:
        case Exact():
            return ()
        case Variable(name=name):
            return (name,)
        case ListOf(item=inner) | DictOf(value=inner) | Elements(item=inner) | Callback(result=inner):
            return _variables(inner)
        case TupleOf(items=parts) | Either(options=parts):
            return tuple(name for part in parts for name in _variables(part))
        case _:
            assert_never(pattern)


def _instantiate(pattern: Pattern, bindings: Bindings) -> Type:
    match pattern:
        case Exact(type=exact):
            return exact
        case Variable(name=name):
            return BOUNDS[name].result(bindings.get(name, NEVER))
        case ListOf(item=inner) | Elements(item=inner):
            return ListType(_instantiate(inner, bindings))
        case DictOf(value=inner):
            return DictType(_instantiate(inner, bindings))
        case TupleOf(items=parts):
            return TupleType(tuple(_instantiate(part, bindings) for part in parts))
        case Either(options=options):
            return union(*(_instantiate(option, bindings) for option in options))
        case Callback(result=inner):
            return _instantiate(inner, bindings)
        case _:
            assert_never(pattern)


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
