"""What is known where an expression is reached: behind `if xs:`, `xs[0]` does not fail."""

from __future__ import annotations

import math
from collections.abc import Iterable

from skyloom.deployers.gcp.expr_code import OPPOSITE, Code, negation
from skyloom.deployers.gcp.expr_truth import test
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr, Logic, Truth, Unary

Facts = tuple[Code, ...]
"""Booleans that are true."""


def facts(writer: Writer, expr: Expr, *, holds: bool) -> Facts:
    """What follows from the test `expr` being true, or false."""
    match expr:
        case Unary(operator="not", operand=operand):
            return facts(writer, operand, holds=not holds)
        case Truth(operand=Logic() as inner):
            return facts(writer, inner, holds=holds)
        case Logic(operator=operator, operands=operands):
            if (operator == "and") != holds:
                return ()
            return tuple(fact for operand in operands for fact in facts(writer, operand, holds=holds))
        case _:
            try:
                code = test(writer, expr)
            except CannotEmit:
                return ()
            return (code if holds else negation(code),)


def excluded(test_: Code, known: Iterable[Code]) -> bool:
    """Whether what is known says that the test is false."""
    return any(_exclude(fact, test_) for fact in known)


def _exclude(fact: Code, other: Code) -> bool:
    """Whether not both can be true."""
    if negation(fact).text == other.text or fact.text == negation(other).text:
        return True
    if fact.compared is None or other.compared is None or fact.compared[0] != other.compared[0]:
        return False
    (_, operator, bound), (_, other_operator, other_bound) = fact.compared, other.compared
    if bound == other_bound:
        return OPPOSITE[operator] == other_operator or _disjoint(operator, 0, other_operator, 0)
    try:
        return _disjoint(operator, int(bound), other_operator, int(other_bound))
    except ValueError:
        return False


def _disjoint(operator: str, bound: int, other_operator: str, other_bound: int) -> bool:
    """Whether no number compares like this with both bounds."""
    if "!=" in (operator, other_operator):
        return {operator, other_operator} == {"==", "!="} and bound == other_bound
    low, high = _interval(operator, bound)
    other_low, other_high = _interval(other_operator, other_bound)
    return max(low, other_low) > min(high, other_high)


def _interval(operator: str, bound: int) -> tuple[float, float]:
    """The numbers that compare like this, as closed as floats allow."""
    return {
        "==": (bound, bound),
        "<": (-math.inf, math.nextafter(bound, -math.inf)),
        "<=": (-math.inf, bound),
        ">": (math.nextafter(bound, math.inf), math.inf),
        ">=": (bound, math.inf),
    }[operator]
