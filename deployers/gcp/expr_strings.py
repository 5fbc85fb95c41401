"""Methods of texts.

Where Google's functions count characters, or change their case, the guards of `expr_failures` let only texts through
for which every way of counting, and every table of letters, gives the same: `COUNTED`, `CASED`, `ASCII`.
"""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.expressions.constants import constant, text_of
from skyloom.deployers.expressions.kinds import STRING, kinds
from skyloom.deployers.gcp.expr_code import (
    COMPARISON,
    EMPTY,
    SUM,
    TRUE,
    Code,
    both,
    call,
    choice,
    either,
    infix,
    negation,
    number,
    string,
)
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Array, Call, Expr, Spread

ASCII = r"[^\t\n\r -~]"
"""What is no text of ASCII alone."""

CASED = r"[^\t\n\r -~À-Þà-þ]"
"""What is no letter whose upper and lower case are one letter each, and everybody's."""

COUNTED = r"[^\t\n\r -~¡-˿Ͱ-ҁ‐-‧€一-鿿]"
"""What may count as no character of its own: marks that combine, characters beyond the basic plane."""

SPACES = r"[\t\n\f\r ]+"
"""White space, of texts of ASCII without other control characters."""


def has(text: Code, pattern: str) -> Code:
    """Whether the regular expression (RE2) matches somewhere in the text."""
    return call("text.match_regex", text, string(pattern))


def _plain(expr: Call, most: int = 1) -> Expr:
    """The text that a method is called on, where it has not more than so many arguments."""
    if len(expr.arguments) + len(expr.keywords) > most:
        raise cannot(expr, "this method with these arguments is known to Python only")
    return expr.arguments[0]


def same_case(function: str) -> Callable[[Writer, Call], Code]:
    """`lower`, `upper`."""
    return lambda writer, expr: call(function, writer.code(expr.arguments[0]))


def consists_of(characters: str) -> Callable[[Writer, Call], Code]:
    """`isdigit` and its like: whether there are such characters, and no others."""
    return lambda writer, expr: has(writer.code(expr.arguments[0]), f"^[{characters}]+$")


def cased(wanted: str, other: str) -> Callable[[Writer, Call], Code]:
    """`islower`, `isupper`: letters of one case, and none of the other."""

    def write(writer: Writer, expr: Call) -> Code:
        text = writer.code(expr.arguments[0])
        return both(has(text, f"[{wanted}]"), negation(has(text, f"[{other}]")))

    return write


def capitalized(writer: Writer, expr: Call) -> Code:
    """`capitalize`."""
    text = writer.code(expr.arguments[0])
    length = call("len", text)
    split = call("math.min", number(1), length)
    first = call("text.to_upper", call("text.substring", text, number(0), split))
    return infix("+", first, call("text.to_lower", call("text.substring", text, split, length)), SUM)


# --- the ends of a text -------------------------------------------------------------------------------------------


def strip(pattern: str) -> Callable[[Writer, Call], Code]:
    """`strip`, `lstrip`, `rstrip` of white space."""

    def write(writer: Writer, expr: Call) -> Code:
        return call("text.replace_all_regex", writer.code(_plain(expr)), string(pattern), EMPTY)

    return write


def affix(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`startswith`, `endswith`."""

    def write(writer: Writer, expr: Call) -> Code:
        text, wanted = _plain(expr, 2), expr.arguments[1]
        if isinstance(wanted, Array):
            tests = [_starts(writer, expr, text, one, front=front) for one in wanted.items]
            if not tests:
                raise cannot(expr, "whether a text starts with none of no texts is left to Python")
            return either(*tests)
        return _starts(writer, expr, text, wanted, front=front)

    return write


def _starts(writer: Writer, place: Call, text: Expr, wanted: Expr, *, front: bool) -> Code:
    if kinds(wanted.type) != STRING:
        raise cannot(place, "whether this is one text or several shows only at run time")
    code, part = writer.code(text), writer.code(wanted)
    if text_of(wanted) == "":
        return TRUE
    length = call("len", code)
    known = text_of(wanted)
    size = call("math.min", call("len", part) if known is None else number(len(known)), length)
    begin, end = (number(0), size) if front else (infix("-", length, size, SUM), length)
    return infix("==", call("text.substring", code, begin, end), part, COMPARISON)


def remove_affix(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`removeprefix`, `removesuffix`."""

    def write(writer: Writer, expr: Call) -> Code:
        text, wanted = expr.arguments
        known = text_of(wanted)
        code = writer.code(text)
        length = call("len", code)
        found = _starts(writer, expr, text, wanted, front=front)
        size = call("len", writer.code(wanted)) if known is None else number(len(known))
        # Both results are computed: the part stays within the text also where it is not taken.
        cut = choice(found, size, number(0))
        if front:
            return call("text.substring", code, cut, length)
        return call("text.substring", code, number(0), infix("-", length, cut, SUM))

    return write


# --- parts --------------------------------------------------------------------------------------------------------


def replace(writer: Writer, expr: Call) -> Code:
    """`replace`."""
    text, old, new = _plain(expr, 3), expr.arguments[1], expr.arguments[2]
    return call("text.replace_all", writer.code(text), writer.code(old), writer.code(new))


def parts(writer: Writer, text: Expr, separator: Expr) -> Code:
    """The parts of a text between separators."""
    if text_of(separator) == "":
        raise cannot(separator, "what Workflows does with an empty separator is not documented")
    return call("text.split", writer.code(text), writer.code(separator))


def split(writer: Writer, expr: Call) -> Code:
    """`split` at a separator, as often as it is there."""
    _plain(expr, 2)
    separator = next((a for a in (*expr.arguments[1:], *(k.value for k in expr.keywords if k.name == "sep"))), None)
    if separator is None or kinds(separator.type) != STRING:
        raise cannot(expr, "splitting at white space is known to Python only", "name the separator: split(' ')")
    return parts(writer, expr.arguments[0], separator)


def count(writer: Writer, expr: Call) -> Code:
    """`count`."""
    text = _plain(expr, 2)
    return infix("-", call("len", parts(writer, text, expr.arguments[1])), number(1), SUM)


def find(writer: Writer, expr: Call) -> Code:
    """`find`, and `index` where it finds something: what stands before the text is as long as its position."""
    text = _plain(expr, 2)
    found = parts(writer, text, expr.arguments[1])
    before = call("len", Code(f"{found.text}[0]"))
    if expr.function == "str.index":
        return before
    return choice(infix(">", call("len", found), number(1), COMPARISON), before, number(-1))


def join(writer: Writer, expr: Call) -> Code:
    """`join` of texts that are written side by side."""
    separator, values = expr.arguments
    if not isinstance(values, Array) or any(isinstance(item, Spread) for item in values.items):
        raise cannot(expr, "a loop in Workflows costs a step for every round, a call of the helper function one step")
    between, result = writer.code(separator), EMPTY
    for place, item in enumerate(values.items):
        code = writer.code(item)
        result = infix("+", infix("+", result, between, SUM), code, SUM) if place else code
    return result


# --- padding ------------------------------------------------------------------------------------------------------

_WIDEST = 100


def pad(*, front: bool) -> Callable[[Writer, Call], Code]:
    """`rjust`, `ljust`."""

    def write(writer: Writer, expr: Call) -> Code:
        fill = text_of(expr.arguments[2]) if len(expr.arguments) > 2 else " "
        width = constant(expr.arguments[1])
        if fill is None or len(fill) != 1 or not fill.isascii() or width is None:
            raise cannot(expr, "padding by what shows only at run time is known to Python only")
        return padded(expr, writer.code(expr.arguments[0]), width, fill, front=front)

    return write


def padded(place: Expr, text: Code, width: int, fill: str, *, front: bool) -> Code:
    """The text, filled up to a width."""
    if width > _WIDEST:
        raise cannot(place, f"more than {_WIDEST} characters of padding are left to Python")
    if width <= 0:
        return text
    missing = call("math.max", number(0), infix("-", number(width), call("len", text), SUM))
    padding = call("text.substring", string(fill * width), number(0), missing)
    return infix("+", *((padding, text) if front else (text, padding)), SUM)
