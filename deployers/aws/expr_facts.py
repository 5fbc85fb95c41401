"""What is known where a part of an expression is reached: `xs[0] if xs else None` never fails."""

from __future__ import annotations

import functools
import math
import re

from skyloom.deployers.aws.expr_code import OPPOSITE, Code, either
from skyloom.deployers.aws.expr_truth import test
from skyloom.deployers.aws.expr_writer import Writer
from skyloom.deployers.expressions.comparisons import disjoint
from skyloom.deployers.expressions.kinds import is_int
from skyloom.deployers.expressions.ranges import LARGEST
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Compare, Expr, Logic, Truth, Unary

Facts = frozenset[str]
"""Texts of booleans that are true."""

NOTHING: Facts = frozenset()

_INTEGER = re.compile(r"-?\d{1,16}")
_COMPARISON = re.compile(r"(?P<left>.*\S) (?P<operator>=|!=|<=|>=|<|>) (?P<right>\S.*)", re.DOTALL)


def facts(writer: Writer, expr: Expr, *, holds: bool) -> Facts:
    """What follows from the test `expr` being true, or false."""
    match expr:
        case Unary(operator="not", operand=operand):
            return facts(writer, operand, holds=not holds)
        case Truth(operand=Logic() as inner):
            return facts(writer, inner, holds=holds)
        case Logic(operator=operator, operands=operands):
            if (operator == "and") != holds:
                return NOTHING
            return NOTHING.union(*(facts(writer, operand, holds=holds) for operand in operands))
        case _:
            try:
                text = test(writer, expr).text
                return frozenset({text if holds else _negated(text)}) | _between_integers(writer, expr, holds=holds)
            except CannotEmit:
                return NOTHING


def _between_integers(writer: Writer, expr: Expr, *, holds: bool) -> Facts:
    """An integer that is smaller than another is not the largest, and the other one not the smallest."""
    match expr:
        case Compare(operator="<" | ">" | "<=" | ">=", left=left, right=right) if is_int(left.type) == is_int(
            right.type
        ):
            if not is_int(left.type) or (expr.operator in ("<", ">")) != holds:
                return NOTHING
            smaller, larger = (left, right) if expr.operator in ("<", ">=") else (right, left)
            texts = writer.code(smaller).text, writer.code(larger).text
            return frozenset({f"{texts[0]} < {LARGEST}", f"{texts[1]} > -{LARGEST}"})
        case _:
            return NOTHING


def _negated(text: str) -> str:
    found = compared(text)
    if found is None:
        return f"$not({text})"
    left, operator, right = found
    return f"{left} {OPPOSITE[operator]} {right}"


@functools.lru_cache(4096)
def compared(text: str) -> tuple[str, str, str] | None:
    """The sides of a comparison that stands at the top of a text."""
    found = _COMPARISON.fullmatch(text)
    if found is None or not (_is_whole(found["left"]) and _is_whole(found["right"])):
        return None
    return found["left"], found["operator"], found["right"]


def bound(text: str, known: Facts) -> tuple[float, float]:
    """The least and the largest number that an expression of this text may be."""
    low, high = -math.inf, math.inf
    for fact in known:
        found = compared(fact)
        if found is not None and found[0] == text and _INTEGER.fullmatch(found[2]):
            number = int(found[2])
            low = max(low, {"=": number, ">=": number, ">": number + 1}.get(found[1], low))
            high = min(high, {"=": number, "<=": number, "<": number - 1}.get(found[1], high))
    return low, high


def _is_whole(text: str) -> bool:
    """Whether the text is one operand: every bracket closes in it, and no operator stands outside of brackets that
    binds more loosely than a comparison."""
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return False
    return depth == 0 and not re.search(r" (and|or|in|\?|:|:=|=|!=|<|>|<=|>=) |['\"`/]", text)


def remaining(failure: Code | None, known: Facts) -> Code | None:
    """The failures among the alternatives of `failure` that what is known does not exclude."""
    if failure is None or not known:
        return failure
    alternatives = failure.alternatives or (failure,)
    left = [code for code in alternatives if not any(_excludes(fact, code.text) for fact in known)]
    return either(*left) if left else None


def _excludes(fact: str, failure: str) -> bool:
    """Whether not both can be true."""
    if failure == f"$not({fact})" or fact == f"$not({failure})":
        return True
    one, other = compared(fact), compared(failure)
    if one is None or other is None or one[0] != other[0]:
        return False
    if one[2] == other[2]:
        return OPPOSITE[one[1]] == other[1] or disjoint(_in_python(one[1]), 0, _in_python(other[1]), 0)
    try:
        return disjoint(_in_python(one[1]), int(one[2]), _in_python(other[1]), int(other[2]))
    except ValueError:
        return False


def _in_python(operator: str) -> str:
    """JSONata's operator as Python writes it."""
    return "==" if operator == "=" else operator
