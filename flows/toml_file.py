"""A TOML file that knows where its keys stand, so that a mistake in it can be shown in its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skyloom.errors import ConfigError, Diagnostic, Span
from skyloom.flows.frontend.source import shown

Keys = tuple[str, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_TABLE = re.compile(rf"\s*\[\[?[ \t]*({_PATH})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"\s*({_PATH})[ \t]*=")


class TomlFile:
    """One parsed TOML file.

    Attributes:
        path: where it is.
        name: how it is shown to the user.
        data: its content.
    """

    def __init__(self, path: Path) -> None:
        """Reads and parses the file at `path`. Raises ConfigError (SKY630)."""
        self.path = path
        self.name = shown(path)
        self._lines: list[str] = []
        try:
            text = path.read_bytes().decode("utf-8-sig")
            self._lines = text.splitlines()
            self.data: dict[str, Any] = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(
                Diagnostic("SKY630", f"the file cannot be read: {error.strerror or error}", self.name)
            ) from None
        except UnicodeDecodeError:
            raise ConfigError(Diagnostic("SKY630", "the file is not UTF-8 text", self.name)) from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(self._syntax_error(str(error))) from None

    def diagnostic(self, code: str, message: str, keys: Keys, hint: str | None = None) -> Diagnostic:
        """A problem with the entry at `keys`, such as ("models", "local", "fast")."""
        span = self._place(keys)
        source = None if span is None else self._lines[span.line - 1]
        return Diagnostic(code, message, self.name, span, hint, source)

    def _place(self, keys: Keys) -> Span | None:
        """Where the key or table `keys` stands; else the nearest table around it, else the first thing inside it."""
        around: tuple[int, Span] | None = None
        inside: Span | None = None
        for found, span in self._entries():
            if keys[: len(found)] == found and (around is None or len(found) > around[0]):
                around = (len(found), span)
            if found[: len(keys)] == keys and inside is None:
                inside = span
        if around is not None and (around[0] == len(keys) or inside is None):
            return around[1]
        return inside

    def _entries(self) -> Iterator[tuple[Keys, Span]]:
        """The tables and keys of the file in order. `tomllib` tells no places, so they are found in the text."""
        table: Keys = ()
        for number, line in enumerate(self._lines, start=1):
            header = _TABLE.match(line)
            found = header or _ASSIGNMENT.match(line)
            if found is None:
                continue
            path = tuple(part.strip("\"'") for part in re.findall(_KEY, found[1]))
            if header is not None:
                table = path
            span = Span(number, found.start(1) + 1, number, found.end(1) + 1)
            yield (path if header is not None else (*table, *path)), span

    def _syntax_error(self, message: str) -> Diagnostic:
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", message)
        problem = "this is not TOML: " + re.sub(r" \(at .*\)", "", message)
        if place is None or place[1] is None:
            return Diagnostic("SKY630", problem, self.name)
        line, column = int(place[1]), int(place[2])
        return Diagnostic(
            "SKY630", problem, self.name, Span(line, column, line, column + 1), None, self._lines[line - 1]
        )
