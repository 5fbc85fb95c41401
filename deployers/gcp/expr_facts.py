"""What is known where an expression is reached: behind `if xs:`, `xs[0]` does not fail."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from skyloom.deployers.expressions.comparisons import disjoint
from skyloom.deployers.expressions.kinds import is_int, kinds
from skyloom.deployers.expressions.ranges import LARGEST, NUMBERS, Known, Range
from skyloom.deployers.gcp.expr_code import COMPARISON, OPPOSITE, SUM, Code, infix, negation, number
from skyloom.deployers.gcp.expr_numbers import numeric
from skyloom.deployers.gcp.expr_truth import test
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Compare, Expr, Logic, Truth, Unary

Facts = tuple[Code, ...]
"""Booleans that are true."""

_INTEGER = re.compile(r"\(?-?[0-9]+\)?")


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
            return (code if holds else negation(code), *_between_integers(writer, expr, holds=holds))


def _between_integers(writer: Writer, expr: Expr, *, holds: bool) -> Facts:
    """An integer that is smaller than another is not the largest, and the other one not the smallest."""
    match expr:
        case Compare(operator="<" | ">" | "<=" | ">=" as operator, left=left, right=right):
            if not (is_int(left.type) and is_int(right.type)) or (operator in ("<", ">")) != holds:
                return ()
            smaller, larger = (left, right) if operator in ("<", ">=") else (right, left)
            limit = number(LARGEST)
            return (
                infix("<", numeric(writer, smaller), limit, COMPARISON),
                infix(">", numeric(writer, larger), Code(f"-{limit.text}"), COMPARISON),
            )
        case _:
            return ()


def by_facts(writer: Writer, known: Facts) -> Known:
    """What is known of numbers."""

    def look(expr: Expr) -> Range:
        if not known or kinds(expr.type) - {"number"}:
            return NUMBERS
        try:
            found = _bounds(writer.code(expr).at(SUM), known)
        except CannotEmit:
            return NUMBERS
        # Bounds are those of integers: `x < 5` says 4.
        return found if is_int(expr.type) else Range(found.low - 1, found.high + 1)

    return look


def _bounds(text: str, known: Facts) -> Range:
    low, high = -math.inf, math.inf
    for fact in known:
        if fact.compared is None or fact.compared[0] != text or not _INTEGER.fullmatch(fact.compared[2]):
            continue
        value = int(fact.compared[2].strip("()"))
        low = max(low, {"==": value, ">=": value, ">": value + 1}.get(fact.compared[1], low))
        high = min(high, {"==": value, "<=": value, "<": value - 1}.get(fact.compared[1], high))
    return Range(low, high)


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
        return OPPOSITE[operator] == other_operator or disjoint(operator, 0, other_operator, 0)
    try:
        return disjoint(operator, int(bound.strip("()")), other_operator, int(other_bound.strip("()")))
    except ValueError:
        return False
