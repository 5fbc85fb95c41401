"""How large the numbers of an expression can become, by its form, its types, and what is known of its variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from skyloom.deployers.expressions.constants import constant, keyword
from skyloom.deployers.expressions.kinds import element_type, is_int, kinds
from skyloom.flows.expr.nodes import Array, Binary, Call, Comprehension, Conditional, Expr, Literal, Spread, Unary
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import BoolType, EnumType, IntType, LiteralType, Type, members

LARGEST = 2**53
"""The largest integer of the language."""
MOST_ELEMENTS = 2**24
"""More elements or characters than any value has: all variables of a run hold 10 MiB on AWS, 512 KB on Google Cloud."""


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


def computed(expr: Expr, known: Known) -> Range:
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
            of = computed(operand, known)
            return Range(-of.high, -of.low)
        case Binary() if kinds(expr.type) == {"number"}:
            return _arithmetic(expr, known)
        case Conditional(body=body, orelse=orelse):
            return either_range([computed(body, known), computed(orelse, known)])
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
    return either_range(ranges) if ranges else NUMBERS


def either_range(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range(min(one.low for one in found), max(one.high for one in found))


def _arithmetic(expr: Binary, known: Known) -> Range:
    left, right = computed(expr.left, known), computed(expr.right, known)
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
            return Range(0 if left.low >= 0 else -most, most)
        case "//" | "/":
            # Of an integer divisor, which is at least one.
            most = left.most if is_int(expr.right.type) else math.inf
            return Range(0 if min(left.low, right.low) >= 0 else -most, most)
        case "%":
            return Range(min(right.low, 0), max(right.high, 0))


def _product(left: Range, right: Range) -> Range:
    corners = [a * b if a and b else 0 for a in (left.low, left.high) for b in (right.low, right.high)]
    return Range(min(corners), max(corners))


def _builtin(expr: Call, known: Known) -> Range:
    given = expr.arguments
    match expr.function:
        case "len" | "str.count" | "list.count" | "str.index" | "list.index":
            return Range(0, MOST_ELEMENTS)
        case "str.find" | "str.rfind":
            return Range(-1, MOST_ELEMENTS)
        case "abs" | "math.fabs":
            return Range(0, computed(given[0], known).most)
        case "int" | "round" | "math.ceil" | "math.floor" | "math.trunc" | "float" | "seconds" if given:
            if kinds(given[0].type) - {"number", "boolean"}:
                return _by_type(expr.type)
            of = computed(given[0], known)
            return of if is_int(given[0].type) else Range(of.low - 1, of.high + 1)
        case "min" | "max" if len(given) > 1 and keyword(expr, "key") is None:
            ranges = [computed(argument, known) for argument in given]
            pick = min if expr.function == "min" else max
            return Range(pick(r.low for r in ranges), pick(r.high for r in ranges))
        case "sum":
            each, start = _elements(given[0], known), keyword(expr, "start", 1)
            first = computed(start, known) if start is not None else Range(0, 0)
            total = Range(min(each.low * MOST_ELEMENTS, 0), max(each.high * MOST_ELEMENTS, 0))
            return Range(first.low + total.low, first.high + total.high)
        case _:
            return _by_type(expr.type)


def _elements(values: Expr, known: Known) -> Range:
    """The range of what is iterated over."""
    match values:
        case Comprehension(key=None, element=element):
            # Nothing is known of its own variables here.
            return computed(element, lambda _: NUMBERS)
        case Array(items=items) if items and not any(isinstance(item, Spread) for item in items):
            return either_range(computed(item, known) for item in items)
        case _:
            return _by_type(element_type(values.type))
