"""How each node of an expression is written in JSONata: one line a node, or the module that knows more."""

from __future__ import annotations

import math
from typing import assert_never

from skyloom.deployers.aws.expr_arithmetic import binary, negative
from skyloom.deployers.aws.expr_calls import builtin_call
from skyloom.deployers.aws.expr_code import SUM, Code, chain, choice, member, negation, number, string
from skyloom.deployers.aws.expr_comparing import compare
from skyloom.deployers.aws.expr_containers import display, item, object_display, part
from skyloom.deployers.aws.expr_loops import comprehension
from skyloom.deployers.aws.expr_truth import logic, truth
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.ranges import LARGEST
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


def node(writer: Writer, expr: Expr) -> Code:
    """The code of any node."""
    match expr:
        case Literal():
            return literal(expr)
        case Name(name=name):
            return writer.name(name)
        case Field(object=of, name=name):
            return member(writer.code(of), name)
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
            return choice(writer.code(test), writer.code(body), writer.code(orelse))
        case Spread():
            raise cannot(expr, "a spread stands only in displays")
        case Array():
            return display(writer, expr)
        case Object():
            return object_display(writer, expr)
        case Format():
            return joined(writer, expr)
        case Comprehension():
            return comprehension(writer, expr)
        case Function():
            raise cannot(expr, "a function stands only as the key of sorted, min and max")
        case Call():
            return builtin_call(writer, expr)
        case _:
            assert_never(expr)


def literal(expr: Literal) -> Code:
    """The code of a constant."""
    match expr.value:
        case None | bool():
            return Code({None: "null", True: "true", False: "false"}[expr.value], simple=True)
        case str() as text:
            return string(text)
        case value:
            if (isinstance(value, int) and abs(value) > LARGEST) or not math.isfinite(value):
                raise cannot(expr, f"{value} is no number that Step Functions can hold")
            return number(value)


def joined(writer: Writer, expr: Format) -> Code:
    """An f-string: its parts, joined by `&`."""
    texts: list[Code] = []
    constant = ""
    for part_ in expr.parts:
        if isinstance(part_, Literal):
            constant += str(part_.value)
            continue
        texts += [string(constant)] if constant else []
        texts.append(writer.code(part_))
        constant = ""
    texts += [string(constant)] if constant or not texts else []
    return chain("&", texts, SUM)
