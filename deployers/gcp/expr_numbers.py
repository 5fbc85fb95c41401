"""Numbers: how large an integer may get, which numbers are certainly doubles, and arithmetic.

Workflows has 64-bit integers and doubles; what happens beyond them is not documented. Nor is whether JSON's `2.0` is
decoded as a double: a value of type float may be an integer at run time, unless this workflow made it.
"""

from __future__ import annotations

import math
from typing import assert_never

from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, all_members, is_int, kinds
from skyloom.deployers.gcp.expr_code import COMPARISON, PRODUCT, SIGN, SUM, Code, call, choice, infix, number
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Binary, Call, Conditional, Expr, Item, Literal, Unary
from skyloom.flows.expr.properties import mixes_numbers
from skyloom.flows.expr.types import BoolType, EnumType, FloatType, LiteralType, Type, members

EXACT = 2**53
"""Integers of a flow are not larger; every one of them is a double."""

_LARGEST = 2**62
"""Integers that may get larger are guarded to stay exact."""

_LONGEST = 2**20
"""No text, list or dict has so many elements: all values together have 512 KB (cloud.google.com/workflows/quotas)."""

MIXED = "whether this is an int or a float shows only at run time"


def is_float(expr: Expr) -> bool:
    """Whether the value is a float for Python."""
    return all_members(expr.type, FloatType)


def is_double(expr: Expr) -> bool:
    """Whether the emitted value is certainly a double."""
    match expr:
        case Literal(value=float()):
            return True
        case Unary(operator="-" | "+", operand=operand):
            return is_double(operand)
        case Binary():
            return is_float(expr)
        case Call(function="float"):
            return not is_float(expr.arguments[0])
        case Call(function="seconds" | "minutes" | "hours" | "days"):
            return True
        case _:
            return False


def bound(expr: Expr) -> int:
    """The integer value of `expr` is not larger than this, either way; provided that its guards hold."""
    known = constant(expr)
    if known is not None:
        return abs(known)
    match expr:
        case Unary(operand=operand):
            return bound(operand)
        case Binary(operator="+" | "-" | "*" | "**"):
            size = _unguarded(expr)
            return size if size <= _LARGEST else EXACT
        case Binary(operator="//", left=left):
            return bound(left)
        case Binary(operator="%", right=right):
            return bound(right)
        case Conditional(body=body, orelse=orelse):
            return max(bound(body), bound(orelse))
        case Call(function="len" | "str.find" | "str.count" | "str.index"):
            return _LONGEST
        case Call(function="abs" | "max" | "min" | "round", arguments=arguments):
            return max(map(bound, arguments))
        case _:
            return _bound_of_type(expr)


def _unguarded(expr: Binary) -> int:
    """The same of what adds, subtracts or multiplies, by the bounds of its parts."""
    left, right = bound(expr.left), bound(expr.right)
    match expr.operator:
        case "*":
            return left * right
        case "**":
            return math.prod([left] * max(constant(expr.right) or 0, 0))
        case _:
            return left + right


def _bound_of_type(expr: Expr) -> int:
    return max((_bound_of_member(member) for member in members(expr.type)), default=EXACT)


def _bound_of_member(of: Type) -> int:
    match of:
        case BoolType():
            return 1
        case LiteralType(values=values):
            return max((abs(value) for value in values if isinstance(value, int)), default=0)
        case EnumType(members=named):
            return max((abs(value) for _, value in named if isinstance(value, int)), default=0)
        case _:
            return EXACT


def is_natural(expr: Expr) -> bool:
    """Whether the integer is certainly not negative."""
    known = constant(expr)
    if known is not None:
        return known >= 0
    match expr:
        case Binary(operator="+" | "*" | "//" | "%", left=left, right=right):
            return is_natural(left) and is_natural(right)
        case Binary(operator="**", left=left):
            return is_natural(left)
        case Conditional(body=body, orelse=orelse):
            return is_natural(body) and is_natural(orelse)
        case Call(function="len" | "abs" | "str.count"):
            return True
        case Call(function="max", arguments=arguments):
            return len(arguments) > 1 and any(map(is_natural, arguments))
        case Call(function="min", arguments=arguments):
            return len(arguments) > 1 and all(map(is_natural, arguments))
        case Item() | _:
            return kinds(expr.type) <= BOOLEAN


# --- codes --------------------------------------------------------------------------------------------------------


def numeric(writer: Writer, expr: Expr) -> Code:
    """The number that a number or boolean is."""
    found = kinds(expr.type)
    if found <= NUMBER:
        return writer.code(expr)
    if found == BOOLEAN:
        return choice(writer.code(expr), number(1), number(0))
    raise cannot(expr, "whether this is a number or a boolean shows only at run time")


def double(writer: Writer, expr: Expr) -> Code:
    """The number as a double."""
    code = numeric(writer, expr)
    return code if is_double(expr) else infix("*", code, number(1.0), PRODUCT)


def negative(writer: Writer, expr: Unary) -> Code:
    """`-x`, `+x`."""
    if expr.operator == "-" and isinstance(expr.operand, Literal) and isinstance(expr.operand.value, int | float):
        return number(-expr.operand.value)
    code = numeric(writer, expr.operand)
    if expr.operator == "+":
        return code
    return Code(f"-({code.text})" if code.level <= SIGN else f"-{code.text}", SIGN)


def arithmetic(writer: Writer, expr: Binary) -> Code:
    """`+`, `-`, `*`, `/`, `//`, `%`, `**` of numbers."""
    left, right = expr.left, expr.right
    match expr.operator:
        case "+" | "-" | "*":
            level = PRODUCT if expr.operator == "*" else SUM
            return infix(expr.operator, *_sides(writer, expr), level)
        case "/":
            return infix("/", numeric(writer, left), numeric(writer, right), PRODUCT)
        case "//" | "%":
            if not (is_int(left.type) and is_int(right.type)):
                raise cannot(expr, f"`{expr.operator}` of floats is not documented by Google")
            return infix(expr.operator, numeric(writer, left), numeric(writer, right), PRODUCT)
        case "**":
            return _power(writer, expr)
        case _:
            assert_never(expr.operator)


def _sides(writer: Writer, expr: Binary) -> tuple[Code, Code]:
    left, right = expr.left, expr.right
    if is_int(expr.type):
        return numeric(writer, left), numeric(writer, right)
    if mixes_numbers(left.type) or mixes_numbers(right.type) or not is_float(expr):
        raise cannot(expr, MIXED)
    if is_double(left) or is_double(right):
        return numeric(writer, left), numeric(writer, right)
    # Two integers would be added as integers.
    return double(writer, left), numeric(writer, right)


_LARGEST_EXPONENT = 4


def _power(writer: Writer, expr: Binary) -> Code:
    exponent = constant(expr.right)
    if not is_int(expr.left.type) or exponent is None or not 0 <= exponent <= _LARGEST_EXPONENT:
        raise cannot(expr, "Workflows has no powers: only a small constant exponent of an int is written out")
    if exponent == 0:
        return number(1)
    code = numeric(writer, expr.left)
    return code if exponent == 1 else Code(" * ".join([code.at(SIGN + 1)] * exponent), PRODUCT)


def too_large(writer: Writer, expr: Binary) -> list[Code]:
    """Whether an integer gets larger than 64 bits hold, or is larger than a float that it becomes. It is computed with
    floats to find out; its parts are not too large."""
    if not is_int(expr.type):
        return inexact(writer, expr.left, expr.right)
    return [] if _unguarded(expr) <= _LARGEST else [_beyond(_in_doubles(writer, expr))]


def inexact(writer: Writer, *values: Expr) -> list[Code]:
    """Whether integers that become floats, or meet one, are no floats."""
    return [_beyond(_in_doubles(writer, value)) for value in values if is_int(value.type) and bound(value) > EXACT]


def _beyond(value: Code) -> Code:
    # 2^53 + 1 becomes 2^53 on the way.
    return infix(">=", call("math.abs", value), number(float(EXACT)), COMPARISON)


def _in_doubles(writer: Writer, expr: Expr) -> Code:
    match expr:
        case Binary(operator="+" | "-" | "*", left=left, right=right):
            other = _in_doubles(writer, right) if isinstance(right, Binary) else numeric(writer, right)
            level = PRODUCT if expr.operator == "*" else SUM
            return infix(expr.operator, _in_doubles(writer, left), other, level)
        case Binary(operator="**", left=left, right=right):
            factors = [double(writer, left).text, *[numeric(writer, left).at(SIGN + 1)] * ((constant(right) or 1) - 1)]
            return Code(" * ".join(factors), PRODUCT)
        case _:
            return double(writer, expr)


def smallest(function: str, codes: list[Code]) -> Code:
    """`math.min` or `math.max` of two or more."""
    first, *rest = codes
    for code in rest:
        first = call(function, first, code)
    return first
