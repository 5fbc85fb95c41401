"""Shapes, edges and fragments of a drawing: plain numbers in pixels, y downwards, nothing that draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal as OneOf

from skyloom.flows.graph.labels import Kind
from skyloom.flows.graph.text import Style

Point = tuple[float, float]

Role = OneOf["caption", "title", "header", "code", "note", "line", "edge"]
"""What a text is on its box; it decides its style."""

STYLES: dict[Role, Style] = {
    "caption": Style(10, bold=True, spacing=0.6),
    "title": Style(14, bold=True),
    "header": Style(12.5, bold=True),
    "code": Style(11.5, mono=True),
    "note": Style(11),
    "line": Style(10),
    "edge": Style(11),
}

Form = OneOf["box", "pill", "diamond", "bar", "frame", "stack", "region"]
"""`frame`, `stack` and `region` hold other shapes; `stack` looks like several frames behind each other, `STACKED`
pixels apart, all inside its rectangle."""

STACKED = 4.0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def moved(self, dx: float, dy: float) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text; `y` is its base line, `x` its start, middle or end by `anchor`."""

    x: float
    y: float
    text: str
    role: Role
    anchor: OneOf["start", "middle", "end"] = "start"

    def moved(self, dx: float, dy: float) -> TextLine:
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape with what is written on it."""

    form: Form
    kind: Kind
    rect: Rect
    texts: tuple[TextLine, ...] = ()
    tip: str = ""
    """What the shape says in full."""
    calls: str | None = None
    """The flow that the shape leads to."""
    alarm: bool = False
    """Whether the shape is about an error."""

    def moved(self, dx: float, dy: float) -> Shape:
        return replace(self, rect=self.rect.moved(dx, dy), texts=tuple(text.moved(dx, dy) for text in self.texts))


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from point to point, straight pieces only."""

    points: tuple[Point, ...]
    arrow: bool = True
    tone: OneOf["next", "error", "again"] = "next"
    label: TextLine | None = None

    def moved(self, dx: float, dy: float) -> Edge:
        points = tuple((x + dx, y + dy) for x, y in self.points)
        return replace(self, points=points, label=self.label.moved(dx, dy) if self.label else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of a drawing: it is entered at (0, 0) from above and, where `through`, left at (0, height) downwards.

    It reaches `left` pixels to the left of that line and `right` pixels to the right of it.
    """

    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    shapes: tuple[Shape, ...] = ()
    edges: tuple[Edge, ...] = ()
    through: bool = True


class Canvas:
    """Collects fragments, shapes and edges into one fragment, keeping account of how far it reaches."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.edges: list[Edge] = []
        self.left = 0.0
        self.right = 0.0

    def put(self, fragment: Fragment, x: float = 0.0, y: float = 0.0) -> None:
        self.shapes += (shape.moved(x, y) for shape in fragment.shapes)
        self.edges += (edge.moved(x, y) for edge in fragment.edges)
        self.reach(x - fragment.left, x + fragment.right)

    def draw(self, shape: Shape) -> None:
        self.shapes.append(shape)
        self.reach(shape.rect.x, shape.rect.right)

    def line(self, *edges: Edge) -> None:
        self.edges += edges
        for edge in edges:
            self.reach(*(x for x, _ in edge.points))

    def reach(self, *xs: float) -> None:
        self.left = max(self.left, *(-x for x in xs))
        self.right = max(self.right, *xs)

    def fragment(self, height: float, through: bool = True) -> Fragment:
        return Fragment(
            left=self.left,
            right=self.right,
            height=height,
            shapes=tuple(self.shapes),
            edges=tuple(self.edges),
            through=through,
        )
