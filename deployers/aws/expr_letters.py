"""Builtins that look at letters. JSONata knows nothing of Unicode's properties, so these hold for ASCII; for other
texts `beyond_ascii` is said to fail, and Python is asked."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.expr_code import COMPARISON, SUM, Code, both, call, choice, function, infix, negation
from skyloom.deployers.aws.expr_strings import END, SPACE
from skyloom.deployers.aws.expr_writer import Writer
from skyloom.deployers.expressions.constants import text_of
from skyloom.flows.expr.nodes import Call


def beyond_ascii(writer: Writer, expr: Call) -> Code | None:
    """Whether the text has characters of which JSONata does not know what they are."""
    known = text_of(expr.arguments[0])
    if known is not None and known.isascii():
        return None
    return call("contains", writer.code(expr.arguments[0]), r"/[^\x00-\x7f]/")


def consists_of(characters: str) -> Callable[[Writer, Call], Code]:
    """`isdigit` and its like: whether there are such characters, and no others."""
    return lambda writer, expr: call("contains", writer.code(expr.arguments[0]), f"/^[{characters}]+{END}/")


is_space = consists_of(SPACE)
"""`isspace`, of any text."""


def cased(wanted: str, other: str) -> Callable[[Writer, Call], Code]:
    """`islower`, `isupper`: letters of one case, and none of the other."""

    def body(_: Writer, text: Code) -> Code:
        return both(call("contains", text, f"/[{wanted}]/"), negation(call("contains", text, f"/[{other}]/")))

    return lambda writer, expr: writer.let([("text", expr.arguments[0])], body)


def capitalized(writer: Writer, expr: Call) -> Code:
    """`capitalize`."""
    return writer.let([("text", expr.arguments[0])], lambda _, text: _capital(text))


def _capital(text: Code) -> Code:
    first = call("uppercase", call("substring", text, "0", "1"))
    return infix("&", first, call("lowercase", call("substring", text, "1")), SUM)


def title(writer: Writer, expr: Call) -> Code:
    """`title`: every run of letters is a word."""
    _, word = writer.fresh("word")
    capital = _capital(Code(f"{word}.match", simple=True))
    return call("replace", writer.code(expr.arguments[0]), "/[A-Za-z]+/", function([word], capital))


def swapped(writer: Writer, expr: Call) -> Code:
    """`swapcase`."""
    _, part = writer.fresh("part")
    letters = f"{part}.match"
    is_upper = infix("=", call("uppercase", letters), Code(letters), COMPARISON)
    other = choice(is_upper, call("lowercase", letters), call("uppercase", letters))
    return call("replace", writer.code(expr.arguments[0]), "/[A-Z]+|[a-z]+/", function([part], other))
