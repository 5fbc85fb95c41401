"""Comparisons of values whose kinds are known: numbers, texts, booleans, null; keys of dicts, elements of lists.

Equality of lists and dicts, the order of texts, and comparing values of different kinds are not documented.
"""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.expressions.constants import text_of
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, element_type, kinds
from skyloom.deployers.gcp.expr_code import (
    COMPARISON,
    EMPTY,
    FALSE,
    TRUE,
    Code,
    call,
    choice,
    either,
    infix,
    negation,
    number,
    string,
)
from skyloom.deployers.gcp.expr_numbers import numeric
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Array, Call, Compare, Expr, Object, Spread
from skyloom.flows.expr.types import AnyType, DateTimeType, DictType, ListType, members

_UNLIKE = "comparing lists, dicts or values of different kinds is not documented by Google"
_MOMENTS = "one moment may be written in several ways, which only Python's datetime compares"
_ORDER = "only numbers have an order that Google documents"


def compare(writer: Writer, expr: Compare) -> Code:
    """Any comparison."""
    match expr.operator:
        case "==":
            return equal(writer, expr, expr.left, expr.right)
        case "!=":
            return negation(equal(writer, expr, expr.left, expr.right))
        case "in":
            return contained(writer, expr, expr.left, expr.right)
        case "not in":
            return negation(contained(writer, expr, expr.left, expr.right))
        case "<" | "<=" | ">" | ">=":
            if not kinds(expr.left.type) | kinds(expr.right.type) <= NUMBER | BOOLEAN:
                raise cannot(expr, _ORDER)
            return infix(expr.operator, numeric(writer, expr.left), numeric(writer, expr.right), COMPARISON)
        case _:
            assert_never(expr.operator)


def equal(writer: Writer, place: Expr, left: Expr, right: Expr) -> Code:
    """`left == right`."""
    for values, other in ((left, right), (right, left)):
        if _is_empty(other) and (_only(values, ListType) or _only(values, DictType)):
            return infix("==", call("len", writer.code(values)), number(0), COMPARISON)
    return infix("==", *_alike(writer, place, left, right), COMPARISON)


def _alike(writer: Writer, place: Expr, left: Expr, right: Expr) -> tuple[Code, Code]:
    """Both sides, where Google documents their equality and it is Python's."""
    ours, theirs = kinds(left.type) - {"null"}, kinds(right.type) - {"null"}
    if not ours or not theirs:
        return writer.code(left), writer.code(right)
    if any(isinstance(m, DateTimeType) for side in (left, right) for m in members(side.type)):
        raise cannot(place, _MOMENTS)
    if ours == theirs and (ours in (STRING, BOOLEAN) or ours <= NUMBER):
        return writer.code(left), writer.code(right)
    if kinds(left.type) | kinds(right.type) <= NUMBER | BOOLEAN:
        return numeric(writer, left), numeric(writer, right)
    raise cannot(place, _UNLIKE)


def _is_empty(expr: Expr) -> bool:
    match expr:
        case Array(items=()) | Object(entries=()):
            return True
        case _:
            return False


def _only(expr: Expr, of: type) -> bool:
    return all(isinstance(member, of) for member in members(expr.type))


# --- membership ---------------------------------------------------------------------------------------------------


def contained(writer: Writer, place: Expr, wanted: Expr, container: Expr) -> Code:
    """`wanted in container`."""
    match container:
        case Array(items=items) if not any(isinstance(item, Spread) for item in items):
            tests = [equal(writer, place, wanted, item) for item in items]
            if not tests:
                writer.code(wanted)  # It may raise, or not be sayable, although its value does not count.
            return either(*tests) if tests else FALSE
        case Call(function="dict.keys", arguments=(entries,)):
            return infix("in", writer.code(wanted), writer.code(entries), COMPARISON)
        case Call():
            raise cannot(place, "what only iterates is known to Python only")
    if kinds(container.type) == STRING:
        return occurs(writer, container, wanted)
    if _only(container, DictType):
        return infix("in", writer.code(wanted), writer.code(container), COMPARISON)
    if isinstance(container.type, AnyType) or kinds(container.type) != {"array"}:
        raise cannot(place, _UNLIKE)
    ours, theirs = kinds(wanted.type), kinds(element_type(container.type))
    if _holds_moments(container):
        raise cannot(place, _MOMENTS)
    if ours == theirs and ours in (STRING, NUMBER, BOOLEAN):
        return infix("in", writer.code(wanted), writer.code(container), COMPARISON)
    raise cannot(place, _UNLIKE)


def _holds_moments(container: Expr) -> bool:
    return any(isinstance(m, DateTimeType) for m in members(element_type(container.type)))


def occurs(writer: Writer, text: Expr, part: Expr) -> Code:
    """Whether `part` is a part of `text`: whether taking it out changes the text."""
    known = text_of(part)
    code, wanted = writer.code(text), writer.code(part)
    if known == "":
        return TRUE
    if known:
        return infix("!=", call("text.replace_all", code, wanted, EMPTY), code, COMPARISON)
    # What becomes of an empty part is not documented, and everything is evaluated.
    is_empty = infix("==", wanted, EMPTY, COMPARISON)
    taken_out = call("text.replace_all", code, choice(is_empty, string("-"), wanted), EMPTY)
    return either(is_empty, infix("!=", taken_out, code, COMPARISON))
