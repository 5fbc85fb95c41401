"""Places inside string literals: where in the file a character of the string's value was written."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from skyloom.errors import Span
from skyloom.flows.frontend.source import SourceFile

_ESCAPE = re.compile(
    r"""\\(?:\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\\'"abfnrtv])"""
)


class LiteralText:
    """The value of the string expression `node`; gives the place of a stretch of it."""

    def __init__(self, source: SourceFile, node: ast.expr | None, fallback: Span) -> None:
        """`fallback` is the place of everything where there is no `node`; where the text is no plain literal (a
        constant's name), the whole of `node` is."""
        self._whole = source.span(node) if node is not None else fallback
        self._places: list[Span] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            places = list(_places(source, self._whole))
            if len(places) == len(node.value):
                self._places = places

    def span(self, start: int, end: int) -> Span:
        """Where the characters `start` to `end` (exclusive, at least one) of the value stand."""
        if not self._places:
            return self._whole
        first, last = self._places[start], self._places[end - 1]
        return Span(first.line, first.column, last.end_line, last.end_column)


def _places(source: SourceFile, whole: Span) -> Iterator[Span]:
    """Where each character of the literal's value was written."""
    lines = [source.line(number) for number in range(whole.line, whole.end_line + 1)]
    lines[-1] = lines[-1][: whole.end_column - 1]
    text = "\n".join(lines)[whole.column - 1 :]
    # In parentheses, so that literals joined over several lines tokenize as one expression.
    for token in tokenize.generate_tokens(io.StringIO(f"({text})").readline):
        if token.type == tokenize.STRING:
            line, column = token.start
            offset = whole.column - 1 if line == 1 else 1
            yield from _token_places(token.string, whole.line + line - 1, column + offset)


def _token_places(token: str, line: int, column: int) -> Iterator[Span]:
    match = re.match(r"([a-zA-Z]*)('''|\"\"\"|'|\")", token)
    assert match is not None
    raw = "r" in match[1].lower()
    index, stop = match.end(), len(token) - len(match[2])
    column += match.end()
    while index < stop:
        escape = None if raw else _ESCAPE.match(token, index)
        written = escape[0] if escape else token[index]
        if written != "\\\n":
            yield Span(line, column, line, column + len(written))
        index += len(written)
        line, column = (line + 1, 1) if written.endswith("\n") else (line, column + len(written))
