"""How wide a text is and where it breaks, without a font at hand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set. `size` in pixels; `mono` for source."""

    size: float
    bold: bool = False
    mono: bool = False
    spacing: float = 0.0
    """Pixels added behind every character."""

    @property
    def leading(self) -> float:
        """Pixels from one line to the next."""
        return round(self.size * 1.4, 1)


_CLASSES = {
    " ,.:;!|'Iijl": 0.34,
    "()[]frt/\\-J`": 0.41,
    '"*_?sczLT': 0.56,
    "$0123456789abdeghknopquvxyABEFKPRSVXYZ{}": 0.66,
    "CDGHNOQUw&": 0.80,
    "#+<=>^~M": 0.86,
    "@%Wm": 0.99,
}
_EM = {character: width for characters, width in _CLASSES.items() for character in characters}
"""Widths of characters in parts of the size, of the widest of the usual sans-serif fonts, so that no font overflows."""

_MONO = 0.602
_BOLD = 1.12
_PIECES = re.compile(r"[^\s,.(\[{_/=]*[\s,.(\[{_/=]?")
"""A text may break behind these."""


def width(text: str, style: Style) -> float:
    """The pixels that `text` takes at most in one line."""
    return sum(_advance(character, style) for character in text)


def _advance(character: str, style: Style) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return style.size * 1.1 + style.spacing
    if style.mono:
        return style.size * _MONO + style.spacing
    wide = _EM.get(character, 0.8 if character.isupper() else 0.68 if character.isalpha() else 1.0)
    return style.size * wide * (_BOLD if style.bold else 1.0) + style.spacing


def wrap(text: str, style: Style, room: float, lines: int) -> tuple[str, ...]:
    """`text` in at most `lines` lines of at most `room` pixels; what does not fit is cut and `…` says so."""
    # Far more than fits is cut before it is measured.
    text = " ".join(text.split())[: int(lines * room / (style.size * 0.25)) + 1]
    done: list[str] = []
    current = ""
    for piece in _pieces(text, style, room):
        if width((current + piece).rstrip(), style) > room:
            line = _until_space(current)
            done.append(line)
            current = current[len(line) :]
        current += piece
    done.append(current)
    shown = [line.strip() for line in done[: lines - 1]]
    rest = "".join(done[lines - 1 :]).strip()
    return tuple(line for line in (*shown, cut(rest, style, room)) if line)


def cut(text: str, style: Style, room: float) -> str:
    """`text` in one line of at most `room` pixels; ends with `…` where it was cut."""
    if width(text, style) <= room:
        return text
    while text and width(text + "…", style) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _until_space(line: str) -> str:
    """`line` up to its last space, where that leaves at least half of it; else all of it."""
    space = line.rfind(" ") + 1
    return line[:space] if space * 2 >= len(line) else line


def _pieces(text: str, style: Style, room: float) -> Iterator[str]:
    """The stretches of `text` that stay in one line; a stretch too wide for any line is broken anywhere."""
    for piece in _PIECES.findall(text):
        while width(piece.rstrip(), style) > room:
            head = next(n for n in range(len(piece), 0, -1) if n == 1 or width(piece[:n], style) <= room)
            yield piece[:head]
            piece = piece[head:]
        yield piece
