"""What states compute: values over variables, written late, when it is known what stands for each variable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from skyloom.flows.expr.nodes import Expr, Name, free_names

Json = Any
Names = Mapping[str, str]
"""The machine's variable for each variable of a flow."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a variable of the machine, inside a `Snippet`."""

    variable: str


@dataclass(eq=False, slots=True)
class Slot:
    """A path inside a `Snippet` that is settled after lowering: where an item of a map finds its element."""

    text: str = "$states.input"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A constant that `DefinitionSubstitutions` fills in."""

    name: str


@dataclass(frozen=True, slots=True)
class Caught:
    """What failed: its name, and the seconds that it may take."""

    name: str
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A JSON value that is known."""

    value: Json
    reads: frozenset[str] = field(default=frozenset(), init=False)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An expression of the flow: its value; its value as a test; or whether Python would raise an error for it."""

    expr: Expr
    names: Names
    reads: frozenset[str]
    form: Literal["value", "test", "fails"] = "value"
    facts: tuple[tuple[Expr, bool], ...] = ()
    """Tests whose outcome is known where the expression stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Snippet:
    """JSONata that the compiler itself writes: text with variables and values between.

    Attributes:
        simple: whether it is a path, which may stand in the place of a variable.
        fleeting: whether every evaluation gives another value (`$now()`, `$uuid()`).
        caught: of what it reads the error, where it stands in a catcher.
    """

    parts: tuple[str | Ref | Slot | Value, ...]
    reads: frozenset[str]
    simple: bool = False
    fleeting: bool = False
    caught: Caught | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A JSON object with values inside."""

    entries: Mapping[str, Value]
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A JSON array with values inside."""

    items: tuple[Value, ...]
    reads: frozenset[str]


Value = Constant | Source | Snippet | Record | Listing


def source(
    expr: Expr,
    names: Names,
    form: Literal["value", "test", "fails"] = "value",
    facts: tuple[tuple[Expr, bool], ...] = (),
) -> Source:
    """The value of an expression of the flow, where `names` tells the machine's variables."""
    return Source(expr, names, frozenset(names[name] for name in free_names(expr)), form, facts)


def snippet(*parts: str | Ref | Slot | Value, simple: bool = False, fleeting: bool = False) -> Snippet:
    """JSONata of the compiler's own."""
    reads: set[str] = set()
    for part in parts:
        match part:
            case str() | Slot():
                pass
            case Ref(variable=name):
                reads.add(name)
            case _:
                reads |= part.reads
    return Snippet(parts, frozenset(reads), simple, fleeting)


def variable(name: str) -> Snippet:
    """The value of one variable of the machine."""
    return Snippet((Ref(name),), frozenset({name}), simple=True)


def path(text: str) -> Snippet:
    """A path that reads no variable, such as `$states.result.Payload`."""
    return Snippet((text,), frozenset(), simple=True)


def record(entries: Mapping[str, Value | Json]) -> Record:
    """An object; what is no value stands for itself."""
    kept = {name: as_value(entry) for name, entry in entries.items()}
    return Record(kept, _reads(kept.values()))


def listing(items: Iterable[Value | Json]) -> Listing:
    """An array; what is no value stands for itself."""
    kept = tuple(map(as_value, items))
    return Listing(kept, _reads(kept))


def as_value(given: Value | Json) -> Value:
    """The value itself, or the constant."""
    return given if isinstance(given, Constant | Source | Snippet | Record | Listing) else Constant(given)


def named(value: Value) -> str | None:
    """The variable that the value is, where it is nothing but one."""
    match value:
        case Source(expr=Name(name=name), names=names, form="value" | "test"):
            return names[name]
        case Snippet(parts=(Ref(variable=name),)):
            return name
        case _:
            return None


def is_fleeting(value: Value) -> bool:
    """Whether every evaluation gives another value."""
    match value:
        case Snippet(parts=parts, fleeting=fleeting):
            return fleeting or any(is_fleeting(part) for part in parts if not isinstance(part, str | Ref | Slot))
        case Record(entries=entries):
            return any(map(is_fleeting, entries.values()))
        case Listing(items=items):
            return any(map(is_fleeting, items))
        case _:
            return False


def _reads(values: Iterable[Value]) -> frozenset[str]:
    return frozenset[str]().union(*(value.reads for value in values))
