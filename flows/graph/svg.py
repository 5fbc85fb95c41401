"""The picture of a program as one self-contained SVG file: no script, no font, light or dark as the reader's screen."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import ceil
from typing import assert_never

from skyloom.flows.graph.expressions import prose
from skyloom.flows.graph.geometry import STACKED, Edge, Point, Rect, Shape, TextLine
from skyloom.flows.graph.layout import Layout, Panel, layout
from skyloom.flows.graph.outline import Chart, charts, describe
from skyloom.flows.graph.palette import style_sheet
from skyloom.flows.ir.program import Program

_CORNER = 8.0
_HEAD = 7.0
"""The length of an arrow's head."""


def svg(program: Program) -> str:
    """The picture of `program`: its main flow, and below it every flow that it runs. The same program gives the same
    bytes."""
    drawn = charts(program)
    return "\n".join(_document(layout(drawn), drawn)) + "\n"


def _document(drawing: Layout, drawn: tuple[Chart, ...]) -> Iterator[str]:
    wide, high = ceil(drawing.width), ceil(drawing.height)
    main = drawn[0].name
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'class="skyloom" role="img" aria-labelledby="{_id(main)}-title {_id(main)}-desc">'
    )
    yield f'<title id="{_id(main)}-title">Flow {escape(main)}</title>'
    yield f'<desc id="{_id(main)}-desc">{escape(_description(drawn))}</desc>'
    yield f"<style>{style_sheet()}</style>"
    yield f'<rect class="paper" width="{wide}" height="{high}"/>'
    for panel in drawing.panels:
        yield from _panel(panel)
    yield "</svg>"


def _description(drawn: tuple[Chart, ...]) -> str:
    lines: list[str] = []
    for chart in drawn:
        lines += [chart.start.sentence, *([prose(chart.description)] if chart.description else [])]
        lines += describe(chart.block, 1)
    return "\n".join(lines)


def _panel(panel: Panel) -> Iterator[str]:
    yield f'<g id="{_id(panel.name)}">'
    frames = [shape for shape in panel.shapes if shape.form in ("frame", "stack", "region")]
    leaves = [shape for shape in panel.shapes if shape.form not in ("frame", "stack", "region")]
    for shape in frames:
        yield _shape(shape)
    for edge in panel.edges:
        yield _edge(edge)
    for shape in leaves:
        yield _shape(shape)
    yield "</g>"


def _shape(shape: Shape) -> str:
    classes = " ".join([shape.form, shape.kind, *(["alarm"] if shape.alarm else [])])
    tip = f"<title>{escape(shape.tip)}</title>" if shape.tip else ""
    inside = tip + "".join(_outline(shape)) + "".join(_text(text) for text in shape.texts)
    drawn = f'<g class="{classes}">{inside}</g>'
    # A picture with one description is one thing to those who do not see it, so the keyboard does not stop inside.
    return f'<a href="#{_id(shape.calls)}" tabindex="-1">{drawn}</a>' if shape.calls is not None else drawn


def _outline(shape: Shape) -> Iterator[str]:
    rect = shape.rect
    match shape.form:
        case "box":
            yield _rect(rect, _CORNER)
            if shape.kind == "flow":
                down = f"{_n(rect.y)}v{_n(rect.height)}"
                yield f'<path d="M{_n(rect.x + 5)} {down}M{_n(rect.right - 5)} {down}"/>'
        case "pill":
            yield _rect(rect, min(rect.height / 2, 18.0))
        case "diamond":
            middle = rect.y + rect.height / 2
            yield (
                f'<path d="M{_n(rect.middle)} {_n(rect.y)}L{_n(rect.right)} {_n(middle)}'
                f'L{_n(rect.middle)} {_n(rect.bottom)}L{_n(rect.x)} {_n(middle)}Z"/>'
            )
        case "bar":
            yield _rect(rect, 2.0)
        case "frame":
            yield _rect(rect, _CORNER + 2)
        case "region":
            yield _rect(rect, _CORNER)
        case "stack":
            size = (rect.width - 2 * STACKED, rect.height - 2 * STACKED)
            for level in (2, 1, 0):
                yield _rect(Rect(rect.x + level * STACKED, rect.y + level * STACKED, *size), _CORNER + 2)
        case _:
            assert_never(shape.form)


def _rect(rect: Rect, corner: float) -> str:
    return (
        f'<rect x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}" '
        f'rx="{_n(corner)}"/>'
    )


def _text(line: TextLine) -> str:
    anchor = "" if line.anchor == "start" else f' text-anchor="{line.anchor}"'
    return f'<text class="{line.role}-text" x="{_n(line.x)}" y="{_n(line.y)}"{anchor}>{escape(line.text)}</text>'


def _edge(edge: Edge) -> str:
    points = edge.points
    classes = f"to-{edge.tone}"
    if edge.arrow:
        (x, y), (fx, fy) = points[-1], points[-2]
        dx, dy = _sign(x - fx), _sign(y - fy)
        points = (*points[:-1], (x - dx * (_HEAD - 1), y - dy * (_HEAD - 1)))
        head = [(x, y), *((x - dx * _HEAD + side * dy * 4, y - dy * _HEAD + side * dx * 4) for side in (1, -1))]
        arrow = f'<path class="head" d="M{"L".join(_point(p) for p in head)}Z"/>'
    else:
        arrow = ""
    label = _text(edge.label) if edge.label else ""
    return f'<g class="{classes}"><path class="line" d="{_bent(points)}"/>{arrow}{label}</g>'


def _bent(points: tuple[Point, ...]) -> str:
    """A path through `points` with small round corners."""
    parts = [f"M{_point(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(6.0, _length(before, corner) / 2, _length(corner, after) / 2)
        entry, leaving = _towards(corner, before, reach), _towards(corner, after, reach)
        parts.append(f"L{_point(entry)}Q{_point(corner)} {_point(leaving)}")
    parts.append(f"L{_point(points[-1])}")
    return "".join(parts)


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: Point, end: Point, reach: float) -> Point:
    return start[0] + _sign(end[0] - start[0]) * reach, start[1] + _sign(end[1] - start[1]) * reach


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _point(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    """A coordinate: at most one decimal, none where it is zero."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _id(flow: str) -> str:
    return f"flow-{escape(flow)}"
