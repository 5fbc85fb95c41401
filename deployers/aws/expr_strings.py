"""Builtins on texts. Positions and lengths count code points in JSONata as in Python."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    SUM,
    Code,
    call,
    choice,
    either,
    infix,
    number,
    string,
)
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant, text_of
from skyloom.deployers.expressions.kinds import STRING, kinds
from skyloom.flows.expr.nodes import Array, Call, Expr, Spread

SPACE = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python calls white space, as part of a class of a regular expression."""
END = r"(?![\s\S])"
"""The end of a text: `$` also stands in front of a last line break in some engines."""


def plain(name: str) -> Callable[[Writer, Call], Code]:
    """A method that JSONata has as a function."""
    return lambda writer, expr: call(name, *(writer.code(argument) for argument in expr.arguments))


def _refuse_bounds(expr: Call, bounds: int) -> None:
    if len(expr.arguments) > bounds:
        raise cannot(expr, "this method with bounds is known to Python only", "slice the text first")


# --- searching --------------------------------------------------------------------------------------------------


def find(writer: Writer, expr: Call) -> Code:
    """`find`, `index`."""
    _refuse_bounds(expr, 2)

    def body(_: Writer, text: Code, wanted: Code) -> Code:
        place = call("length", call("substringBefore", text, wanted))
        return place if expr.function == "str.index" else choice(call("contains", text, wanted), place, number(-1))

    return writer.let([("text", expr.arguments[0]), ("wanted", expr.arguments[1])], body)


def find_last(writer: Writer, expr: Call) -> Code:
    """`rfind`."""
    _refuse_bounds(expr, 2)
    wanted = from_both_ends(expr, expr.arguments[1])

    def body(_: Writer, text: Code) -> Code:
        behind = call("length", Code(f"{call('split', text, string(wanted)).text}[-1]"))
        place = Code(f"$length({text.text}) - {behind.text} - {len(wanted)}", SUM)
        return choice(call("contains", text, string(wanted)), place, number(-1))

    return writer.let([("text", expr.arguments[0])], body)


def from_both_ends(place: Expr, separator: Expr | None) -> str:
    """A constant text that is found at the same places from the left and from the right: it does not overlap itself."""
    found = text_of(separator)
    if not found or any(found.startswith(found[start:]) for start in range(1, len(found))):
        raise cannot(place, "JSONata searches from the left only")
    return found


def count(writer: Writer, expr: Call) -> Code:
    """`count`."""
    _refuse_bounds(expr, 2)
    if text_of(expr.arguments[1]) == "":
        return infix("+", call("length", writer.code(expr.arguments[0])), number(1), SUM)
    pieces = call("split", *(writer.code(argument) for argument in expr.arguments))
    return infix("-", call("count", pieces), number(1), SUM)


def affix(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`startswith`, `endswith`."""

    def write(writer: Writer, expr: Call) -> Code:
        _refuse_bounds(expr, 2)
        text, wanted = expr.arguments
        match wanted:
            case Array(items=items) if not any(isinstance(item, Spread) for item in items):
                alternatives: tuple[Expr, ...] = items
            case _ if kinds(wanted.type) == STRING:
                alternatives = (wanted,)
            case _:
                raise cannot(expr, "give the alternatives as a tuple display")
        names = [(f"affix{index or ''}", alternative) for index, alternative in enumerate(alternatives, 1)]
        if len(names) == 1:
            names = [("affix", alternatives[0])]

        def body(_: Writer, value: Code, *affixes: Code) -> Code:
            tests = [
                _has_affix(value, code, text_of(alternative), front=front)
                for code, alternative in zip(affixes, alternatives, strict=True)
            ]
            return either(*tests) if tests else Code("false")

        return writer.let([("text", text), *names], body)

    return write


def _has_affix(text: Code, wanted: Code, known: str | None, *, front: bool) -> Code:
    if known == "":
        return Code("true", simple=True)
    size = call("length", wanted) if known is None else number(len(known))
    if front:
        part = call("substring", text, "0", size)
    elif known is not None:
        part = call("substring", text, number(-len(known)))
    else:
        part = call("substring", text, infix("-", call("length", text), size, SUM))
    return infix("=", part, wanted, COMPARISON)


# --- parts ------------------------------------------------------------------------------------------------------


def remove_affix(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`removeprefix`, `removesuffix`."""

    def write(writer: Writer, expr: Call) -> Code:
        known = text_of(expr.arguments[1])

        def body(_: Writer, text: Code, wanted: Code) -> Code:
            size = call("length", wanted) if known is None else number(len(known))
            rest = (
                call("substring", text, size)
                if front
                else call("substring", text, "0", infix("-", call("length", text), size, SUM))
            )
            return choice(_has_affix(text, wanted, known, front=front), rest, text)

        return writer.let([("text", expr.arguments[0]), ("affix", expr.arguments[1])], body)

    return write


def join(writer: Writer, expr: Call) -> Code:
    """`join`."""
    separator, parts = expr.arguments
    if text_of(separator) == "":
        return call("join", elements(writer, parts))
    return call("join", elements(writer, parts), writer.code(separator))


def replace(writer: Writer, expr: Call) -> Code:
    """`replace`."""
    text, old, new, *most = expr.arguments
    codes = [writer.code(argument) for argument in (text, old, new)]
    if not most:
        return call("replace", *codes)
    limit = constant(most[0])
    if limit is None:
        raise cannot(expr, "the count of replace has to be a constant")
    return call("replace", *codes) if limit < 0 else call("replace", *codes, number(limit))


def digest(writer: Writer, expr: Call) -> Code:
    """`sha256`."""
    given = [*expr.arguments, *(k.value for k in expr.keywords)]
    return call("hash", writer.code(given[0]), "'SHA-256'")
