"""Single boxes: which words of a label go where, and how large the box becomes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from skyloom.flows.graph.geometry import STYLES, Form, Fragment, Rect, Role, Shape, TextLine
from skyloom.flows.graph.labels import Kind, Label
from skyloom.flows.graph.outline import Box
from skyloom.flows.graph.text import width, wrap

PADDING = 12.0
ROOM = 248.0
"""The widest a line of text on a box may be."""
NARROWEST = 168.0
_BETWEEN = 18.0
"""Pixels between what stands left and what stands right in a row."""
_ALONG = 1.8
"""A diamond is this many times as wide as the text in it."""

_PILLS: frozenset[Kind] = frozenset({"start", "end", "return", "raise", "jump"})
_LINES: dict[Kind, int] = {"return": 3, "start": 4}
"""How many lines one line of source may take on a box; 2 where nothing is said."""
_MOST_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a box: a text on the left and perhaps one on the right."""

    text: str
    role: Role
    beside: str = ""

    @property
    def width(self) -> float:
        room = width(self.text, STYLES[self.role])
        return room + (_BETWEEN + width(self.beside, STYLES["line"]) if self.beside else 0.0)

    @property
    def height(self) -> float:
        return STYLES[self.role].leading


def box(element: Box) -> Fragment:
    """A box or pill around its label, entered at the middle of its upper side."""
    label = element.label
    rows = _rows(label)
    form: Form = "pill" if label.kind in _PILLS else "box"
    small = label.kind in ("data", "end", "jump")
    wide = max(0.0 if small else NARROWEST, ceil(max(row.width for row in rows)) + 2 * PADDING)
    texts, bottom = place(rows, PADDING - wide / 2, wide - 2 * PADDING, PADDING - 2)
    rect = Rect(-wide / 2, 0.0, wide, bottom + PADDING - 2)
    shape = Shape(form, label.kind, rect, texts, tip=label.sentence, calls=element.calls, alarm=label.kind == "raise")
    return Fragment(left=wide / 2, right=wide / 2, height=rect.height, shapes=(shape,), through=not element.ends)


def diamond(label: Label) -> Fragment:
    """The diamond of a question, entered at its upper corner; its lower corner is where the fragment ends."""
    style = STYLES["code"]
    lines = wrap(label.title, style, ROOM * 0.8, 3)
    high = len(lines) * style.leading
    # A text of width a and height b fits a diamond of width w and height h where a / w + b / h <= 1.
    tall = ceil(high / (1 - 1 / _ALONG)) + 8.0
    wide = ceil(max(72.0, max(width(line, style) for line in lines) * _ALONG)) + 8.0
    first = tall / 2 - high / 2 + style.size
    texts = [TextLine(0.0, first + number * style.leading, line, "code", "middle") for number, line in enumerate(lines)]
    left = wide / 2
    if label.line is not None:
        # Above the slope of the upper left side.
        x = -wide / 4 - 16.0
        texts.append(TextLine(x, STYLES["line"].size - 2, _line(label), "line", "end"))
        left = max(left, width(_line(label), STYLES["line"]) - x)
    rect = Rect(-wide / 2, 0.0, wide, tall)
    shape = Shape("diamond", "choice", rect, tuple(texts), tip=label.sentence)
    return Fragment(left=left, right=wide / 2, height=tall, shapes=(shape,))


def header(label: Label) -> tuple[Row, ...]:
    """The rows at the head of a group's frame."""
    rows = [Row(label.caption, "caption", _line(label))]
    rows += (Row(line, "header") for line in wrap(label.title, STYLES["header"], ROOM * 1.2, 2))
    rows += (Row(line, "code") for text in label.code for line in wrap(text, STYLES["code"], ROOM, 2))
    rows += (Row(line, "note") for line in wrap(label.note, STYLES["note"], ROOM, 1))
    return tuple(rows)


def caption(text: str) -> tuple[Row, ...]:
    """The rows at the head of a region."""
    return tuple(Row(line, "note") for line in wrap(text, STYLES["note"], ROOM, 2))


def place(rows: tuple[Row, ...], x: float, room: float, y: float) -> tuple[tuple[TextLine, ...], float]:
    """The rows one below the other, and where the last one ends; `x` is their left side, `room` their width."""
    texts: list[TextLine] = []
    for row in rows:
        style = STYLES[row.role]
        base = round(y + style.leading / 2 + style.size * 0.36, 2)
        texts.append(TextLine(x, base, row.text, row.role))
        if row.beside:
            texts.append(TextLine(x + room, base, row.beside, "line", "end"))
        y += row.height
    return tuple(texts), round(y, 2)


def _rows(label: Label) -> tuple[Row, ...]:
    rows: list[Row] = []
    if label.caption:
        rows.append(Row(label.caption, "caption"))
    rows += (Row(line, "title") for line in wrap(label.title, STYLES["title"], ROOM, 3))
    rows += (Row(line, "code") for line in _code(label))
    rows += (Row(line, "note") for line in wrap(label.note, STYLES["note"], ROOM, 2))
    rows[0] = Row(rows[0].text, rows[0].role, _line(label))
    return tuple(rows)


def _code(label: Label) -> list[str]:
    style = STYLES["code"]
    texts = label.code
    if label.kind == "data" and len(texts) > _MOST_CHANGES:
        texts = (*texts[: _MOST_CHANGES - 1], f"… {len(texts) - _MOST_CHANGES + 1} more")
    if label.kind != "data" and width(" ".join(texts), style) <= ROOM:
        texts = (" ".join(texts),)
    lines = _LINES.get(label.kind, 2)
    return [line for text in texts for line in wrap(text, style, ROOM, lines)]


def _line(label: Label) -> str:
    return f"line {label.line}" if label.line is not None else ""
