"""Numbers: how large an integer may get, which numbers are certainly doubles, and arithmetic.

Workflows has 64-bit integers and doubles; what happens beyond them is not documented. Nor is whether JSON's `2.0` is
decoded as a double: a value of type float may be an integer at run time, unless this workflow made it.
"""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, all_members, is_int, kinds
from skyloom.deployers.expressions.ranges import LARGEST, NUMBERS, Known, Range, reach
from skyloom.deployers.gcp.expr_code import COMPARISON, PRODUCT, SIGN, SUM, Code, call, choice, infix, number
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Binary, Call, Expr, Literal, Unary
from skyloom.flows.expr.properties import mixes_numbers
from skyloom.flows.expr.types import FloatType

NOTHING: Known = lambda _: NUMBERS  # noqa: E731
"""Nothing is known."""

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


def is_natural(expr: Expr, known: Known = NOTHING) -> bool:
    """Whether the integer is certainly not negative."""
    return reach(expr, known).low >= 0


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
    code = numeric(writer, expr.left)
    if exponent == 0:
        return number(1)
    return code if exponent == 1 else Code(" * ".join([code.at(SIGN + 1)] * exponent), PRODUCT)


def too_large(writer: Writer, expr: Binary, known: Known) -> list[Code]:
    """Whether an integer leaves those that are exact also as floats. Its parts do not: so a sum is computed as it is, a
    product as a float, which does not run over."""
    if not is_int(expr.type):
        return []
    found = reach(expr, known)
    if found.is_exact:
        return []
    if expr.operator in ("+", "-"):
        return [_outside(writer.code(expr), found, number(LARGEST), ">", "<")]
    factors = [expr.left] * (constant(expr.right) or 1) if expr.operator == "**" else [expr.left, expr.right]
    grown = Code(" * ".join([double(writer, factors[0]).text, *(numeric(writer, f).at(SIGN + 1) for f in factors[1:])]))
    # 2^53 + 1 becomes 2^53 on the way.
    return [_outside(Code(grown.text, PRODUCT), found, number(float(LARGEST)), ">=", "<=")]


def _outside(value: Code, found: Range, limit: Code, above: str, below: str) -> Code:
    if found.high <= LARGEST:
        return infix(below, value, Code(f"-{limit.text}", SIGN), COMPARISON)
    if found.low >= -LARGEST:
        return infix(above, value, limit, COMPARISON)
    return infix(above, call("math.abs", value), limit, COMPARISON)


def smallest(function: str, codes: list[Code]) -> Code:
    """`math.min` or `math.max` of two or more."""
    first, *rest = codes
    for code in rest:
        first = call(function, first, code)
    return first
