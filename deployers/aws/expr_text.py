"""The text of values: `str`, and what stands in an f-string."""

from __future__ import annotations

from skyloom.deployers.aws.expr_arithmetic import constant, numeric_code
from skyloom.deployers.aws.expr_code import COMPARISON, SUM, Code, both, call, choice, either, infix, member, string
from skyloom.deployers.aws.expr_kinds import NUMBER, STRING, is_int, kinds
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Call, Expr
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import ErrorType, FloatType, ModelType, Type, members

_MIXED = "whether this number is an int or a float shows only in Python, and so does its text"
_HINT = "convert it: `float(x)` or `round(x)`; or give a format, as `.2f`"
_SAFE = 10**15
"""`$string` writes smaller integers exactly."""


def as_text(writer: Writer, expr: Call) -> Code:
    """`str`."""
    if not expr.arguments:
        return string("")
    (value,) = expr.arguments
    found = kinds(value.type)
    if found == STRING:
        return writer.code(value)
    if "number" in found and _has_float(value.type) and not _is_float(value.type):
        raise cannot(expr, _MIXED, _HINT)
    if found == NUMBER:
        return number_text(writer, value)
    return writer.let([("value", value)], lambda _, v: _text_of(expr, v, value))


def number_text(writer: Writer, value: Expr) -> Code:
    """The text of an int or of a float."""
    if _has_float(value.type):
        return writer.let([("x", value)], lambda _, v: _float_text(v))
    known = constant(value)
    if (known is not None and abs(known) < _SAFE) or (isinstance(value, Call) and value.function == "len"):
        return call("string", writer.code(value))
    return digits(numeric_code(writer, value))


def digits(value: Code) -> Code:
    """The digits of any integer: `$string` would round beyond 15 of them."""
    return call("formatInteger", value, "'0'")


def _float_text(value: Code) -> Code:
    whole = infix("=", value, call("floor", value), COMPARISON)
    return infix("&", call("string", value), Code(f"({choice(whole, string('.0'), string('')).text})"), SUM)


def _has_float(of: Type) -> bool:
    return any(isinstance(m, FloatType) for m in members(widen(of)))


def _is_float(of: Type) -> bool:
    """Whether every number of the type is a float."""
    return all(isinstance(m, FloatType) for m in members(widen(of)) if kinds(m) & NUMBER)


def _text_of(place: Expr, value: Code, expr: Expr) -> Code:
    """The text of a simple value that is one of several kinds."""
    found = kinds(expr.type)
    texts = {
        "null": Code("'None'"),
        "boolean": choice(value, Code("'True'"), Code("'False'")),
        "number": _float_text(value) if _has_float(expr.type) else digits(value),
        "object": member(value, "message"),
        "string": value,
    }
    alternatives = members(expr.type)
    if "array" in found or any(isinstance(m, ModelType) for m in alternatives):
        raise cannot(place, "the text of lists, dicts and models is Python's own affair")
    if "object" in found and not any(isinstance(m, ErrorType) for m in alternatives):
        raise cannot(place, "the text of lists, dicts and models is Python's own affair")
    ordered = [kind for kind in texts if kind in found] or ["string"]
    result = texts[ordered[-1]]
    for kind in reversed(ordered[:-1]):
        test = infix("=", call("type", value), string(kind), COMPARISON)
        if kind == "null":
            test = infix("=", value, Code("null"), COMPARISON)
        result = choice(test, texts[kind], result)
    return result


# --- when floats are left to Python -----------------------------------------------------------------------------


def unwritable(writer: Writer, expr: Call) -> Code | None:
    """Whether `str` of a float needs more than the 15 digits of `$string`, or an exponent."""
    if not expr.arguments or not _has_float(expr.arguments[0].type):
        return None
    (value,) = expr.arguments

    def body(inner: Writer, v: Code) -> Code:
        long = infix("!=", call("number", call("string", v)), v, COMPARISON)
        large = infix(">=", call("abs", v), Code("1e15"), COMPARISON)
        small = both(infix("!=", v, Code("0"), COMPARISON), infix("<", call("abs", v), Code("0.0001"), COMPARISON))
        test = either(large, small, long, *negative_zero(inner, value, v))
        if kinds(value.type) == NUMBER:
            return test
        return both(infix("=", call("type", v), string("number"), COMPARISON), test)

    return writer.let([("x", value)], body)


def negative_zero(writer: Writer, expr: Expr, value: Code) -> list[Code]:
    """The test for a zero that is a result: in Python it may be -0.0, which JSON does not carry."""
    if writer.carries(expr) or is_int(expr.type):
        return []
    return [infix("=", value, Code("0"), COMPARISON)]
