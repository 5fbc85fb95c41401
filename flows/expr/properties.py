"""What a type says about its values: what they may be assigned to, whether they iterate, print, change, are true.

Models (pydantic, dataclass, TypedDict) are opaque here: two of them are the same type when they have the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
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

Truthiness = OneOf["bool", "value", "always_true", "always_false", "unknown"]

_BASES: dict[type, Type] = {str: STR, int: INT, bool: BOOL}


def widen(of: Type) -> Type:
    """`of` without its exact values: literals become their base types, and so do enums that are strings or integers
    themselves (`StrEnum`, `IntEnum`). Containers stay as they are."""
    match of:
        case LiteralType(values=values):
            return union(*(_BASES[type(value)] for value in values))
        case EnumType(members=named, text=True):
            return union(*(_BASES[type(value)] for _, value in named))
        case UnionType(members=alternatives):
            return union(*(widen(member) for member in alternatives))
        case _:
            return of


# --- assignment -------------------------------------------------------------------------------------------------


def assignable(value: Type, target: Type) -> bool:
    """Whether every value of type `value` is a value of type `target`.

    Containers are covariant (values are never shared, so nothing can be written through the wider type). An int stands
    for a float, a bool for an int. `Any` takes everything and fits nothing but `Any`: where a boundary checks the value
    at run time the caller may be more generous.
    """
    if isinstance(target, AnyType) or isinstance(value, NeverType):
        return True
    if isinstance(value, UnionType):
        return all(assignable(member, target) for member in value.members)
    if isinstance(value, LiteralType) and len(value.values) > 1:
        return all(assignable(LiteralType((single,)), target) for single in value.values)
    return any(_fits(value, member) for member in members(target))


def _fits(value: Type, target: Type) -> bool:
    match value, target:
        case (BoolType() | IntType(), FloatType()) | (BoolType(), IntType()):
            return True
        case LiteralType(values=values), LiteralType(values=allowed):
            exact = {(type(item), item) for item in allowed}
            return all((type(item), item) in exact for item in values)
        case LiteralType(), _:
            return assignable(widen(value), target)
        case EnumType(name=name, members=named), EnumType(name=other, members=allowed_members):
            return name == other and set(named) <= set(allowed_members)
        case EnumType(text=True), StrType() | IntType() | BoolType() | FloatType():
            return assignable(widen(value), target)
        case ListType(item=item), ListType(item=wanted):
            return assignable(item, wanted)
        case DictType(value=held), DictType(value=wanted):
            return assignable(held, wanted)
        case TupleType(items=items), TupleType(items=wanted_items):
            return len(items) == len(wanted_items) and all(map(assignable, items, wanted_items))
        case _:
            return value == target


def is_number(of: Type) -> bool:
    """Whether arithmetic is defined on every value of the type (booleans count as 0 and 1)."""
    return all(isinstance(member, BoolType | IntType | FloatType | NeverType) for member in members(widen(of)))


def iteration_type(of: Type) -> Type | None:
    """The type of the elements that iterating gives: of a list or tuple its elements, of a string its characters, of a
    dict its keys. None where some alternative cannot be iterated."""
    results: list[Type] = []
    for member in members(of):
        match member:
            case ListType(item=item):
                results.append(item)
            case TupleType(items=items):
                results.extend(items)
            case DictType():
                results.append(STR)
            case NeverType():
                continue
            case _ if isinstance(widen(member), StrType):
                results.append(STR)
            case _:
                return None
    return union(*results)


# --- truth, text, mutability ------------------------------------------------------------------------------------


def truth(of: Type) -> Truthiness:
    """How the truth of a value is found: it is a boolean already; it depends on the value; it is always the same; or
    it cannot be told from the JSON value alone (Any, or alternatives that look alike there)."""
    kinds = {_member_truth(member) for member in members(of)}
    if len(kinds) == 1:
        return kinds.pop()
    if "unknown" in kinds:
        return "unknown"
    if "always_true" in kinds and not kinds <= {"always_true", "always_false"}:
        # An enum member with the value "" is true, the string "" is not: nobody can tell them apart any more. A model
        # (an object) can be told from everything but a dict.
        opaque = [m for m in members(of) if isinstance(m, EnumType) and not m.text and not all(v for _, v in m.members)]
        objects = any(isinstance(m, DictType) for m in members(of)) and any(
            isinstance(m, ModelType) for m in members(of)
        )
        if opaque or objects:
            return "unknown"
    return "value"


def _member_truth(of: Type) -> Truthiness:
    match of:
        case BoolType():
            return "bool"
        case NullType():
            return "always_false"
        case ModelType() | ErrorType() | DateTimeType() | EnumType(text=False):
            return "always_true"
        case LiteralType(values=values) if all(isinstance(value, bool) for value in values):
            return "bool"
        case AnyType() | UnionType():
            return "unknown"
        case (
            IntType()
            | FloatType()
            | StrType()
            | BytesType()
            | LiteralType()
            | EnumType()
            | ListType()
            | TupleType()
            | DictType()
            | NeverType()
        ):
            return "value"
        case _:
            assert_never(of)


def formattable(of: Type) -> bool:
    """Whether `str(value)` and `f"{value}"` are exact: text, numbers, booleans, None, and caught errors (their
    message). The text of containers, models and datetimes is Python's own affair and exists on no other engine."""
    return all(
        isinstance(member, StrType | IntType | FloatType | BoolType | NullType | ErrorType | NeverType)
        for member in members(widen(of))
    )


def is_mutable(of: Type) -> bool:
    """Whether some value of the type, or something inside it, can be changed in place. Every model counts as mutable:
    whether its class is frozen is not known here."""
    match of:
        case ListType() | DictType() | ModelType() | AnyType():
            return True
        case TupleType(items=inner) | UnionType(members=inner):
            return any(is_mutable(member) for member in inner)
        case (
            NullType()
            | BoolType()
            | IntType()
            | FloatType()
            | StrType()
            | BytesType()
            | DateTimeType()
            | LiteralType()
            | EnumType()
            | ErrorType()
            | NeverType()
        ):
            return False
        case _:
            assert_never(of)


def holds(of: Type, accepts: Callable[[Type], bool]) -> bool:
    """Whether `accepts` holds for every type that `of` is made of: alternatives, elements, values."""
    match of:
        case UnionType(members=inner) | TupleType(items=inner):
            return all(holds(member, accepts) for member in inner)
        case ListType(item=item) | DictType(value=item):
            return holds(item, accepts)
        case _:
            return accepts(of)


def is_plain(of: Type) -> bool:
    """Whether the Python value is plain JSON data itself, so that `json.dumps` writes what is carried here."""
    return holds(
        of, lambda leaf: not isinstance(leaf, ModelType | DateTimeType | BytesType | ErrorType) and not _is_opaque(leaf)
    )


def shows_itself(of: Type) -> bool:
    """Whether Python's `repr` of the value is that of the JSON value: error messages of `list.index` contain it."""
    if isinstance(of, UnionType):
        return all(shows_itself(member) for member in of.members)
    match of:
        case ListType(item=item) | DictType(value=item):
            return shows_itself(item)
        case _:
            return isinstance(of, NullType | BoolType | IntType | FloatType | StrType | LiteralType | NeverType)


def mixes_numbers(of: Type) -> bool:
    """Whether a value of the type, or an element of one, may be an int in one run and a float in another. An engine
    with one kind of number cannot write such a value as Python does. Of a model this looks into no fields."""
    match of:
        case UnionType(members=inner):
            kinds = members(widen(of))
            return (INT in kinds and FLOAT in kinds) or any(map(mixes_numbers, inner))
        case TupleType(items=inner):
            return any(map(mixes_numbers, inner))
        case ListType(item=item) | DictType(value=item):
            return mixes_numbers(item)
        case _:
            return isinstance(of, AnyType)


def _is_opaque(of: Type) -> bool:
    return isinstance(of, EnumType) and not of.text
