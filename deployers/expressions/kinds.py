"""What the type of an expression says about its JSON values: their kinds, as `$type` names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from skyloom.flows.expr.properties import iteration_type, widen
from skyloom.flows.expr.types import (
    AnyType,
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    ErrorType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    ModelType,
    NeverType,
    NullType,
    StrType,
    TupleType,
    Type,
    UnionType,
    members,
    union,
)

ALL = frozenset({"null", "boolean", "number", "string", "array", "object"})
NUMBER, BOOLEAN, STRING = frozenset({"number"}), frozenset({"boolean"}), frozenset({"string"})


def kinds(of: Type) -> frozenset[str]:
    """The kinds of JSON values that the type has."""
    match of:
        case NullType():
            return frozenset({"null"})
        case BoolType():
            return BOOLEAN
        case IntType() | FloatType():
            return NUMBER
        case StrType() | BytesType() | DateTimeType():
            return STRING
        case ListType() | TupleType():
            return frozenset({"array"})
        case DictType() | ModelType() | ErrorType():
            return frozenset({"object"})
        case LiteralType(values=values):
            return _kinds_of_values(values)
        case EnumType(members=named):
            return _kinds_of_values(value for _, value in named)
        case UnionType(members=inner):
            return frozenset().union(*map(kinds, inner))
        case AnyType():
            return ALL
        case NeverType():
            return frozenset()
        case _:
            assert_never(of)


def _kinds_of_values(values: Iterable[str | int | bool]) -> frozenset[str]:
    return frozenset({bool: "boolean", int: "number", str: "string"}[type(value)] for value in values)


def is_text(of: Type) -> bool:
    """Whether all values are strings that mean themselves."""
    return all(isinstance(member, StrType) for member in members(widen(of)))


def is_int(of: Type) -> bool:
    """Whether all values are integers or booleans."""
    return all(isinstance(member, IntType | BoolType | NeverType) for member in members(widen(of)))


def holds_arrays(of: Type) -> bool:
    """Whether a value may be an array: JSONata takes those apart where they stand among others."""
    return "array" in kinds(of)


def element_type(of: Type) -> Type:
    """The type of what iterating over a value gives."""
    found = iteration_type(of)
    assert found is not None, f"{of} is not iterable"
    return found


def entry_type(of: Type) -> Type:
    """The type of the values of a dict."""
    return union(*(member.value for member in members(of) if isinstance(member, DictType)))


def all_members(of: Type, *classes: type) -> bool:
    """Whether every alternative of the type is of one of the classes."""
    return all(isinstance(member, classes) for member in members(of))
