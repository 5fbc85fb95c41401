"""A TOML file with its text, so that a problem can be shown at the line of its key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import ConfigError, Diagnostic, Span
from skyloom.flows.frontend.source import shown


@dataclass(frozen=True, slots=True)
class TomlSource:
    """A parsed TOML file. `name` is its path as users are shown it."""

    path: Path
    name: str
    lines: tuple[str, ...]
    document: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlSource:
        """Reads and parses a file. Raises ConfigError(SKY630): it cannot be read, is not UTF-8, or not TOML."""
        name = shown(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(Diagnostic("SKY630", f"the file cannot be read: {error.strerror}", name)) from error
        except UnicodeDecodeError as error:
            message = f"the file is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}"
            raise ConfigError(Diagnostic("SKY630", message, name)) from error
        lines = tuple(text.splitlines())
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(_syntax_error(str(error), name, lines)) from error
        return cls(path, name, lines, document)

    def diagnostic(self, code: str, message: str, keys: tuple[str, ...], hint: str | None) -> Diagnostic:
        """A problem with the entry at `keys`."""
        span = self.place(keys)
        source = self.lines[span.line - 1] if span else None
        return Diagnostic(code, message, self.name, span, hint, source)

    def place(self, keys: tuple[str, ...]) -> Span | None:
        """Where the entry, or else the table it would stand in, is written."""
        places = list(self._keys_by_line())
        for length in range(len(keys), 0, -1):
            for line, found in places:
                if found[:length] == keys[:length]:
                    return self._span(line, keys[length - 1])
        return None

    def _span(self, line: int, key: str) -> Span:
        text = self.lines[line - 1]
        match = re.search(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?(?![\w-])", text)
        start, end = match.span() if match else (len(text) - len(text.lstrip()), len(text.rstrip()))
        return Span(line, start + 1, line, end + 1)

    def _keys_by_line(self) -> list[tuple[int, tuple[str, ...]]]:
        """The lines that name a table or an entry, with its whole path. A line inside a multi-line string may be taken
        for one too; it only matters where nothing before it has the path."""
        table: tuple[str, ...] = ()
        found = []
        for number, line in enumerate(self.lines, start=1):
            stripped = line.strip()
            if stripped.startswith("["):
                header = _path(stripped)
                if header:
                    table = header
                    found.append((number, table))
            elif "=" in stripped:
                key = _path(stripped.partition("=")[0] + "= 0")
                if key:
                    found.append((number, table + key))
        return found


def _path(line: str) -> tuple[str, ...]:
    """The dotted key that a line of TOML sets; empty if it sets none."""
    try:
        node: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while isinstance(node, (dict, list)) and node:
        if isinstance(node, list):
            node = node[0]
            continue
        key, node = next(iter(node.items()))
        keys.append(key)
    return tuple(keys)


def _syntax_error(message: str, name: str, lines: tuple[str, ...]) -> Diagnostic:
    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    text = f"the file is not TOML: {message[: match.start()] if match else message}"
    if match is None or not lines:
        return Diagnostic("SKY630", text, name)
    line = min(int(match[1] or len(lines)), len(lines))
    column = int(match[2]) if match[2] else len(lines[line - 1]) + 1
    return Diagnostic("SKY630", text, name, Span(line, column, line, column + 1), source=lines[line - 1])
