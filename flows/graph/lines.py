"""The lines between boxes, and how far things stand apart, in pixels."""

from __future__ import annotations

from skyloom.flows.graph.geometry import STYLES, Edge, TextLine

GAP = 30.0
"""From a box to the next one below."""
COLUMN = 36.0
"""From a column to the next one beside."""
STUB = 22.0
"""The least a line runs on before it turns or ends."""


def down(x: float, top: float, bottom: float, *, arrow: bool = True, label: str = "") -> Edge:
    """A line straight down, with `label` to the right of its beginning."""
    text = TextLine(x + 6.0, top + STYLES["edge"].size + 2.0, label, "edge") if label else None
    return Edge(((x, top), (x, bottom)), arrow=arrow, label=text)


def onward(x: float, top: float, bottom: float) -> tuple[Edge, ...]:
    """A line straight down without an arrow; none where it would have no length."""
    return (down(x, top, bottom, arrow=False),) if bottom > top else ()


def meet(x: float, y: float, bottom: float) -> tuple[Edge, ...]:
    """From (x, y) down to `bottom` and over to the spine."""
    if x == 0.0:
        return onward(x, y, bottom)
    return (Edge(((x, y), (x, bottom), (0.0, bottom)), arrow=False),)


def beside(corner: float, middle: float, word: str, *, left: bool = False) -> TextLine:
    """The word at the left or right corner of a question, along the line that leaves there."""
    # Above the left corner stands the question's line.
    if left:
        return TextLine(corner - 6.0, middle + STYLES["edge"].size + 2.0, word, "edge", "end")
    return TextLine(corner + 6.0, middle - 5.0, word, "edge")
