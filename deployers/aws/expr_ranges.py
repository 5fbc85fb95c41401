"""Integers beyond 2^53: JSONata's numbers are floats, which are not exact any more from there on, and Python's are.

What a number can be follows from the expression and from tests that led to it. Where it may leave the exact integers,
a test says whether it does.
"""

from __future__ import annotations

import math

from skyloom.deployers.aws.expr_arithmetic import numeric, numeric_code
from skyloom.deployers.aws.expr_code import COMPARISON, Code, call, function, infix, number
from skyloom.deployers.aws.expr_facts import NOTHING, Facts, bound
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import keyword
from skyloom.deployers.expressions.kinds import element_type, is_int, kinds
from skyloom.deployers.expressions.ranges import (
    LARGEST,
    MOST_ELEMENTS,
    NUMBERS,
    Known,
    Range,
    computed,
    either_range,
    reach,
)
from skyloom.flows.expr.nodes import Binary, Bind, Call, Expr, Generator, Unpack


def overflow(writer: Writer, expr: Expr, known: Facts) -> Code | None:
    """Whether the integer that the node gives is beyond the exact ones; None where it cannot be."""
    ranges = _by_facts(writer, known)
    match expr:
        case Binary(operator="+" | "-" | "*" | "**") if is_int(expr.type):
            return _beyond(writer, expr, reach(expr, ranges))
        case Binary(operator="*" | "+" | "-"):
            found = reach(expr, ranges)
            if (
                found.most == math.inf
                and computed(expr.left, ranges).most < math.inf > computed(expr.right, ranges).most
            ):
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
            found = either_range([computed(bound_, _by_facts(inside, known)) for bound_ in given[:2]])
            found = Range(min(found.low, 0), found.high)
        case Unpack(targets=(Bind(name=name), *_)), Call(function="enumerate", arguments=(_,)):
            found = Range(0, MOST_ELEMENTS)
        case _:
            return NOTHING
    text = inside.name(name).text
    return frozenset({f"{text} >= {int(found.low)}", f"{text} <= {int(found.high)}"})


def _by_facts(writer: Writer, known: Facts) -> Known:
    def look(expr: Expr) -> Range:
        if not known or kinds(expr.type) - {"number"}:
            return NUMBERS
        low, high = bound(writer.code(expr).text, known)
        # Bounds are those of integers: `x < 5` says 4.
        return Range(low, high) if is_int(expr.type) else Range(low - 1, high + 1)

    return look
