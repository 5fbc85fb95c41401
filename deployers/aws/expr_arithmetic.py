"""Arithmetic: Python's integers and floats as JSONata's numbers; `+` and `*` on texts and lists."""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    PRIMARY,
    PRODUCT,
    SIGN,
    SUM,
    Code,
    array,
    block,
    both,
    call,
    choice,
    function,
    infix,
    number,
    string,
)
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, is_int, kinds
from skyloom.flows.expr.nodes import Binary, Expr, Literal, Unary
from skyloom.flows.expr.types import Type

_LARGEST_EXPONENT = 6
_EXPONENT = "only a small constant exponent of an int is exact on AWS"


def numeric(code: Code, of: Type) -> Code:
    """The number that a number or boolean of the type is."""
    return code if kinds(of) <= NUMBER else call("number", code)


def numeric_code(writer: Writer, expr: Expr) -> Code:
    """The code of a number or boolean, as a number."""
    return numeric(writer.code(expr), expr.type)


def negative(writer: Writer, expr: Unary) -> Code:
    """`-x`, `+x`."""
    code = numeric_code(writer, expr.operand)
    return code if expr.operator == "+" else Code(f"-{code.at(PRIMARY)}", SIGN)


def binary(writer: Writer, expr: Binary) -> Code:
    """Any arithmetic."""
    left, right = kinds(expr.left.type), kinds(expr.right.type)
    if not (left | right) <= NUMBER | BOOLEAN:
        return _joined(writer, expr) if expr.operator == "+" else _repeated(writer, expr)
    match expr.operator:
        case "+" | "-":
            return infix(expr.operator, numeric_code(writer, expr.left), numeric_code(writer, expr.right), SUM)
        case "*" | "/":
            return infix(expr.operator, numeric_code(writer, expr.left), numeric_code(writer, expr.right), PRODUCT)
        case "//":
            return quotient(writer, expr.left, expr.right)
        case "%":
            return remainder(writer, expr.left, expr.right)
        case "**":
            return _power(writer, expr)
        case _:
            assert_never(expr.operator)


def quotient(writer: Writer, left: Expr, right: Expr) -> Code:
    """`left // right`."""
    one, other = numeric_code(writer, left), numeric_code(writer, right)
    if is_int(left.type) and is_int(right.type):
        # Exact: for integers up to 2^53 the division never rounds up to the next integer.
        return call("floor", infix("/", one, other, PRODUCT))
    return writer.let([("x", one), ("y", other)], _float_quotient)


def _float_quotient(writer: Writer, x: Code, y: Code) -> Code:
    """Python's own algorithm for floats, step by step."""
    writer, rest = writer.fresh("rest")
    writer, quotient_ = writer.fresh("quotient")
    writer, whole = writer.fresh("whole")
    exact = infix("/", Code(f"{x.at(SUM)} - {rest}", SUM), y, PRODUCT)
    bindings = [
        f"{rest} := {infix('%', x, y, PRODUCT).text}",
        f"{quotient_} := {exact.text} - ({_opposite(rest, y).text} ? 1 : 0)",
        f"{whole} := $floor({quotient_})",
    ]
    return block(bindings, Code(f"{quotient_} - {whole} > 0.5 ? {whole} + 1 : {whole}"))


def remainder(writer: Writer, left: Expr, right: Expr) -> Code:
    """`left % right`: it has the sign of `right`, JSONata's the sign of `left`."""
    one = numeric_code(writer, left)
    match right:
        case Literal(value=int() as modulus) if type(modulus) is int and is_int(left.type) and 0 < modulus < 2**51:
            shifted = infix("+", infix("%", one, number(modulus), PRODUCT), number(modulus), SUM)
            return infix("%", shifted, number(modulus), PRODUCT)
        case _:
            return writer.let([("x", one), ("y", numeric_code(writer, right))], _remainder)


def _remainder(writer: Writer, x: Code, y: Code) -> Code:
    _, rest = writer.fresh("rest")
    test = _opposite(rest, y)
    return block(
        [f"{rest} := {infix('%', x, y, PRODUCT).text}"],
        choice(test, Code(f"{rest} + {y.at(PRODUCT)}", SUM), Code(rest)),
    )


def _opposite(rest: str, divisor: Code) -> Code:
    """Whether a remainder has to move by one divisor, to get its sign."""
    if divisor.text[0].isdecimal():
        return Code(f"{rest} < 0", COMPARISON)
    signs = Code(f"({rest} < 0) != ({divisor.at(COMPARISON + 1)} < 0)", COMPARISON)
    return both(Code(f"{rest} != 0", COMPARISON), signs)


def _power(writer: Writer, expr: Binary) -> Code:
    match expr.right:
        case Literal(value=int() as exponent) if is_int(expr.left.type) and 0 <= exponent <= _LARGEST_EXPONENT:
            if exponent == 0:
                return number(1)
            base = numeric_code(writer, expr.left)
            return writer.let([("base", base)], lambda _, x: Code(" * ".join([x.at(SIGN)] * exponent), PRODUCT))
        case _:
            raise cannot(expr, _EXPONENT)


def _joined(writer: Writer, expr: Binary) -> Code:
    left, right = writer.code(expr.left), writer.code(expr.right)
    if kinds(expr.left.type) == {"array"} == kinds(expr.right.type):
        return call("append", left, right)
    if kinds(expr.left.type) == {"string"} == kinds(expr.right.type):
        return infix("&", left, right, SUM)
    raise cannot(expr, "whether these are texts, lists or numbers shows only at run time")


def _repeated(writer: Writer, expr: Binary) -> Code:
    """`text * n`, `n * values`."""
    value, times = (expr.left, expr.right) if kinds(expr.right.type) <= NUMBER | BOOLEAN else (expr.right, expr.left)
    count = numeric_code(writer, times)
    if kinds(value.type) == {"string"}:
        return repeated_text(writer, value, count)
    if kinds(value.type) != {"array"}:
        raise cannot(expr, "whether this is a text or a list shows only at run time")

    def body(inner: Writer, values: Code) -> Code:
        inner, all_ = inner.fresh("all")
        _, index = inner.fresh("index")
        step = function([all_, index], call("append", all_, values))
        return call("reduce", array(f"1..{count.at(SUM)}"), step, "[]")

    return writer.let([("values", writer.code(value))], body)


def repeated_text(writer: Writer, text: Expr, count: Code) -> Code:
    """`text * count`."""
    match text:
        case Literal(value=str() as character) if len(character) == 1:
            times = count if count.text.isdecimal() else call("max", array("0", count))
            return call("pad", "''", times, string(character))
        case _:

            def body(inner: Writer, once: Code) -> Code:
                _, index = inner.fresh("index")
                return call("join", array(call("map", array(f"1..{count.at(SUM)}"), function([index], once))))

            return writer.let([("text", writer.code(text))], body)
