"""Python string literals and f-strings as a person would write them, for every Python from 3.11 on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hole:
    """A replacement field: the source of its expression, and its format."""

    source: str
    spec: str = ""


def quoted(text: str) -> str:
    """`text` as a string literal, in double quotes where that needs no escape."""
    quote = "'" if '"' in text and "'" not in text else '"'
    return f"{quote}{_escaped(text, quote)}{quote}"


def fstring(parts: Sequence[str | Hole]) -> str | None:
    """The parts as one f-string, or None where Python 3.11 has no way to write it: its expressions hold no backslash
    and not the quote that surrounds them."""
    sources = "".join(part.source for part in parts if isinstance(part, Hole))
    quote = next((quote for quote in ('"', "'") if quote not in sources), None)
    if quote is None or "\\" in sources:
        return None
    return f"f{quote}{''.join(_part(part, quote) for part in parts)}{quote}"


def _part(part: str | Hole, quote: str) -> str:
    if isinstance(part, str):
        return _escaped(part, quote).replace("{", "{{").replace("}", "}}")
    # A brace at once behind the opening one would be an escaped brace.
    space = " " if part.source.startswith("{") else ""
    return f"{{{space}{part.source}{':' if part.spec else ''}{part.spec}}}"


def _escaped(text: str, quote: str) -> str:
    return "".join(_character(character, quote) for character in text)


def _character(character: str, quote: str) -> str:
    if character in "'\"":
        return f"\\{character}" if character == quote else character
    return repr(character)[1:-1]
