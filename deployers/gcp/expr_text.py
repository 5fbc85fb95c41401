"""The text of values: `str`, `format`, and what stands in an f-string."""

from __future__ import annotations

import re

from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.deployers.gcp.expr_code import (
    COMPARISON,
    NULL,
    SUM,
    Code,
    call,
    choice,
    infix,
    is_sayable,
    member,
    number,
    string,
)
from skyloom.deployers.gcp.expr_numbers import numeric
from skyloom.deployers.gcp.expr_strings import padded
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Call, Expr, Format, Literal
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import ErrorType, FloatType, members, without_null

_FLOAT = "how Workflows writes a float as text is not documented"


def as_text(writer: Writer, expr: Call) -> Code:
    """`str`."""
    return text_of_value(writer, expr, expr.arguments[0]) if expr.arguments else Code('""')


def text_of_value(writer: Writer, place: Expr, value: Expr) -> Code:
    """The text of a value."""
    code, found = writer.code(value), kinds(value.type)
    if any(isinstance(m, FloatType) for m in members(widen(value.type))):
        raise cannot(place, _FLOAT, "keep amounts as ints of the smallest unit")
    if "null" not in found:
        return _text(place, code, value, found)
    rest = kinds(without_null(value.type))
    if not rest:
        return string("None")
    if rest == STRING:
        return call("default", code, string("None"))
    instead = {NUMBER: number(0), BOOLEAN: Code("false")}.get(rest)
    if instead is None:
        raise cannot(place, "the text of values of so different kinds is known to Python only")
    there = _text(place, call("default", code, instead), value, rest)
    return choice(infix("==", code, NULL, COMPARISON), string("None"), there)


def _text(place: Expr, code: Code, value: Expr, found: frozenset[str]) -> Code:
    if found == STRING:
        return code
    if found == NUMBER:
        return call("string", code)
    if found == BOOLEAN:
        return choice(code, string("True"), string("False"))
    if all(isinstance(m, ErrorType) for m in members(value.type)):
        return member(code, "message")
    raise cannot(place, "the text of values of so different kinds is known to Python only")


def joined(writer: Writer, expr: Format) -> Code:
    """An f-string: its parts, joined by `+`. All are texts."""
    texts: list[Code] = []
    constant = ""
    for part in expr.parts:
        if isinstance(part, Literal):
            constant += str(part.value)
            continue
        texts += [_constant(expr, constant)] if constant else []
        texts.append(writer.code(part))
        constant = ""
    texts += [_constant(expr, constant)] if constant or not texts else []
    result = texts[0]
    for text in texts[1:]:
        result = infix("+", result, text, SUM)
    return result


def _constant(place: Expr, text: str) -> Code:
    if not is_sayable(text):
        raise cannot(place, "control characters in texts of expressions are not documented")
    return string(text)


def formatted(writer: Writer, expr: Call) -> Code:
    """`format` of an integer or a text by a constant format."""
    value, spec = expr.arguments
    assert isinstance(spec, Literal)
    text = str(spec.value)
    aligned = re.fullmatch(r"([<>])(\d{1,3})", text)
    if kinds(value.type) == STRING and aligned:
        return padded(expr, writer.code(value), int(aligned[2]), " ", front=aligned[1] == ">")
    if not (kinds(value.type) <= NUMBER | BOOLEAN and is_int(value.type)):
        raise cannot(expr, _FLOAT, "keep amounts as ints of the smallest unit")
    digits = call("string", numeric(writer, value))
    if aligned:
        return padded(expr, digits, int(aligned[2]), " ", front=aligned[1] == ">")
    plain = re.fullmatch(r"([1-9]\d{0,2})?d", text)
    if plain is None:
        raise cannot(expr, f"Workflows knows no format {text!r}")
    return padded(expr, digits, int(plain[1] or 0), " ", front=True)
