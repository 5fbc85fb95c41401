"""Integers beyond 2^53: JSONata's numbers are floats, which are not exact any more from there on, and Python's are.

What a number can be follows from the expression and from tests that led to it. Where it may leave the exact integers,
a test says whether it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from skyloom.deployers.aws.expr_arithmetic import numeric, numeric_code
from skyloom.deployers.aws.expr_code import COMPARISON, Code, call, function, infix, number
from skyloom.deployers.aws.expr_facts import NOTHING, Facts, bound
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant, keyword
from skyloom.deployers.expressions.kinds import element_type, is_int, kinds
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Comprehension,
    Conditional,
    Expr,
    Generator,
    Literal,
    Spread,
    Unary,
    Unpack,
)
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import BoolType, EnumType, IntType, LiteralType, Type, members

LARGEST = 2**53
"""The largest integer of the language."""
MOST_ELEMENTS = 2**24
"""More elements or characters than any value of Step Functions has: all variables together hold 10 MiB."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high`, both included."""

    low: float
    high: float

    @property
    def most(self) -> float:
        """The largest magnitude."""
        return max(abs(self.low), abs(self.high))

    @property
    def is_exact(self) -> bool:
        """Whether all integers in it are exact."""
        return self.most <= LARGEST

    def within(self, other: Range) -> Range:
        """The numbers that are in both."""
        return Range(max(self.low, other.low), min(self.high, other.high))


INTEGERS = Range(-LARGEST, LARGEST)
"""The integers of the language."""
NUMBERS = Range(-math.inf, math.inf)

Known = Callable[[Expr], Range]
"""What is known of a variable, or of any other expression, beside what its form tells."""


def overflow(writer: Writer, expr: Expr, known: Facts) -> Code | None:
    """Whether the integer that the node gives is beyond the exact ones; None where it cannot be."""
    ranges = _by_facts(writer, known)
    match expr:
        case Binary(operator="+" | "-" | "*" | "**") if is_int(expr.type):
            return _beyond(writer, expr, reach(expr, ranges))
        case Binary(operator="*" | "+" | "-"):
            found = reach(expr, ranges)
            if found.most == math.inf and _of(expr.left, ranges).most < math.inf > _of(expr.right, ranges).most:
                raise cannot(expr, "the number is beyond the largest float")
            return None
        case Call(function="int" | "round" | "math.ceil" | "math.floor" | "math.trunc") if is_int(expr.type):
            value = [*expr.arguments, *(k.value for k in expr.keywords)][:1]
            if not value or kinds(value[0].type) - {"number", "boolean"} or reach(expr, ranges).is_exact:
                return None
            return _outside(numeric_code(writer, value[0]), reach(expr, ranges))
        case Call(function="sum") if is_int(expr.type) and not reach(expr, ranges).is_exact:
            return _sum_beyond(writer, expr)
        case _:
            return None


def _beyond(writer: Writer, expr: Expr, found: Range) -> Code | None:
    return None if found.is_exact else _outside(writer.code(expr), found)


def _outside(value: Code, found: Range) -> Code:
    """Whether a number is not exact, where it can only be so on the sides on which its range is too large."""
    if found.high <= LARGEST:
        return infix("<=", value, number(-LARGEST), COMPARISON)
    if found.low >= -LARGEST:
        return infix(">=", value, number(LARGEST), COMPARISON)
    return infix(">=", call("abs", value), number(LARGEST), COMPARISON)


def _sum_beyond(writer: Writer, expr: Call) -> Code:
    """Whether a sum might leave the exact integers on its way: if the magnitudes do."""
    values = expr.arguments[0]
    of = element_type(values.type)
    _, item = writer.fresh("item")
    magnitude = call("abs", numeric(Code(item, simple=True), of))
    total = call("sum", Code(f"[{call('map', elements(writer, values), function([item], magnitude)).text}]"))
    start = keyword(expr, "start", 1)
    if start is not None:
        total = infix("+", call("abs", numeric_code(writer, start)), total, 50)
    return infix(">=", total, number(LARGEST), COMPARISON)


def counted(inside: Writer, generator: Generator, known: Facts) -> Facts:
    """What is known of the number that a comprehension counts with: `start` of `for start in range(len(xs))`."""
    match generator.target, generator.items:
        case Bind(name=name), Call(function="range", arguments=given):
            found = _either([_of(bound_, _by_facts(inside, known)) for bound_ in given[:2]])
            found = Range(min(found.low, 0), found.high)
        case Unpack(targets=(Bind(name=name), *_)), Call(function="enumerate", arguments=(_,)):
            found = Range(0, MOST_ELEMENTS)
        case _:
            return NOTHING
    text = inside.name(name).text
    return frozenset({f"{text} >= {int(found.low)}", f"{text} <= {int(found.high)}"})


# --- ranges -------------------------------------------------------------------------------------------------------


def _by_facts(writer: Writer, known: Facts) -> Known:
    def look(expr: Expr) -> Range:
        if not known or kinds(expr.type) - {"number"}:
            return NUMBERS
        low, high = bound(writer.code(expr).text, known)
        # Bounds are those of integers: `x < 5` says 4.
        return Range(low, high) if is_int(expr.type) else Range(low - 1, high + 1)

    return look


def _of(expr: Expr, known: Known) -> Range:
    """The range of a number that has been computed: an integer beyond the exact ones has been sorted out before."""
    found = reach(expr, known)
    return found.within(INTEGERS) if is_int(expr.type) else found


def reach(expr: Expr, known: Known) -> Range:
    """The numbers that a node may give, integers that are not exact among them."""
    found = _by_form(expr, known)
    if isinstance(expr, Literal | Binary | Call | Conditional):
        return found
    return found.within(known(expr))


def _by_form(expr: Expr, known: Known) -> Range:
    match expr:
        case Literal(value=bool() | int() | float() as value):
            return Range(float(value), float(value)) if isinstance(value, float) else Range(int(value), int(value))
        case Unary(operator="-", operand=operand):
            of = _of(operand, known)
            return Range(-of.high, -of.low)
        case Binary() if kinds(expr.type) == {"number"}:
            return _arithmetic(expr, known)
        case Conditional(body=body, orelse=orelse):
            return _either([_of(body, known), _of(orelse, known)])
        case Call():
            return _builtin(expr, known)
        case _:
            return _by_type(expr.type)


def _by_type(of: Type) -> Range:
    ranges = []
    for member in members(of):
        match member:
            case BoolType():
                ranges.append(Range(0, 1))
            case LiteralType(values=values):
                ranges += [Range(v, v) for v in values if isinstance(v, int)]
            case EnumType(members=named):
                ranges += [Range(v, v) for _, v in named if isinstance(v, int)]
            case _:
                ranges.append(INTEGERS if isinstance(widen(member), IntType) else NUMBERS)
    return _either(ranges) if ranges else NUMBERS


def _either(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range(min(one.low for one in found), max(one.high for one in found))


def _arithmetic(expr: Binary, known: Known) -> Range:
    left, right = _of(expr.left, known), _of(expr.right, known)
    match expr.operator:
        case "+":
            return Range(left.low + right.low, left.high + right.high)
        case "-":
            return Range(left.low - right.high, left.high - right.low)
        case "*":
            return _product(left, right)
        case "**":
            exponent = constant(expr.right)
            most = NUMBERS.high if exponent is None or left.most == math.inf else left.most ** max(exponent, 0)
            return Range(-most, most)
        case "//" | "/":
            # Of an integer divisor, which is at least one.
            most = left.most if is_int(expr.right.type) else math.inf
            return Range(-most, most)
        case "%":
            return Range(min(right.low, 0), max(right.high, 0))


def _product(left: Range, right: Range) -> Range:
    corners = [a * b if a and b else 0 for a in (left.low, left.high) for b in (right.low, right.high)]
    return Range(min(corners), max(corners))


def _builtin(expr: Call, known: Known) -> Range:
    given = expr.arguments
    match expr.function:
        case "len" | "str.count" | "list.count" | "str.find" | "str.index" | "str.rfind" | "list.index":
            return Range(-1, MOST_ELEMENTS)
        case "abs" | "math.fabs":
            return Range(0, _of(given[0], known).most)
        case "int" | "round" | "math.ceil" | "math.floor" | "math.trunc" | "float" | "seconds" if given:
            if kinds(given[0].type) - {"number", "boolean"}:
                return _by_type(expr.type)
            of = _of(given[0], known)
            return of if is_int(given[0].type) else Range(of.low - 1, of.high + 1)
        case "min" | "max" if len(given) > 1 and keyword(expr, "key") is None:
            ranges = [_of(argument, known) for argument in given]
            pick = min if expr.function == "min" else max
            return Range(pick(r.low for r in ranges), pick(r.high for r in ranges))
        case "sum":
            each, start = _elements(given[0], known), keyword(expr, "start", 1)
            first = _of(start, known) if start is not None else Range(0, 0)
            total = Range(min(each.low * MOST_ELEMENTS, 0), max(each.high * MOST_ELEMENTS, 0))
            return Range(first.low + total.low, first.high + total.high)
        case _:
            return _by_type(expr.type)


def _elements(values: Expr, known: Known) -> Range:
    """The range of what is iterated over."""
    match values:
        case Comprehension(key=None, element=element):
            return _of(element, known)
        case Array(items=items) if items and not any(isinstance(item, Spread) for item in items):
            return _either(_of(item, known) for item in items)
        case _:
            return _by_type(element_type(values.type))
