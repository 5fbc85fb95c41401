"""Items, parts and displays of lists, dicts and texts."""

from __future__ import annotations

from skyloom.deployers.expressions.constants import constant, text_of
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, kinds
from skyloom.deployers.gcp.expr_code import (
    COMPARISON,
    SUM,
    Code,
    call,
    choice,
    element,
    infix,
    is_sayable,
    member,
    number,
)
from skyloom.deployers.gcp.expr_numbers import is_natural, numeric
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Array, Binary, Expr, Item, Slice, Spread
from skyloom.flows.expr.types import AnyType, DictType, ListType, TupleType, members

_UNSURE = "whether this is a list, a dict or a text shows only at run time"
_INDEX = "whether this is an index or a key shows only at run time"


def field(writer: Writer, expr: Expr, of: Expr, name: str) -> Code:
    """`object.name`."""
    if not is_sayable(name):
        raise cannot(expr, f"Google documents no way to write the key {name!r}")
    return member(writer.code(of), name)


def item(writer: Writer, expr: Item) -> Code:
    """`object[index]`, where it is there."""
    of, index = expr.object, expr.index
    if is_dict(of):
        known = text_of(index)
        return element(writer.code(of), writer.code(index)) if known is None else field(writer, expr, of, known)
    if may_be_dict(of) and kinds(index.type) == STRING:
        return call("map.get", writer.code(of), writer.code(index))
    if not kinds(index.type) <= NUMBER | BOOLEAN:
        raise cannot(expr, _INDEX)
    if kinds(of.type) == STRING:
        place = position(writer, of, index)
        return call("text.substring", writer.code(of), place, plus_one(place))
    if kinds(of.type) != {"array"}:
        raise cannot(expr, _UNSURE)
    return element(writer.code(of), position(writer, of, index))


def is_dict(of: Expr) -> bool:
    """Whether the value is a dict for certain."""
    return all(isinstance(m, DictType) for m in members(of.type))


def may_be_dict(of: Expr) -> bool:
    """Whether the value is a dict, or may be one: of others `map.get` gives null, as for a key that is not there."""
    return all(isinstance(m, DictType | AnyType) for m in members(of.type))


def position(writer: Writer, of: Expr, index: Expr) -> Code:
    """The place that an index means, counted from the front."""
    known = constant(index)
    if known is not None and known < 0:
        return _from_end(writer, of, -known)
    code = numeric(writer, index)
    if is_natural(index):
        return code
    return choice(infix("<", code, number(0), COMPARISON), infix("+", size(writer, of), code, SUM), code)


def _from_end(writer: Writer, of: Expr, distance: int) -> Code:
    if isinstance(of.type, TupleType):
        return number(len(of.type.items) - distance)
    return infix("-", size(writer, of), number(distance), SUM)


def size(writer: Writer, of: Expr) -> Code:
    """How many elements there are."""
    return number(len(of.type.items)) if isinstance(of.type, TupleType) else call("len", writer.code(of))


def plus_one(place: Code) -> Code:
    """The place behind."""
    if place.text.isdecimal():
        return number(int(place.text) + 1)
    return infix("+", place, number(1), SUM)


# --- parts --------------------------------------------------------------------------------------------------------


def part(writer: Writer, expr: Slice) -> Code:
    """`text[start:stop]`."""
    of = expr.object
    if kinds(of.type) != STRING:
        raise cannot(expr, "Workflows takes no parts of lists")
    if expr.step is not None and constant(expr.step) != 1:
        raise cannot(expr, "only parts of texts without a step are known to Workflows")
    length = size(writer, of)
    begin = number(0) if expr.start is None else _clamped(writer, expr.start, length)
    end = length if expr.stop is None else _clamped(writer, expr.stop, length)
    if begin.text != "0" and end.text != length.text:
        end = call("math.max", begin, end)
    return call("text.substring", writer.code(of), begin, end)


def _clamped(writer: Writer, bound: Expr, length: Code) -> Code:
    """A bound of a part, from 0 to the length. A variable one is not negative: a guard has asked."""
    known = constant(bound)
    if known == 0:
        return number(0)
    if known is not None and known < 0:
        return call("math.max", number(0), infix("-", length, number(-known), SUM))
    return call("math.min", numeric(writer, bound), length)


# --- lists that get longer ----------------------------------------------------------------------------------------


def extended(writer: Writer, expr: Binary) -> Code:
    """`values + [more]`, `[first] + values`."""
    left, right = expr.left, expr.right
    if isinstance(right, Array) and _is_list(left):
        return _appended(writer, expr, writer.code(left), right.items)
    if isinstance(left, Array) and _is_list(right):
        return _prepended(writer, expr, left.items, writer.code(right))
    raise cannot(expr, "Workflows joins no lists")


def display(writer: Writer, expr: Array) -> Code:
    """`[first, *values, more]`; displays without a list in them do not stand inside of expressions."""
    places = [place for place, value in enumerate(expr.items) if isinstance(value, Spread)]
    if len(places) != 1:
        raise cannot(expr, "Workflows joins no lists" if places else "lists are written outside of expressions")
    (place,) = places
    spread = expr.items[place]
    assert isinstance(spread, Spread)
    if not _is_list(spread.value):
        raise cannot(expr, "only the elements of a list are taken into another one")
    result = _prepended(writer, expr, expr.items[:place], writer.code(spread.value))
    return _appended(writer, expr, result, expr.items[place + 1 :])


def _prepended(writer: Writer, place: Expr, first: tuple[Expr, ...], values: Code) -> Code:
    for value in reversed(first):
        values = call("list.prepend", values, _single(writer, place, value))
    return values


def _appended(writer: Writer, place: Expr, values: Code, more: tuple[Expr, ...]) -> Code:
    for value in more:
        values = call("list.concat", values, _single(writer, place, value))
    return values


def _single(writer: Writer, place: Expr, value: Expr) -> Code:
    if isinstance(value, Spread):
        raise cannot(place, "Workflows joins no lists")
    return writer.code(value)


def _is_list(values: Expr) -> bool:
    return all(isinstance(m, ListType) for m in members(values.type))
