"""Comparisons: equality across Python's numbers and booleans, order by code point, membership."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from skyloom.deployers.aws.expr_arithmetic import numeric
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    FALSE,
    TRUE,
    Code,
    block,
    both,
    call,
    choice,
    either,
    element,
    function,
    infix,
    negation,
)
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, element_type, kinds
from skyloom.flows.expr.nodes import Call, Compare, Expr
from skyloom.flows.expr.types import (
    AnyType,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    TupleType,
    Type,
    members,
)

_MIXED = "inside lists and dicts, True and 1 are equal in Python and unlike on AWS"
_SCALARS = frozenset({"null", "boolean", "number", "string"})
_TIMES = "times of day may carry offsets, which only Python's datetime knows to compare"


def compare(writer: Writer, expr: Compare) -> Code:
    """Any comparison."""
    match expr.operator:
        case "==" | "!=":
            return equal(writer, expr, expr.left, expr.right, negated=expr.operator == "!=")
        case "in" | "not in":
            found = contained(writer, expr)
            return negation(found) if expr.operator == "not in" else found
        case "<" | "<=" | ">" | ">=":
            return _order(writer, expr)
        case _:
            assert_never(expr.operator)


# --- equality ---------------------------------------------------------------------------------------------------


def equal(writer: Writer, place: Expr, left: Expr, right: Expr, *, negated: bool = False) -> Code:
    """`left == right`."""
    return equal_codes(writer, place, (writer.code(left), left.type), (writer.code(right), right.type), negated=negated)


def equal_codes(
    writer: Writer, place: Expr, left: tuple[Code, Type], right: tuple[Code, Type], *, negated: bool = False
) -> Code:
    """Equality of two codes of known types."""
    (one, ours), (other, theirs) = left, right
    operator = "!=" if negated else "="
    if {type(m) for m in (*members(ours), *members(theirs))} == {DateTimeType} and "time" in {
        m.what for m in members(ours) if isinstance(m, DateTimeType)
    }:
        raise cannot(place, _TIMES)
    if not comparable(ours, theirs):
        raise cannot(place, _MIXED)
    if not _mixes(kinds(ours), kinds(theirs)):
        return infix(operator, one, other, COMPARISON)
    return writer.let(
        [("left", one), ("right", other)],
        lambda _, a, b: infix(operator, _as_number(a, ours), _as_number(b, theirs), COMPARISON),
    )


def _as_number(code: Code, of: Type) -> Code:
    """The value, a number where it is a boolean."""
    found = kinds(of)
    if "boolean" not in found:
        return code
    if code.text in ("true", "false"):
        return Code("1" if code.text == "true" else "0")
    if found <= BOOLEAN | NUMBER:
        return call("number", code)
    return choice(infix("=", call("type", code), Code("'boolean'"), COMPARISON), call("number", code), code)


def _mixes(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return ("boolean" in ours and "number" in theirs) or ("number" in ours and "boolean" in theirs)


def comparable(left: Type, right: Type) -> bool:
    """Whether equality inside the values is JSONata's equality: no boolean can meet a number there, no list an
    object."""
    ours, theirs = kinds(left), kinds(right)
    if ("array" in ours and "object" in theirs) or ("object" in ours and "array" in theirs):
        return False
    pairs = [(a, b) for a in members(left) for b in members(right) if kinds(a) & kinds(b) & {"array", "object"}]
    return all(_alike_inside(a, b) for a, b in pairs)


def _alike_inside(left: Type, right: Type) -> bool:
    match left, right:
        case TupleType(items=ours), TupleType(items=theirs):
            return len(ours) != len(theirs) or all(map(_alike, ours, theirs))
        case DictType(value=one), DictType(value=other):
            return _alike(one, other)
        case (ListType() | TupleType(), ListType() | TupleType()):
            return all(_alike(a, b) for a in _items(left) for b in _items(right))
        case (AnyType(), _) | (_, AnyType()):
            return False
        case _:
            return left == right


def _alike(left: Type, right: Type) -> bool:
    return not _mixes(kinds(left), kinds(right)) and comparable(left, right)


def _items(of: Type) -> Iterator[Type]:
    yield from of.items if isinstance(of, TupleType) else (element_type(of),)


# --- order ------------------------------------------------------------------------------------------------------


def _order(writer: Writer, expr: Compare) -> Code:
    one, other = expr.left.type, expr.right.type
    if not isinstance(one, TupleType):
        sides = writer.code(expr.left), writer.code(expr.right)
        return ordered(writer, expr, expr.operator, (sides[0], one), (sides[1], other))
    # Each part is taken out of the tuples by itself.
    return writer.let(
        [("left", expr.left), ("right", expr.right)],
        lambda w, a, b: ordered(w, expr, expr.operator, (a, one), (b, other)),
    )


def ordered(
    writer: Writer,
    place: Expr,
    operator: str,
    left: tuple[Code, Type],
    right: tuple[Code, Type],
    key: str | None = None,
) -> Code:
    """`left operator right` for simple codes that are numbers, texts, moments, or tuples of these. `key` is a variable
    that holds a `sort_key`."""
    (one, ours), (other, theirs) = left, right
    if isinstance(ours, TupleType) and isinstance(theirs, TupleType) and len(ours.items) == len(theirs.items):
        parts = enumerate(zip(ours.items, theirs.items, strict=True))
        pairs = [((element(one, str(i)), a), (element(other, str(i)), b)) for i, (a, b) in parts]
        return lexical(writer, place, operator, pairs, key)
    found = kinds(ours) | kinds(theirs)
    if found <= NUMBER | BOOLEAN:
        return infix(operator, numeric(one, ours), numeric(other, theirs), COMPARISON)
    if found != STRING:
        raise cannot(place, "lists are compared by Python only; compare their elements, or tuples")
    if any(isinstance(member, DateTimeType) and member.what == "time" for member in members(ours)):
        raise cannot(place, _TIMES)
    if _plain_order(ours) or _plain_order(theirs):
        return infix(operator, one, other, COMPARISON)
    if key is not None:
        return infix(operator, Code(f"{key}({one.text})"), Code(f"{key}({other.text})"), COMPARISON)
    writer, key = writer.fresh("key")
    return block([f"{key} := {sort_key(writer)}"], ordered(writer, place, operator, left, right, key))


def needs_key(of: Type) -> bool:
    """Whether ordering values of the type takes a `sort_key`."""
    if isinstance(of, TupleType):
        return any(map(needs_key, of.items))
    return kinds(of) == STRING and not _plain_order(of)


def _plain_order(of: Type) -> bool:
    """Whether comparing with such a text gives the same by UTF-16 units as by code points: it has none from the
    surrogates on, as moments and most constants."""
    return all(_low_values(member) for member in members(of))


def _low_values(of: Type) -> bool:
    match of:
        case DateTimeType():
            return True
        case LiteralType(values=values):
            return all(isinstance(value, str) and _is_low(value) for value in values)
        case EnumType(members=named):
            return all(isinstance(value, str) and _is_low(value) for _, value in named)
        case _:
            return False


def _is_low(text: str) -> bool:
    return all(ord(character) < 0xD800 for character in text)


def sort_key(writer: Writer) -> str:
    """A function that gives for a text another one, whose order by UTF-16 units is the order by code points."""
    writer, text = writer.fresh("text")
    _, found = writer.fresh("found")
    replaced = f"$replace($encodeUrlComponent({found}.match), '%', '\\u0080')"
    return function([text], Code(f"$replace({text}, /[^\\x00-\\x7f]+/, {function([found], Code(replaced))})"))


def lexical(
    writer: Writer, place: Expr, operator: str, pairs: Sequence[tuple[tuple[Code, Type], ...]], key: str | None
) -> Code:
    """The order of two tuples, given as pairs of their parts: that of the first parts that differ."""
    if not pairs:
        return TRUE if operator.endswith("=") else FALSE
    (left, right), *rest = pairs
    if not rest:
        return ordered(writer, place, operator, left, right, key)
    first = ordered(writer, place, operator[0], left, right, key)
    same = equal_codes(writer, place, left, right)
    return either(first, both(same, lexical(writer, place, operator, rest, key)))


# --- membership -------------------------------------------------------------------------------------------------


def contained(writer: Writer, expr: Compare) -> Code:
    """`left in right`."""
    container, value = expr.right, expr.left
    if kinds(container.type) == STRING:
        return call("contains", writer.code(container), writer.code(value))
    entries = container.arguments[0] if isinstance(container, Call) and container.function == "dict.keys" else container
    if all(isinstance(member, DictType) for member in members(entries.type)):
        return infix("in", writer.code(value), call("keys", writer.code(entries)), COMPARISON)
    if kinds(container.type) != {"array"}:
        raise cannot(expr, "whether this is a list, a dict or a text shows only at run time")
    inner = element_type(container.type)
    wanted_kinds, held_kinds = kinds(value.type), kinds(inner)
    if wanted_kinds <= _SCALARS and not _mixes(wanted_kinds, held_kinds):
        return infix("in", writer.code(value), elements(writer, container), COMPARISON)

    def body(inside: Writer, wanted: Code) -> Code:
        array_ = elements(inside, container)
        deep, item = inside.fresh("item")
        test = equal_codes(deep, expr, (Code(item, simple=True), inner), (wanted, value.type))
        return call("exists", call("filter", array_, function([item], test)))

    return writer.let([("wanted", value)], body)
