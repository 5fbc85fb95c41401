"""What can go wrong in one node by itself, once its parts have values: Python's errors, and values for which Google
does not document what Workflows does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skyloom.deployers.expressions.constants import constant, keyword, text_of
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.deployers.expressions.ranges import LARGEST, Known
from skyloom.deployers.gcp import expr_strings as strings
from skyloom.deployers.gcp.expr_code import COMPARISON, EMPTY, NULL, SUM, TRUE, Code, call, infix, negation, number
from skyloom.deployers.gcp.expr_comparing import occurs
from skyloom.deployers.gcp.expr_containers import is_dict, may_be_dict, size
from skyloom.deployers.gcp.expr_numbers import NOTHING, is_natural, numeric, too_large
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.nodes import Array, Binary, Call, Expr, Item, Slice
from skyloom.flows.expr.types import TupleType

Tests = list[Code]
Fails = Callable[[Writer, Call], Tests]


def own_failures(writer: Writer, expr: Expr, known: Known = NOTHING) -> Tests:
    """The tests of which one is true where the node fails; to be asked in order.

    Args:
        known: what is known of numbers.
    """
    match expr:
        case Item():
            return _item(writer, expr, known)
        case Slice():
            return _part(writer, expr, known)
        case Binary():
            return _binary(writer, expr, known)
        case Call(function=name):
            return FAILURES[name](writer, expr) if name in FAILURES else []
        case _:
            return []


def _item(writer: Writer, expr: Item, numbers: Known) -> Tests:
    of, index = expr.object, expr.index
    if is_dict(of):
        return [negation(infix("in", writer.code(index), writer.code(of), COMPARISON))]
    if may_be_dict(of) and kinds(index.type) == STRING:
        # Also where the value is null: too careful, but no dict can be told from what is none in another way.
        return [infix("==", call("map.get", writer.code(of), writer.code(index)), NULL, COMPARISON)]
    known = constant(index)
    if known is not None and (isinstance(of.type, TupleType) or (known in (0, -1) and _is_split(of))):
        return []
    tests = uncountable(writer, of, strings.ASCII) if kinds(of.type) == STRING else []
    length = size(writer, of)
    if known is not None:
        most = known if known >= 0 else -known - 1
        return [*tests, infix("<=" if most else "==", length, number(most), COMPARISON)]
    place = numeric(writer, index)
    tests.append(infix(">=", place, length, COMPARISON))
    if not is_natural(index, numbers):
        tests.append(infix("<", infix("+", place, length, SUM), number(0), COMPARISON))
    return tests


def _is_split(of: Expr) -> bool:
    """Whether there is one element at least: the parts of a text."""
    return isinstance(of, Call) and of.function == "str.split" and text_of(_separator(of)) != ""


def _separator(of: Call) -> Expr | None:
    return keyword(of, "sep", 1)


def _part(writer: Writer, expr: Slice, numbers: Known) -> Tests:
    bounds = [bound for bound in (expr.start, expr.stop) if bound is not None and constant(bound) is None]
    negative = [_below_zero(writer, bound) for bound in bounds if not is_natural(bound, numbers)]
    return [*uncountable(writer, expr.object, strings.ASCII), *negative]


def _below_zero(writer: Writer, value: Expr) -> Code:
    return infix("<", numeric(writer, value), number(0), COMPARISON)


def _binary(writer: Writer, expr: Binary, numbers: Known) -> Tests:
    if not kinds(expr.left.type) | kinds(expr.right.type) <= NUMBER | BOOLEAN:
        return []
    match expr.operator:
        case "//" | "%":
            return [*_zero(writer, expr), *_negatives(writer, expr, numbers)]
        case "/":
            return _zero(writer, expr)
        case _:
            return too_large(writer, expr, numbers)


def _zero(writer: Writer, expr: Binary) -> Tests:
    divisor = expr.right
    known = constant(divisor)
    if known is not None or text_of(divisor) is not None:
        return [] if known else [TRUE]
    match divisor:
        case Call(function="max", arguments=arguments) if any((constant(a) or 0) > 0 for a in arguments):
            return []
        case _:
            return [infix("==", numeric(writer, divisor), number(0), COMPARISON)]


def _negatives(writer: Writer, expr: Binary, numbers: Known) -> Tests:
    """Which way `//` and `%` of negative numbers go is not documented."""
    return [_below_zero(writer, side) for side in (expr.left, expr.right) if not is_natural(side, numbers)]


# --- texts --------------------------------------------------------------------------------------------------------


def uncountable(writer: Writer, text: Expr, odd: str) -> Tests:
    """Whether there are characters in the text that have to be left to Python."""
    known = text_of(text)
    if known is not None and known.isascii() and known.replace("\n", "").isprintable():
        return []
    match text:
        case Call(function="str", arguments=(value,)) if kinds(value.type) == NUMBER:
            return []
        case _:
            return [strings.has(writer.code(text), odd)]


def _no_other(odd: str, *places: int) -> Fails:
    """Texts at these places among the arguments have no odd characters."""

    def tests(writer: Writer, expr: Call) -> Tests:
        given = [expr.arguments[place] for place in places]
        texts = [text for one in given for text in (one.items if isinstance(one, Array) else (one,))]
        return [test for text in texts for test in uncountable(writer, text, odd)]

    return tests


def _length(writer: Writer, expr: Call) -> Tests:
    (value,) = expr.arguments
    return uncountable(writer, value, strings.COUNTED) if kinds(value.type) == STRING else []


def _empty(writer: Writer, text: Expr) -> Tests:
    known = text_of(text)
    if known is not None:
        return [] if known else [TRUE]
    return [infix("==", writer.code(text), EMPTY, COMPARISON)]


def _split(writer: Writer, expr: Call) -> Tests:
    given = (*expr.arguments, *(k.value for k in expr.keywords))
    return [test for text in given[:2] for test in _empty(writer, text)]


def _searched(writer: Writer, expr: Call) -> Tests:
    tests = [*_split(writer, expr), *_no_other(strings.COUNTED, 0, 1)(writer, expr)]
    if expr.function == "str.index":
        tests.append(negation(occurs(writer, expr.arguments[0], expr.arguments[1])))
    return tests if expr.function != "str.count" else _split(writer, expr)


def _replaced(writer: Writer, expr: Call) -> Tests:
    return _empty(writer, expr.arguments[1])


_INTEGER = "^(0|-?[1-9][0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?)$"
_FLOAT = "^-?(0|[1-9][0-9]*)([.][0-9]+)?$"


def _spelling(pattern: str) -> Fails:
    """Numbers as everybody writes them."""

    def tests(writer: Writer, expr: Call) -> Tests:
        (value,) = expr.arguments
        if kinds(value.type) != STRING:
            return []
        return [negation(strings.has(writer.code(value), pattern))]

    return tests


def _whole(writer: Writer, expr: Call) -> Tests:
    """Floats that become integers beyond 2^53."""
    (value,) = expr.arguments
    if kinds(value.type) == STRING:
        return _spelling(_INTEGER)(writer, expr)
    if not kinds(value.type) <= NUMBER or is_int(value.type):
        return []
    absolute = Code(f"math.abs({writer.code(value).text})")
    return [infix(">=", absolute, number(float(LARGEST)), COMPARISON)]


def _padded(writer: Writer, expr: Call) -> Tests:
    known = text_of(expr.arguments[2]) if len(expr.arguments) > 2 else " "
    if known is None or len(known) != 1:
        return [TRUE]
    return _no_other(strings.COUNTED, 0)(writer, expr)


def _formatted(writer: Writer, expr: Call) -> Tests:
    value = expr.arguments[0]
    return uncountable(writer, value, strings.COUNTED) if kinds(value.type) == STRING else []


FAILURES: Mapping[str, Fails] = {
    "float": _spelling(_FLOAT),
    "format": _formatted,
    "int": _whole,
    "len": _length,
    "math.ceil": _whole,
    "math.floor": _whole,
    "math.trunc": _whole,
    "str.capitalize": _no_other(strings.ASCII, 0),
    "str.count": _searched,
    "str.endswith": _no_other(strings.ASCII, 0, 1),
    "str.find": _searched,
    "str.index": _searched,
    "str.isalnum": _no_other(strings.ASCII, 0),
    "str.isalpha": _no_other(strings.ASCII, 0),
    "str.isdigit": _no_other(strings.ASCII, 0),
    "str.islower": _no_other(strings.ASCII, 0),
    "str.isspace": _no_other(strings.ASCII, 0),
    "str.isupper": _no_other(strings.ASCII, 0),
    "str.ljust": _padded,
    "str.lower": _no_other(strings.CASED, 0),
    "str.lstrip": _no_other(strings.ASCII, 0),
    "str.removeprefix": _no_other(strings.ASCII, 0, 1),
    "str.removesuffix": _no_other(strings.ASCII, 0, 1),
    "str.replace": _replaced,
    "str.rjust": _padded,
    "str.rstrip": _no_other(strings.ASCII, 0),
    "str.split": _split,
    "str.startswith": _no_other(strings.ASCII, 0, 1),
    "str.strip": _no_other(strings.ASCII, 0),
    "str.upper": _no_other(strings.CASED, 0),
}
"""Builtins of which not every value is safe."""
