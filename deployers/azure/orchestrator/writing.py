"""Lines of Python: calls that fit a line or stand with one argument a line, and where they come from in the source."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Sequence
from itertools import pairwise

WIDTH = 120
"""Characters of a line, indentation included."""
INDENT = "    "

Lines = list[str]


def indented(lines: Sequence[str]) -> Lines:
    """The lines one level deeper."""
    return [f"{INDENT}{line}" if line else "" for line in lines]


def call(before: str, arguments: Sequence[str], after: str = ")", depth: int = 0) -> Lines:
    """`before` up to the opening bracket, the arguments, `after` with the closing one: on one line where they fit."""
    line = f"{before}{', '.join(arguments)}{after}"
    if len(line) + len(INDENT) * depth <= WIDTH or not arguments:
        return [line]
    parts = (_ended(wrapped(argument, depth + 1), ",") for argument in arguments)
    return [before, *indented([line for part in parts for line in part]), after]


def placed(lines: Lines, place: str, depth: int) -> Lines:
    """The lines of a statement, with its place in the source: behind it where it fits, else above."""
    lines = wrapped(lines[0], depth) if len(lines) == 1 else lines
    if len(lines) == 1 and len(lines[0]) + len(INDENT) * depth + len(place) + 4 <= WIDTH:
        return [f"{lines[0]}  # {place}"]
    return [f"# {place}", *lines]


def tuple_of(names: Sequence[str]) -> str:
    """A tuple of texts."""
    inner = ", ".join(quoted(name) for name in names)
    return f"({inner},)" if len(names) == 1 else f"({inner})"


def quoted(text: str) -> str:
    """The text as Python, in double quotes."""
    body = repr(text)[1:-1]
    if repr(text).startswith('"'):
        return repr(text)
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def number(of: float) -> str:
    """A number of seconds, without a fraction where it has none."""
    return str(int(of)) if of == int(of) else repr(of)


def value(of: object) -> str:
    """A constant as Python, with double quotes."""
    match of:
        case str():
            return quoted(of)
        case dict():
            return "{" + ", ".join(f"{quoted(str(key))}: {value(item)}" for key, item in of.items()) + "}"
        case list():
            return "[" + ", ".join(map(value, of)) + "]"
        case tuple():
            inner = ", ".join(map(value, of))
            return f"({inner},)" if len(of) == 1 else f"({inner})"
        case float() if of != of or of in (float("inf"), float("-inf")):
            return f'float("{of}")'
        case _:
            return repr(of)


# --- long lines -------------------------------------------------------------------------------------------------------

_OPENING, _CLOSING = "([{", ")]}"


def wrapped(line: str, depth: int) -> Lines:
    """The line, or where it is too long and ends with a bracket: what stands in it, one part a line. What Python would
    read otherwise stays as it is."""
    lines = _broken(line, depth)
    return lines if len(lines) == 1 or _read(line) == _read("\n".join(lines)) else [line]


def _read(text: str) -> str:
    """What Python reads: a statement, the head of one, or an argument."""
    text = re.sub(r"^elif ", "if ", text) + (" pass" if text.endswith(":") else "")
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return ast.dump(ast.parse(f"f(\n{text}\n)"))


def _broken(line: str, depth: int) -> Lines:
    head = line.removesuffix(":")
    opening = _outside(head).rfind("[") if head and head[-1] in _CLOSING else -1
    if len(line) + len(INDENT) * depth <= WIDTH or opening < 0:
        return [line]
    parts = _parts(head[opening + 1 : -1])
    if not parts:
        return [line]
    lines = [_broken(part, depth + 1) for part in parts]
    last = "," if _takes_a_comma(head, opening) else ""
    inner = [*(more for part in lines[:-1] for more in _ended(part, ",")), *_ended(lines[-1], last)]
    return [line[: opening + 1], *indented(inner), line[len(head) - 1 :]]


def _takes_a_comma(line: str, opening: int) -> bool:
    """Whether a comma behind the last part of the line's last bracket means nothing: not in an index, not in brackets
    around one value, not behind a comprehension."""
    inner = _outside(line[opening + 1 : -1])
    if " for " in inner:
        return False
    before = line[:opening].rstrip()[-1:]
    is_behind_a_value = before.isalnum() or before in ("_", '"', "'", *_CLOSING)
    match line[opening]:
        case "[":
            return not is_behind_a_value or "," in inner
        case "(":
            is_call = is_behind_a_value and not _KEYWORD.search(line[:opening])
            return is_call or "," in inner
        case _:
            return True


_KEYWORD = re.compile(rf"\b(?:{'|'.join(keyword.kwlist)})\s*$")
"""Behind a keyword a bracket begins a value: it calls nothing."""


def _ended(lines: Lines, comma: str) -> Lines:
    return [*lines[:-1], f"{lines[-1]}{comma}"]


def _parts(text: str) -> Lines:
    """What stands between the commas; a comprehension is one part."""
    outside = _outside(text)
    commas = [] if " for " in outside else [at for at, sign in enumerate(outside) if sign == ","]
    found = [text[start + 1 : end].strip() for start, end in pairwise([-1, *commas, len(text)])]
    return [part for part in found if part]


def _outside(text: str) -> str:
    """The text with blanks for what stands in quotes or brackets, and `[` for every bracket that opens."""
    found, depth, quote, escaped = [], 0, "", False
    for sign in text:
        shown = " "
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "\"'":
            quote = sign
        elif sign in _OPENING:
            shown = " " if depth else "["
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif not depth:
            shown = sign
        found.append(shown)
    return "".join(found)
