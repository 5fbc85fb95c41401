"""Which comparisons make sense, and are told exactly from JSON values: the rules behind `==`, `<` and `in`."""

from __future__ import annotations

import difflib
from typing import Literal as OneOf

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
    show,
)

Verdict = OneOf["possible", "never", "confused"]
"""Of `==` between two types: decided by the JSON values; always false; or Python and JSON may disagree, such as for a
tuple and a list of the same elements."""


def compare_problem(operator: str, left: Type, right: Type) -> str | None:
    """Why `left operator right` makes no sense, or cannot be told exactly; None when it is fine.

    Comparing with None is always fine. `==` between types that can never be equal is a mistake, not a constant.
    """
    if isinstance(left, NeverType) or isinstance(right, NeverType):
        return None
    if operator in ("in", "not in"):
        return _containment_problem(left, right)
    if operator in ("==", "!="):
        return _equality_problem(left, right)
    if orderable(left, right):
        return None
    return f"{_shown(left)} and {_shown(right)} have no order: {operator} is not defined between them"


def orderable(left: Type, right: Type | None = None) -> bool:
    """Whether `<` is defined between every two values of the types (of one type alone: among its own values)."""
    right = left if right is None else right
    return all(_ordered(a, b, nested=False) for a in members(widen(left)) for b in members(widen(right)))


def _ordered(left: Type, right: Type, *, nested: bool) -> bool:
    match left, right:
        case (NeverType(), _) | (_, NeverType()) | (StrType(), StrType()):
            return True
        case BoolType() | IntType() | FloatType(), BoolType() | IntType() | FloatType():
            return True
        case DateTimeType(what=what), DateTimeType(what=other):
            # Times of day may carry an offset, which the order of their texts does not see.
            return what == other and not (nested and what == "time")
        case ListType(item=one), ListType(item=other_item):
            return _inner(one, other_item)
        case TupleType(items=ours), TupleType(items=theirs):
            return all(map(_inner, ours, theirs))
        case _:
            return False


def _inner(left: Type, right: Type) -> bool:
    return all(_ordered(a, b, nested=True) for a in members(widen(left)) for b in members(widen(right)))


# --- equality ---------------------------------------------------------------------------------------------------


def equality(left: Type, right: Type) -> Verdict:
    """Whether `==` between the two types can be true, and can be told from the JSON values."""
    if isinstance(left, UnionType) or isinstance(right, UnionType):
        verdicts = {equality(a, b) for a in members(left) for b in members(right)}
        return "confused" if "confused" in verdicts else "possible" if "possible" in verdicts else "never"
    if isinstance(left, NeverType) or isinstance(right, NeverType):
        return "possible"
    if isinstance(left, AnyType) or isinstance(right, AnyType):
        return _any_equality(left if isinstance(right, AnyType) else right)
    match left, right:
        case ListType(item=one), ListType(item=other):
            return "confused" if equality(one, other) == "confused" else "possible"
        case DictType(value=one), DictType(value=other):
            return "confused" if equality(one, other) == "confused" else "possible"
        case TupleType(items=ours), TupleType(items=theirs):
            return _tuple_equality(ours, theirs)
        case DateTimeType(what="time"), DateTimeType(what="time"):
            # Equal times of day may be written with different offsets; alone they are compared as times.
            return "confused"
        case (ModelType() | DateTimeType(), _) | (_, ModelType() | DateTimeType()):
            return "possible" if left == right else _unlike(left, right)
        case BytesType(), BytesType():
            return "possible"
        case _:
            return _value_equality(left, right)


def _value_equality(left: Type, right: Type) -> Verdict:
    if isinstance(left, EnumType) and isinstance(right, EnumType) and left.name == right.name:
        return "possible" if set(left.members) & set(right.members) else "never"
    if _opaque(left) or _opaque(right):
        return _unlike(left, right)
    ours, theirs = _values(left), _values(right)
    if ours is not None and theirs is not None:
        return "possible" if any(a == b for a in ours for b in theirs) else "never"
    shared = _json_kinds(left) & _json_kinds(right)
    if shared & {"array", "object"}:
        return "confused"
    return "possible" if shared else "never"


def _any_equality(other: Type) -> Verdict:
    """A value of type Any is plain JSON data in Python too."""
    match other:
        case TupleType() | ModelType() | DateTimeType() | BytesType() | ErrorType():
            return "confused"
        case EnumType(text=False):
            return "confused"
        case ListType(item=item) | DictType(value=item):
            return "possible" if equality(AnyType(), item) == "possible" else "confused"
        case _:
            return "possible"


def _tuple_equality(ours: tuple[Type, ...], theirs: tuple[Type, ...]) -> Verdict:
    if len(ours) != len(theirs):
        return "never"
    verdicts = set(map(equality, ours, theirs))
    return "confused" if "confused" in verdicts else "never" if "never" in verdicts else "possible"


def _unlike(left: Type, right: Type) -> Verdict:
    """Never equal in Python; whether their JSON values could be is a matter of their JSON kinds."""
    return "confused" if _json_kinds(left) & _json_kinds(right) else "never"


def _opaque(of: Type) -> bool:
    """Equal to itself only: an enum that is no string or number, a caught error, bytes."""
    return isinstance(of, ErrorType | BytesType) or (isinstance(of, EnumType) and not of.text)


def _values(of: Type) -> tuple[str | int | bool, ...] | None:
    match of:
        case LiteralType(values=values):
            return values
        case EnumType(members=named):
            return tuple(value for _, value in named)
        case _:
            return None


def _json_kinds(of: Type) -> frozenset[str]:
    """Booleans count as numbers: true == 1."""
    match of:
        case NullType():
            return frozenset({"null"})
        case BoolType() | IntType() | FloatType():
            return frozenset({"number"})
        case StrType() | BytesType() | DateTimeType():
            return frozenset({"string"})
        case ListType() | TupleType():
            return frozenset({"array"})
        case DictType() | ModelType() | ErrorType():
            return frozenset({"object"})
        case _:
            return frozenset("string" if isinstance(value, str) else "number" for value in _values(of) or ())


def _equality_problem(left: Type, right: Type) -> str | None:
    if isinstance(left, NullType) or isinstance(right, NullType) or left == right == DateTimeType("time"):
        return None
    match equality(left, right):
        case "possible":
            return None
        case "confused":
            return _confusion(left, right)
        case "never":
            return f"{_shown(left)} and {_shown(right)} are never equal{_suggestion(left, right)}"


def _shown(of: Type) -> str:
    """The type; a single constant as itself."""
    return repr(of.values[0]) if isinstance(of, LiteralType) and len(of.values) == 1 else show(of)


def _confusion(left: Type, right: Type) -> str:
    """Why an equality cannot be told from the JSON values."""
    for given in (left, right):
        for member in members(given):
            if isinstance(member, EnumType) and not member.text:
                name = f"{member.name}.{member.members[0][0]}"
                return f"{_shown(left)} and {_shown(right)} cannot be compared: compare an enum with members, as {name}"
    return f"{_shown(left)} and {_shown(right)} cannot be compared: unlike values may look alike once they are JSON"


def _suggestion(left: Type, right: Type) -> str:
    for known, given in ((left, right), (right, left)):
        if isinstance(given, LiteralType) and len(given.values) == 1 and isinstance(given.values[0], str):
            candidates = [v for m in members(known) for v in _values(m) or () if isinstance(v, str)]
            close = difflib.get_close_matches(given.values[0], candidates, 1)
            if close:
                return f"; did you mean {close[0]!r}?"
    return ""


def _containment_problem(left: Type, right: Type) -> str | None:
    for container in members(right):
        inner = None if isinstance(container, AnyType) else iteration_type(container)
        if inner is None:
            return f"`in` needs a list, tuple, dict or str on its right, not {_shown(right)}"
        by_text = isinstance(container, DictType) or not isinstance(container, ListType | TupleType)
        if by_text:
            if not all(isinstance(member, StrType | NeverType) for member in members(widen(left))):
                what = "keys of a dict" if isinstance(container, DictType) else "parts of a str"
                return f"the {what} are str, never {_shown(left)}"
        elif inner != NeverType():
            problem = _equality_problem(left, inner)
            if problem is not None or (isinstance(left, NullType) and equality(left, inner) == "never"):
                return problem or f"None is never in {_shown(right)}"
    return None
