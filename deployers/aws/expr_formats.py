"""`format`: texts by the constant formats of f-strings."""

from __future__ import annotations

import re

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    PRODUCT,
    SUM,
    Code,
    both,
    call,
    choice,
    either,
    infix,
    number,
    string,
)
from skyloom.deployers.aws.expr_kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.deployers.aws.expr_text import digits, negative_zero, number_text, unwritable
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Call, Expr, Literal
from skyloom.flows.expr.properties import mixes_numbers

_FIXED = re.compile(r"(?P<comma>,?)(?:\.(?P<decimals>\d{1,2})(?P<kind>[f%]))?")
_ALIGNED = re.compile(r"([<>^])(\d{1,3})")
_INTEGER = re.compile(r"(0?)(\d{0,3})d")
_MOST_DECIMALS = 6


def formatted(writer: Writer, expr: Call) -> Code:
    """`format` by a constant format."""
    value, spec = _parts(expr)
    aligned = _ALIGNED.fullmatch(spec)
    if aligned:
        text = writer.code(value) if kinds(value.type) == STRING else _plain_text(writer, expr, value)
        return _aligned(writer, text, aligned[1], int(aligned[2]))
    if not kinds(value.type) <= NUMBER | BOOLEAN:
        raise cannot(expr, "whether this is a number or a text shows only at run time")
    integer = _INTEGER.fullmatch(spec)
    if integer:
        return _integer(writer, value, int(integer[2] or 0), zeros=bool(integer[1]))
    return _fixed(writer, expr, value, spec)


def _parts(expr: Call) -> tuple[Expr, str]:
    value, spec = expr.arguments
    assert isinstance(spec, Literal)
    return value, str(spec.value)


def _plain_text(writer: Writer, expr: Call, value: Expr) -> Code:
    if mixes_numbers(value.type) or not kinds(value.type) <= NUMBER:
        raise cannot(expr, "whether this is an int, a float or a text shows only at run time")
    return number_text(writer, value)


def _aligned(writer: Writer, text: Code, side: str, width: int) -> Code:
    if side == "<":
        return call("pad", text, number(width))
    if side == ">":
        return call("pad", text, number(-width))
    return writer.let([("text", text)], lambda _, t: _centered(t, width))


def _centered(text: Code, width: int) -> Code:
    """The text in the middle of a width; the odd space goes to the right."""
    length = call("length", text)
    left = f"$floor(({width} - {length.text}) / 2)"
    begun = call("pad", text, f"-({length.text} + {left})")
    return choice(infix("<", length, number(width), COMPARISON), call("pad", begun, number(width)), text)


def _integer(writer: Writer, value: Expr, width: int, *, zeros: bool) -> Code:
    """`d`, `5d`, `05d`."""
    code = numeric_code(writer, value)
    if not zeros:
        return call("pad", digits(code), number(-width)) if width else digits(code)
    if width < 2:
        return digits(code)

    def body(_: Writer, v: Code) -> Code:
        # A sign takes the place of a zero.
        plain, narrow = (call("formatInteger", v, string("0" * size)) for size in (width, width - 1))
        return choice(infix("<", v, number(0), COMPARISON), narrow, plain)

    return writer.let([("x", code)], body)


# --- decimals ---------------------------------------------------------------------------------------------------


def _fixed(writer: Writer, place: Call, value: Expr, spec: str) -> Code:
    """`,`, `.2f`, `,.2f`, `.1%`."""
    found = _FIXED.fullmatch(spec)
    if found is None:
        raise cannot(place, f"the format {spec!r} is known to Python only")
    picture = "#,##0" if found["comma"] else "0"
    decimals = int(found["decimals"] or 0)
    code = numeric_code(writer, value)
    if is_int(value.type) and found["kind"] != "%":
        text = call("formatInteger", code, string(picture))
        return infix("&", text, string("." + "0" * decimals), SUM) if decimals else text
    if found["kind"] is None:
        raise cannot(place, "the format ',' of a float shows as many digits as Python's text", "give decimals: `,.2f`")
    if decimals > _MOST_DECIMALS:
        raise cannot(place, f"more than {_MOST_DECIMALS} decimals of a float are known to Python only")
    if found["kind"] == "%":
        text = _decimal(infix("*", code, number(100), PRODUCT), picture, decimals)
        return infix("&", text, string("%"), SUM)
    return _decimal(code, picture, decimals)


def _decimal(value: Code, picture: str, decimals: int) -> Code:
    if decimals:
        return call("formatNumber", value, string(f"{picture}.{'0' * decimals}"))
    return call("formatInteger", call("round", value), string(picture))


def unformattable(writer: Writer, expr: Call) -> Code | None:
    """Whether a float has more decimals than are shown: JSONata and Python would round it by other digits."""
    value, spec = _parts(expr)
    if _ALIGNED.fullmatch(spec):
        return unwritable(writer, Call(span=expr.span, type=expr.type, function="str", arguments=(value,)))
    found = _FIXED.fullmatch(spec)
    if found is None or found["kind"] is None or (is_int(value.type) and found["kind"] != "%"):
        return None
    decimals = int(found["decimals"])
    code = numeric_code(writer, value)
    if found["kind"] == "f":
        return writer.let([("x", code)], lambda w, v: either(*_rounded(v, decimals), *negative_zero(w, value, v)))
    # What is too large is so before it is multiplied, too.
    large = infix(">=", call("abs", code), Code("1e12"), COMPARISON)
    percent = infix("*", code, number(100), PRODUCT)
    rest = writer.let([("percent", percent)], lambda w, v: either(*_rounded(v, decimals), *negative_zero(w, value, v)))
    return either(large, rest)


def _rounded(value: Code, decimals: int) -> list[Code]:
    scale = 10**decimals
    large = infix(">=", call("abs", value), Code(f"1e{15 - decimals}"), COMPARISON)
    if not decimals:
        # Python writes -0.
        signed = both(infix("<", value, number(0), COMPARISON), infix(">=", value, number(-0.5), COMPARISON))
        return [large, signed]
    nearest = infix("/", call("round", infix("*", value, number(scale), PRODUCT)), number(scale), PRODUCT)
    return [large, infix("!=", nearest, value, COMPARISON)]
