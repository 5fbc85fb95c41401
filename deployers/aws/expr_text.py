"""The text of values: `str`, `format`, and what stands in an f-string."""

from __future__ import annotations

import re
from collections.abc import Mapping

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import COMPARISON, SUM, Code, call, choice, infix, member, number, string
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.flows.expr.nodes import Call, Expr, Literal
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import ErrorType, FloatType, ModelType, members

FLOAT_TEXT = "JSON does not tell 2 from 2.0, so the text of a float is known to Python only"
_SAFE = 10**15
"""`$string` writes smaller integers exactly."""


def as_text(writer: Writer, expr: Call) -> Code:
    """`str`."""
    if not expr.arguments:
        return string("")
    (value,) = expr.arguments
    if kinds(value.type) == STRING:
        return writer.code(value)
    if any(isinstance(m, FloatType) for m in members(widen(value.type))):
        raise cannot(expr, FLOAT_TEXT, "format(x, 'd') of an int is exact; keep amounts as ints of the smallest unit")
    if kinds(value.type) == NUMBER:
        return integer_text(writer, value)
    return writer.let([("value", value)], lambda _, v: _text_of(expr, v, value))


def integer_text(writer: Writer, value: Expr) -> Code:
    """The digits of an integer."""
    known = constant(value)
    if (known is not None and abs(known) < _SAFE) or _is_count(value):
        return call("string", writer.code(value))
    return digits(numeric_code(writer, value))


def digits(value: Code) -> Code:
    """The digits of any integer: `$string` would round beyond 15 of them."""
    return call("formatInteger", value, "'0'")


def _is_count(value: Expr) -> bool:
    return isinstance(value, Call) and value.function == "len"


def _text_of(place: Expr, value: Code, expr: Expr) -> Code:
    """The text of a simple value that is one of several kinds."""
    found = kinds(expr.type)
    texts = {
        "null": Code("'None'"),
        "boolean": choice(value, Code("'True'"), Code("'False'")),
        "number": digits(value),
        "object": member(value, "message"),
        "string": value,
    }
    if "array" in found or any(isinstance(m, ModelType) for m in members(expr.type)):
        raise cannot(place, "the text of lists, dicts and models is Python's own affair")
    if "object" in found and not any(isinstance(m, ErrorType) for m in members(expr.type)):
        raise cannot(place, "the text of lists, dicts and models is Python's own affair")
    ordered = [kind for kind in texts if kind in found] or ["string"]
    result = texts[ordered[-1]]
    for kind in reversed(ordered[:-1]):
        test = infix("=", call("type", value), string(kind), COMPARISON)
        if kind == "null":
            test = infix("=", value, Code("null"), COMPARISON)
        result = choice(test, texts[kind], result)
    return result


# --- formats ----------------------------------------------------------------------------------------------------


def formatted(writer: Writer, expr: Call) -> Code:
    """`format` by a constant format, of an integer or a text."""
    value, spec = expr.arguments
    assert isinstance(spec, Literal)
    text = str(spec.value)
    aligned = re.fullmatch(r"([<>^])(\d{1,3})", text)
    if kinds(value.type) == STRING and aligned:
        return _aligned(writer, writer.code(value), aligned[1], int(aligned[2]))
    if not (kinds(value.type) <= NUMBER | BOOLEAN and is_int(value.type)):
        raise cannot(expr, "floats are rounded to decimals by other digits in JSONata than in Python")
    if aligned:
        return _aligned(writer, integer_text(writer, value), aligned[1], int(aligned[2]))
    return _integer(writer, expr, value, text)


def _aligned(writer: Writer, text: Code, side: str, width: int) -> Code:
    if side == "<":
        return call("pad", text, number(width))
    if side == ">":
        return call("pad", text, number(-width))
    return writer.let([("text", text)], lambda _, t: centered(t, number(width), string(" ")))


def centered(text: Code, width: Code, fill: Code, *, method: bool = False) -> Code:
    """The text in the middle of a width; the odd character goes to the right, with the method `center` to the left
    where the width is odd."""
    length = call("length", text)
    gap = infix("-", width, length, SUM)
    extra = f" + {width.at(SUM)} % 2 * (({gap.text}) % 2)" if method else ""
    left = Code(f"$floor(({gap.text}) / 2){extra}", SUM)
    begin = call("pad", text, infix("+", length, left, SUM).text.join(("-(", ")")), fill)
    test = infix("<", length, width, COMPARISON)
    return choice(test, call("pad", begin, width, fill), text)


_PICTURES: Mapping[str, str] = {",": "#,##0", "": "0"}


def _integer(writer: Writer, place: Call, value: Expr, spec: str) -> Code:
    code = numeric_code(writer, value)
    grouped = re.fullmatch(r"(,?)(?:\.(\d{1,2})f)?", spec)
    if grouped:
        text = call("formatInteger", code, string(_PICTURES[grouped[1]]))
        decimals = int(grouped[2] or 0)
        return infix("&", text, string("." + "0" * decimals), SUM) if decimals else text
    padded = re.fullmatch(r"(0?)(\d{0,3})d", spec)
    if not padded:
        raise cannot(place, f"the format {spec!r} of a number is known to Python only")
    width = int(padded[2] or 0)
    if not padded[1]:
        return call("pad", digits(code), number(-width)) if width else digits(code)
    if width < 2:
        return digits(code)

    def body(_: Writer, v: Code) -> Code:
        plain, narrow = (call("formatInteger", v, string("0" * w)) for w in (width, width - 1))
        return choice(infix("<", v, number(0), COMPARISON), narrow, plain)

    return writer.let([("number", code)], body)
