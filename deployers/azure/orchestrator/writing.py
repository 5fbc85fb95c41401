"""Lines of Python: calls that fit a line or stand with one argument a line, and where they come from in the source."""

from __future__ import annotations

from collections.abc import Sequence

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
    return [before, *(f"{INDENT}{argument}," for argument in arguments), after]


def placed(lines: Lines, place: str, depth: int) -> Lines:
    """The lines of a statement, with its place in the source: behind it where it fits, else above."""
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
