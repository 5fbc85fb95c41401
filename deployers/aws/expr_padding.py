"""Builtins on the edges of texts: stripping and padding."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import COMPARISON, SUM, Code, array, call, choice, infix, number
from skyloom.deployers.aws.expr_strings import END, SPACE
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant, text_of
from skyloom.flows.expr.nodes import Call
from skyloom.flows.expr.types import NULL


def strip(*, front: bool = True, back: bool = True) -> Callable[[Writer, Call], Code]:
    """`strip`, `lstrip`, `rstrip`."""

    def write(writer: Writer, expr: Call) -> Code:
        given = expr.arguments[1] if len(expr.arguments) > 1 else None
        if given is None or given.type == NULL:
            inside: str | None = SPACE
        else:
            known = text_of(given)
            if known is None:
                raise cannot(expr, "the characters to strip have to be a constant")
            if not known:
                return writer.code(expr.arguments[0])
            inside = "".join(map(_in_class, known))
        if any(ord(character) > 0xFFFF for character in text_of(given) or ""):
            raise cannot(expr, "characters beyond U+FFFF have no place in JSONata's regular expressions")
        edges = [f"^[{inside}]+"] if front else []
        if back:
            edges.append(f"[{inside}]+{END}")
        return call("replace", writer.code(expr.arguments[0]), f"/{'|'.join(edges)}/", "''")

    return write


def _in_class(character: str) -> str:
    """A character inside the brackets of a regular expression."""
    return character if character.isascii() and character.isalnum() else f"\\u{ord(character):04x}"


def pad(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`rjust`, `ljust`."""

    def write(writer: Writer, expr: Call) -> Code:
        text, width, *fill = expr.arguments
        known = constant(width)
        if known is not None:
            size = number(max(known, 0))
        else:
            size = call("max", array("0", numeric_code(writer, width)))
        signed = Code(f"-{size.text}") if front and size.text != "0" else size
        return call("pad", writer.code(text), signed, *(writer.code(f) for f in fill))

    return write


def center(writer: Writer, expr: Call) -> Code:
    """`center`: of an odd gap the larger half goes to the left where the width is odd."""
    text, width, *fill = expr.arguments

    def body(inner: Writer, value: Code, size: Code, *sign: Code) -> Code:
        _, gap = inner.fresh("gap")
        larger = f"{size.text} % 2 = 1 and {gap} % 2 = 1 ? 1 : 0"
        left = f"$floor({gap} / 2) + ({larger})"
        begun = call("pad", value, f"-($length({value.text}) + {left})", *sign)
        whole = call("pad", begun, size, *sign)
        return Code(f"({gap} := {size.at(SUM)} - $length({value.text}); {gap} > 0 ? {whole.text} : {value.text})")

    return writer.let([("text", text), ("width", numeric_code(writer, width)), *(("fill", f) for f in fill)], body)


def zero_fill(writer: Writer, expr: Call) -> Code:
    """`zfill`."""
    text, width = expr.arguments

    def body(_: Writer, value: Code, size: Code) -> Code:
        known = constant(width)
        # A sign is at least one character wide, a text none.
        wide, all_ = (call("max", array(least, size)) if known is None or known < 1 else size for least in "10")
        sign = call("substring", value, "0", "1")
        signed = infix("in", sign, Code("['+', '-']"), COMPARISON)
        rest = call("pad", call("substring", value, "1"), f"-({wide.text} - 1)", "'0'")
        return choice(signed, infix("&", sign, rest, SUM), call("pad", value, f"-{all_.text}", "'0'"))

    return writer.let([("text", text), ("width", numeric_code(writer, width))], body)
