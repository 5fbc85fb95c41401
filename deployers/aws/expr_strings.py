"""Builtins on texts. Positions and lengths count code points in JSONata as in Python."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.expr_arithmetic import constant, numeric_code
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    SUM,
    Code,
    array,
    call,
    choice,
    either,
    function,
    infix,
    number,
    string,
)
from skyloom.deployers.aws.expr_kinds import STRING, kinds
from skyloom.deployers.aws.expr_loops import as_list, elements
from skyloom.deployers.aws.expr_ordering import keyword
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Array, Call, Expr, Literal, Spread
from skyloom.flows.expr.types import NULL

SPACE = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python calls white space, as part of a class of a regular expression."""
_LINE_END = r"\r\n|[\n-\r\x1c-\x1e\x85\u2028\u2029]"
END = r"(?![\s\S])"
"""The end of a text: `$` also stands in front of a last line break in some engines."""


def plain(name: str) -> Callable[[Writer, Call], Code]:
    """A method that JSONata has as a function."""
    return lambda writer, expr: call(name, *(writer.code(argument) for argument in expr.arguments))


def text_of(expr: Expr | None) -> str | None:
    """A constant text."""
    match expr:
        case Literal(value=str() as value):
            return value
        case _:
            return None


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
    wanted = _from_both_ends(expr, expr.arguments[1])

    def body(_: Writer, text: Code) -> Code:
        behind = call("length", Code(f"{call('split', text, string(wanted)).text}[-1]"))
        place = Code(f"$length({text.text}) - {behind.text} - {len(wanted)}", SUM)
        return choice(call("contains", text, string(wanted)), place, number(-1))

    return writer.let([("text", expr.arguments[0])], body)


def _from_both_ends(place: Expr, separator: Expr | None) -> str:
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


def partition(writer: Writer, expr: Call) -> Code:
    """`partition`."""

    def body(_: Writer, text: Code, separator: Code) -> Code:
        parts = array(call("substringBefore", text, separator), separator, call("substringAfter", text, separator))
        return choice(call("contains", text, separator), parts, array(text, "''", "''"))

    return writer.let([("text", expr.arguments[0]), ("separator", expr.arguments[1])], body)


def partition_last(writer: Writer, expr: Call) -> Code:
    """`rpartition`."""
    separator = _from_both_ends(expr, expr.arguments[1])

    def body(inner: Writer, text: Code) -> Code:
        _, last = inner.fresh("last")
        sign = string(separator)
        kept = f"$length({text.text}) - $length({last}) - {len(separator)}"
        parts = array(call("substring", text, "0", kept), sign, last)
        missing = array("''", "''", text)
        pieces = call("split", text, sign)
        found = choice(call("contains", text, sign), parts, missing)
        return Code(f"({last} := {pieces.text}[-1]; {found.text})")

    return writer.let([("text", expr.arguments[0])], body)


def split(writer: Writer, expr: Call) -> Code:
    """`split` and `rsplit`."""
    text = expr.arguments[0]
    separator, most = keyword(expr, "sep", 1), keyword(expr, "maxsplit", 2)
    limit = -1 if most is None else constant(most)
    if separator is None or separator.type == NULL:
        if limit is None or limit >= 0:
            raise cannot(expr, "a limited split at white space is known to Python only")
        _, word = writer.fresh("word")
        words = call("split", writer.code(text), f"/[{SPACE}]+/")
        return as_list(call("filter", words, function([word], Code(f"{word} != ''"))), nested=False)
    if kinds(separator.type) != STRING:
        raise cannot(expr, "whether there is a separator shows only at run time")
    last = expr.function == "str.rsplit"
    if limit is not None and limit < 0:
        if last:
            _from_both_ends(expr, separator)
        return call("split", writer.code(text), writer.code(separator))
    if limit == 0:
        return array(writer.code(text))
    if limit != 1:
        raise cannot(expr, "only maxsplit=1 is exact on AWS", "use partition, or split without a limit")
    return _split_last(writer, expr, text, separator) if last else _split_once(writer, text, separator)


def _split_once(writer: Writer, text: Expr, separator: Expr) -> Code:
    def body(_: Writer, value: Code, sign: Code) -> Code:
        parts = array(call("substringBefore", value, sign), call("substringAfter", value, sign))
        return choice(call("contains", value, sign), parts, array(value))

    return writer.let([("text", text), ("separator", separator)], body)


def _split_last(writer: Writer, expr: Call, text: Expr, separator: Expr) -> Code:
    wanted = _from_both_ends(expr, separator)

    def body(inner: Writer, value: Code) -> Code:
        _, last = inner.fresh("last")
        sign = string(wanted)
        kept = f"$length({value.text}) - $length({last}) - {len(wanted)}"
        parts = array(call("substring", value, "0", kept), last)
        found = choice(call("contains", value, sign), parts, array(value))
        return Code(f"({last} := {call('split', value, sign).text}[-1]; {found.text})")

    return writer.let([("text", text)], body)


def split_lines(writer: Writer, expr: Call) -> Code:
    """`splitlines`."""
    keep = keyword(expr, "keepends", 1)
    if keep is not None and not (isinstance(keep, Literal) and keep.value is False):
        raise cannot(expr, "splitlines that keeps line ends is known to Python only")

    def body(inner: Writer, lines: Code) -> Code:
        inner, line = inner.fresh("line")
        _, index = inner.fresh("index")
        test = Code(f"{line} != '' or {index} < $count({lines.text}) - 1")
        return as_list(call("filter", lines, function([line, index], test)), nested=False)

    return writer.let([("lines", call("split", writer.code(expr.arguments[0]), f"/{_LINE_END}/"))], body)


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


# --- edges ------------------------------------------------------------------------------------------------------


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
        wide = size if constant(width) is not None and constant(width) > 0 else call("max", array("1", size))  # type: ignore[operator]
        sign = call("substring", value, "0", "1")
        signed = infix("in", sign, Code("['+', '-']"), COMPARISON)
        rest = call("pad", call("substring", value, "1"), f"-({wide.text} - 1)", "'0'")
        return choice(signed, infix("&", sign, rest, SUM), call("pad", value, f"-{wide.text}", "'0'"))

    return writer.let([("text", text), ("width", numeric_code(writer, width))], body)


def digest(writer: Writer, expr: Call) -> Code:
    """`sha256`."""
    given = [*expr.arguments, *(k.value for k in expr.keywords)]
    return call("hash", writer.code(given[0]), "'SHA-256'")
