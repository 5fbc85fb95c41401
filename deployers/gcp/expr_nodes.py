"""How each node of an expression is written in Workflows: one line a node, or the module that knows more."""

from __future__ import annotations

import math
from typing import assert_never

from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, kinds
from skyloom.deployers.expressions.ranges import LARGEST
from skyloom.deployers.gcp.expr_calls import builtin_call
from skyloom.deployers.gcp.expr_code import NULL, SUM, Code, choice, infix, is_sayable, negation, number, string
from skyloom.deployers.gcp.expr_comparing import compare
from skyloom.deployers.gcp.expr_containers import display, extended, field, item, part
from skyloom.deployers.gcp.expr_numbers import arithmetic, negative
from skyloom.deployers.gcp.expr_text import joined
from skyloom.deployers.gcp.expr_truth import logic, refuse_eager, truth
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Field,
    Format,
    Function,
    Item,
    Literal,
    Logic,
    Name,
    Object,
    Slice,
    Spread,
    Truth,
    Unary,
)

LOOP = "a loop in Workflows costs a step for every round, a call of the helper function one step"


def node(writer: Writer, expr: Expr) -> Code:
    """The code of any node."""
    match expr:
        case Literal():
            return literal(expr)
        case Name(name=name):
            return writer.name(name)
        case Field(object=of, name=name):
            return field(writer, expr, of, name)
        case Item():
            return item(writer, expr)
        case Slice():
            return part(writer, expr)
        case Unary(operator="not", operand=operand):
            return negation(writer.code(operand))
        case Unary():
            return negative(writer, expr)
        case Binary():
            return binary(writer, expr)
        case Compare():
            return compare(writer, expr)
        case Truth(operand=operand):
            return truth(writer, operand)
        case Logic():
            return logic(writer, expr)
        case Conditional(test=test, body=body, orelse=orelse):
            refuse_eager(expr)
            return choice(writer.code(test), writer.code(body), writer.code(orelse))
        case Spread():
            raise cannot(expr, "a spread stands only in displays")
        case Array():
            return display(writer, expr)
        case Object():
            raise cannot(expr, "dicts are written outside of expressions")
        case Format():
            return joined(writer, expr)
        case Comprehension():
            raise cannot(expr, LOOP)
        case Function():
            raise cannot(expr, "a function stands only as the key of sorted, min and max")
        case Call():
            return builtin_call(writer, expr)
        case _:
            assert_never(expr)


def literal(expr: Literal) -> Code:
    """The code of a constant."""
    match expr.value:
        case None:
            return NULL
        case bool() as value:
            return Code("true" if value else "false")
        case str() as text if is_sayable(text):
            return string(text)
        case str():
            raise cannot(expr, "how this text is written inside an expression is not documented")
        case value:
            if (isinstance(value, int) and abs(value) > LARGEST) or not math.isfinite(value):
                raise cannot(expr, f"{value} is no number that every engine can hold")
            return number(value)


def binary(writer: Writer, expr: Binary) -> Code:
    """Arithmetic of numbers; texts and lists that are joined."""
    left, right = kinds(expr.left.type), kinds(expr.right.type)
    if left | right <= NUMBER | BOOLEAN:
        return arithmetic(writer, expr)
    if expr.operator == "+" and left == {"string"} == right:
        return infix("+", writer.code(expr.left), writer.code(expr.right), SUM)
    if expr.operator == "+" and left == {"array"} == right:
        return extended(writer, expr)
    raise cannot(expr, "Workflows joins two texts, or adds an element to a list, and repeats neither")
