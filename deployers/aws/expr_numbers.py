"""Builtins on numbers, and conversions between numbers and texts."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.expr_arithmetic import numeric_code, quotient, remainder
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    FALSE,
    PRODUCT,
    SUM,
    Code,
    array,
    call,
    choice,
    either,
    infix,
    number,
)
from skyloom.deployers.aws.expr_truth import truth
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.flows.expr.nodes import Call, Expr, Literal

_DECIMALS = "rounding to decimals works on other digits in JSONata than in Python"


def absolute(writer: Writer, expr: Call) -> Code:
    """`abs`, `math.fabs`."""
    return call("abs", numeric_code(writer, expr.arguments[0]))


def division(writer: Writer, expr: Call) -> Code:
    """`divmod`."""
    left, right = expr.arguments
    return array(quotient(writer, left, right), remainder(writer, left, right))


def rounded(writer: Writer, expr: Call) -> Code:
    """`round`: halves go to the even neighbour in JSONata too."""
    digits = [*expr.arguments[1:], *(k.value for k in expr.keywords)]
    value = numeric_code(writer, expr.arguments[0])
    if not digits:
        return value if is_int(expr.arguments[0].type) else call("round", value)
    match digits:
        case [Literal(value=int() as count)] if count >= 0 and is_int(expr.arguments[0].type):
            return value
        case _:
            raise cannot(expr, _DECIMALS)


def ceiling(writer: Writer, expr: Call) -> Code:
    """`math.ceil`."""
    return call("ceil", numeric_code(writer, expr.arguments[0]))


def floor(writer: Writer, expr: Call) -> Code:
    """`math.floor`."""
    return call("floor", numeric_code(writer, expr.arguments[0]))


def truncated(writer: Writer, expr: Call) -> Code:
    """`math.trunc`, and `int` of a float."""
    value = numeric_code(writer, expr.arguments[0])
    if is_int(expr.arguments[0].type):
        return value
    return writer.let(
        [("number", value)],
        lambda _, v: choice(infix("<", v, number(0), COMPARISON), call("ceil", v), call("floor", v)),
    )


def root(writer: Writer, expr: Call) -> Code:
    """`math.sqrt`."""
    return call("sqrt", numeric_code(writer, expr.arguments[0]))


def close(writer: Writer, expr: Call) -> Code:
    """`math.isclose`: its definition."""
    given = {**dict(zip("ab", expr.arguments, strict=False)), **{k.name: k.value for k in expr.keywords}}
    if not _is_share(given.get("rel_tol")):
        raise cannot(expr, "a relative tolerance that is no constant up to 1 may go beyond all numbers")
    named = {name: numeric_code(writer, value) for name, value in given.items()}
    relative, limit = named.get("rel_tol", number(1e-9)), named.get("abs_tol", number(0))

    def body(_: Writer, a: Code, b: Code, relative: Code, limit: Code) -> Code:
        distance = call("abs", infix("-", a, b, SUM))
        bounds = [call("abs", infix("*", relative, side, PRODUCT)) for side in (b, a)]
        tests = [infix("<=", distance, bound, COMPARISON) for bound in (*bounds, limit)]
        return either(infix("=", a, b, COMPARISON), *tests)

    sides = [(name, named[name]) for name in "ab"]
    return writer.let([*sides, ("relative", relative), ("absolute", limit)], body)


def _is_share(tolerance: Expr | None) -> bool:
    """Whether a part of a number is no larger than the number."""
    if tolerance is None:
        return True
    return isinstance(tolerance, Literal) and isinstance(tolerance.value, int | float) and abs(tolerance.value) <= 1


def duration(seconds: int) -> Callable[[Writer, Call], Code]:
    """`seconds`, `minutes`, `hours`, `days`."""

    def write(writer: Writer, expr: Call) -> Code:
        given = [*expr.arguments, *(k.value for k in expr.keywords)]
        count = numeric_code(writer, given[0])
        return count if seconds == 1 else infix("*", count, number(seconds), PRODUCT)

    return write


def as_bool(writer: Writer, expr: Call) -> Code:
    """`bool`."""
    return truth(writer, expr.arguments[0]) if expr.arguments else FALSE


def as_float(writer: Writer, expr: Call) -> Code:
    """`float`: of a text whose spelling JSON knows too (`failing` refuses others)."""
    (value,) = expr.arguments
    return writer.code(value) if kinds(value.type) <= NUMBER else call("number", writer.code(value))


def as_int(writer: Writer, expr: Call) -> Code:
    """`int`, likewise."""
    (value,) = expr.arguments
    found = kinds(value.type)
    if found <= NUMBER | BOOLEAN:
        return truncated(writer, expr)
    if found == STRING:
        return call("number", writer.code(value))
    raise cannot(expr, "whether this is a number or a text shows only at run time")
