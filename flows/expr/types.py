"""The static types of flow values. Every value is JSON; a type says which JSON, and what it means in Python.

| type | JSON | Python |
|---|---|---|
| NullType | null | None |
| BoolType | true, false | bool |
| IntType | integer, at most 2^53 either way | int |
| FloatType | finite number | float, never an int (docs/decisions/0009-a-float-is-a-float.md) |
| StrType | string | str |
| BytesType | base64 string | bytes |
| DateTimeType | RFC 3339 string | datetime, date, time |
| LiteralType | one of the values | Literal[...] |
| EnumType | the member's value | an Enum |
| ListType | array | list |
| TupleType | array of fixed length | tuple |
| DictType | object | dict[str, T] |
| ModelType | object | pydantic model, dataclass, TypedDict (fields stand in `Program.models`) |
| UnionType | any member's | X | Y |
| ErrorType | {type, bases, message} | a caught exception |
| AnyType | anything | Any: may be passed on, indexed and compared, nothing more |
| NeverType | no value | the element of an empty list, the result of a step that always raises |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from skyloom.flows.expr.wire import BY_KIND


@dataclass(frozen=True, slots=True)
class NullType:
    """null."""

    kind: Literal["null"] = "null"


@dataclass(frozen=True, slots=True)
class BoolType:
    """true or false."""

    kind: Literal["bool"] = "bool"


@dataclass(frozen=True, slots=True)
class IntType:
    """An integer of magnitude at most 2^53."""

    kind: Literal["int"] = "int"


@dataclass(frozen=True, slots=True)
class FloatType:
    """A finite number, and a float in Python. An integer may stand where one is expected; whoever takes it there makes
    a float of it, or knows it by another type."""

    kind: Literal["float"] = "float"


@dataclass(frozen=True, slots=True)
class StrType:
    """A Unicode string."""

    kind: Literal["str"] = "str"


@dataclass(frozen=True, slots=True)
class BytesType:
    """Bytes, carried as a base64 string; a flow passes them on and never looks inside."""

    kind: Literal["bytes"] = "bytes"


@dataclass(frozen=True, slots=True)
class DateTimeType:
    """A point in time, date or time of day, carried as an RFC 3339 string."""

    what: Literal["datetime", "date", "time"] = "datetime"
    kind: Literal["datetime"] = "datetime"


@dataclass(frozen=True, slots=True, eq=False)
class LiteralType:
    """Exactly one of `values`."""

    values: tuple[str | int | bool, ...]
    kind: Literal["literal"] = "literal"

    # For Python (1,) and (True,) are equal.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, LiteralType) and self._exact == other._exact

    def __hash__(self) -> int:
        return hash(self.values)

    @property
    def _exact(self) -> tuple[tuple[type, str | int | bool], ...]:
        return tuple((type(value), value) for value in self.values)


@dataclass(frozen=True, slots=True)
class EnumType:
    """A member of the enumeration `name`, carried as its value. `text` tells whether `str()` gives the value."""

    name: str
    members: tuple[tuple[str, str | int | bool], ...]
    text: bool = False
    kind: Literal["enum"] = "enum"


@dataclass(frozen=True, slots=True)
class ListType:
    """An array whose elements are all `item`."""

    item: Type
    kind: Literal["list"] = "list"

    def __eq__(self, other: object) -> bool:
        # However it is spelled.
        return self.item == other.item if isinstance(other, ListType) else NotImplemented


@dataclass(frozen=True, slots=True, eq=False)
class SpelledTuple(ListType):
    """The same type, where the source has `tuple[X, ...]` for it: messages say what stands there."""


@dataclass(frozen=True, slots=True)
class TupleType:
    """An array of exactly `items`."""

    items: tuple[Type, ...]
    kind: Literal["tuple"] = "tuple"


@dataclass(frozen=True, slots=True)
class DictType:
    """An object whose values are all `value`; keys are strings."""

    value: Type
    kind: Literal["dict"] = "dict"


@dataclass(frozen=True, slots=True)
class ModelType:
    """An object with the fields of the model `name` (see `Program.models`)."""

    name: str
    kind: Literal["model"] = "model"


@dataclass(frozen=True, slots=True)
class UnionType:
    """Any one of `members`; flat, without repeats, at least two."""

    members: tuple[Type, ...]
    kind: Literal["union"] = "union"


@dataclass(frozen=True, slots=True)
class ErrorType:
    """A caught exception, carried as `{"type": str, "bases": [str], "message": str}`."""

    kind: Literal["error"] = "error"


@dataclass(frozen=True, slots=True)
class AnyType:
    """Any JSON value."""

    kind: Literal["any"] = "any"


@dataclass(frozen=True, slots=True)
class NeverType:
    """No value at all."""

    kind: Literal["never"] = "never"


Type = Annotated[
    NullType
    | BoolType
    | IntType
    | FloatType
    | StrType
    | BytesType
    | DateTimeType
    | LiteralType
    | EnumType
    | ListType
    | TupleType
    | DictType
    | ModelType
    | UnionType
    | ErrorType
    | AnyType
    | NeverType,
    BY_KIND,
]

NULL, BOOL, INT, FLOAT, STR, BYTES = NullType(), BoolType(), IntType(), FloatType(), StrType(), BytesType()
DATETIME, ERROR, ANY, NEVER = DateTimeType(), ErrorType(), AnyType(), NeverType()


def union(*types: Type) -> Type:
    """The smallest type that holds all of `types`: flattened, without repeats and without `NeverType`."""
    flat: list[Type] = []
    for candidate in types:
        for member in candidate.members if isinstance(candidate, UnionType) else (candidate,):
            if member not in flat and member != NEVER:
                flat.append(member)
    if any(isinstance(member, AnyType) for member in flat):
        return ANY
    flat = _absorb(flat)
    if not flat:
        return NEVER
    return flat[0] if len(flat) == 1 else UnionType(tuple(flat))


def _absorb(members: list[Type]) -> list[Type]:
    """Joins literals with each other and with their own base type, and lists or dicts with those that hold less."""
    literals = [m for m in members if isinstance(m, LiteralType)]
    if literals:
        bases = {type(m) for m in members}
        values = dict.fromkeys((type(v), v) for m in literals for v in m.values if _LITERAL_BASE[type(v)] not in bases)
        rest: list[Type] = [m for m in members if not isinstance(m, LiteralType)]
        merged = tuple(v for _, v in values)
        first = members.index(literals[0])
        if merged:
            rest.insert(min(first, len(rest)), LiteralType(merged))
        members = rest
    kept: list[Type] = []
    for member in members:
        if not any(_holds(other, member) for other in kept):
            kept = [*(other for other in kept if not _holds(member, other)), member]
    return kept


def _holds(outer: Type, inner: Type) -> bool:
    """Whether `outer` is a list or dict that may hold whatever `inner`, one too, holds: `list[int]` whatever
    `list[Literal[3]]` does; every list what the empty one does."""
    match outer, inner:
        case ListType(item=one), ListType(item=other):
            return union(one, other) == one
        case DictType(value=one), DictType(value=other):
            return union(one, other) == one
        case _:
            return False


_LITERAL_BASE: dict[type, type] = {str: StrType, int: IntType, bool: BoolType}


def optional(inner: Type) -> Type:
    """`inner` or null."""
    return union(inner, NULL)


def members(of: Type) -> tuple[Type, ...]:
    """The alternatives of a union; the type itself, alone, where it is none."""
    return of.members if isinstance(of, UnionType) else (of,)


def without_null(of: Type) -> Type:
    """`of` with null taken away (NeverType when nothing is left)."""
    return union(*(m for m in members(of) if m != NULL))


def show(of: Type) -> str:
    """The type as a Python programmer writes it: `list[str] | None`."""
    match of:
        case NullType():
            return "None"
        case DateTimeType(what=what):
            return what
        case LiteralType(values=values):
            return f"Literal[{', '.join(repr(v) for v in values)}]"
        case EnumType(name=name) | ModelType(name=name):
            return name
        case SpelledTuple(item=item):
            return f"tuple[{show(item)}, ...]"
        case ListType(item=item):
            return "list" if item == NEVER else f"list[{show(item)}]"
        case TupleType(items=items):
            return f"tuple[{', '.join(show(i) for i in items) or '()'}]"
        case DictType(value=value):
            return "dict" if value == NEVER else f"dict[str, {show(value)}]"
        case UnionType(members=alternatives):
            ordered = sorted(alternatives, key=lambda m: m == NULL)
            return " | ".join(show(m) for m in ordered)
        case ErrorType():
            return "Exception"
        case AnyType():
            return "Any"
        case NeverType():
            return "Never"
        case BoolType() | IntType() | FloatType() | StrType() | BytesType():
            return of.kind
