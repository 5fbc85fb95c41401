"""Where everything stands: a flow is a structured program, so blocks stack, and whatever branches does so in columns.

Pure geometry. Every element becomes a `Fragment`, entered at the top of its spine and left at the bottom; fragments are
put together from the inside out, so boxes of different branches cannot meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from skyloom.flows.graph import branches
from skyloom.flows.graph.boxes import PADDING, Row, box, caption, diamond, header, place
from skyloom.flows.graph.geometry import (
    STACKED,
    Canvas,
    Edge,
    Form,
    Fragment,
    Point,
    Rect,
    Shape,
)
from skyloom.flows.graph.lines import COLUMN, GAP, STUB, down, meet
from skyloom.flows.graph.outline import Box, Chart, Choice, Drawn, Element, Group, Lane

MARGIN = 24.0
"""Around the whole drawing."""
_INSET = 18.0
"""From a frame to what it holds."""
_BAR = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The drawing of one flow, in the coordinates of the whole."""

    name: str
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole drawing. Everything lies inside (0, 0, width, height)."""

    width: float
    height: float
    panels: tuple[Panel, ...]


def layout(charts: Iterable[Chart]) -> Layout:
    """The drawing of `charts`, one below the other."""
    panels: list[Panel] = []
    wide, y = 0.0, MARGIN
    for chart in charts:
        fragment = _stack((Box(label=chart.start), *chart.block))
        x = MARGIN + fragment.left
        panels.append(
            Panel(
                name=chart.name,
                shapes=tuple(shape.moved(x, y) for shape in fragment.shapes),
                edges=tuple(edge.moved(x, y) for edge in fragment.edges),
            )
        )
        wide = max(wide, fragment.left + fragment.right + 2 * MARGIN)
        y += fragment.height + 2 * MARGIN
    return Layout(width=wide, height=y - MARGIN, panels=tuple(panels))


# --- one below the other ----------------------------------------------------------------------------------------


def _stack(block: Drawn) -> Fragment:
    canvas = Canvas()
    y, through = 0.0, True
    for number, element in enumerate(block):
        if number:
            if through:
                canvas.line(down(0.0, y, y + GAP))
            y += GAP
        fragment = _element(element)
        canvas.put(fragment, y=y)
        y, through = y + fragment.height, fragment.through
    return canvas.fragment(y, through)


def _element(element: Element) -> Fragment:
    match element:
        case Box():
            return box(element)
        case Choice():
            return _choice(element)
        case Group(label=label) if label.kind == "try":
            return _attempt(element)
        case Group(label=label) if label.kind in ("parallel", "race"):
            return _fork(element)
        case Group():
            return _frame(element)
        case _:
            assert_never(element)


# --- if ---------------------------------------------------------------------------------------------------------


def _choice(choice: Choice) -> Fragment:
    """A question. A way that ends goes aside and the other one straight on; an empty way goes around the other one;
    else the two stand side by side. A row of `elif` stands one below the other."""
    match choice.no:
        case (Choice(),):
            return _cascade(choice)
        case _:
            pass
    question, yes, no = diamond(choice.label), _stack(choice.yes), _stack(choice.no)
    if yes.through and no.through and not (choice.yes and choice.no):
        if choice.no:
            return branches.around(question, no, "no", "yes")
        return branches.around(question, yes, "yes", "no")
    if yes.through and not no.through:
        return branches.aside(question, yes, "yes", no, "no")
    if no.through and not yes.through:
        return branches.aside(question, no, "no", yes, "yes")
    return branches.side_by_side(question, yes, no)


def _cascade(choice: Choice) -> Fragment:
    """`if`, `elif`, `elif`, ..., `else`."""
    rows: list[tuple[Fragment, Fragment]] = []
    link: Choice | None = choice
    otherwise: Drawn = ()
    while link is not None:
        rows.append((diamond(link.label), _stack(link.yes)))
        match link.no:
            case (Choice() as following,):
                link = following
            case block:
                otherwise, link = block, None
    return branches.cascade(rows, _stack(otherwise))


# --- frames -----------------------------------------------------------------------------------------------------


def _frame(group: Group) -> Fragment:
    """A loop or a map: a frame around one block. A loop shows its way back; a map looks like a stack."""
    body = _stack(group.lanes[0].block)
    canvas = Canvas()
    rows = header(group.label)
    looping = group.label.kind == "loop"
    head = _head(rows)
    if not looping or not body.shapes:
        canvas.put(body, y=head)
        return _framed(group, rows, canvas, head + body.height + _INSET, "frame" if looping else "stack")
    canvas.put(body, y=head + STUB)
    bottom = head + STUB + body.height
    if body.through:
        back, turn = -canvas.left - STUB, bottom + STUB / 2
        around = ((0.0, bottom), (0.0, turn), (back, turn), (back, head), (0.0, head), (0.0, head + STUB))
        canvas.line(Edge(around, tone="again"))
        bottom = turn
    return _framed(group, rows, canvas, bottom + _INSET, "frame")


def _fork(group: Group) -> Fragment:
    """Branches side by side between two bars."""
    canvas = Canvas()
    rows = header(group.label)
    lanes = [_stack(lane.block) for lane in group.lanes]
    spread = sum(lane.left + lane.right for lane in lanes) + COLUMN * (len(lanes) - 1)
    top = _head(rows)
    below = top + _BAR + STUB
    join = below + max((lane.height for lane in lanes), default=0.0) + STUB
    x = -spread / 2
    for lane in lanes:
        spine = x + lane.left
        canvas.line(down(spine, top + _BAR, below))
        canvas.put(lane, spine, below)
        if lane.through:
            canvas.line(down(spine, below + lane.height, join))
        x += lane.left + lane.right + COLUMN
    for y in (top, join):
        canvas.draw(Shape("bar", group.label.kind, Rect(-spread / 2, y, spread, _BAR)))
    return _framed(group, rows, canvas, join + _BAR + _INSET, "frame")


def _attempt(group: Group) -> Fragment:
    """`try`: what is tried on the spine, its handlers to the right, `finally` below all."""
    canvas = Canvas()
    rows = header(group.label)
    top = _head(rows)
    main = [_region(lane) for lane in group.lanes if lane.role in ("body", "else")]
    bottom = _tower(canvas, main, top)
    body = main[0].shapes[0].rect
    ends: list[Point] = [(0.0, bottom)] if all(region.through for region in main) else []
    lowest = bottom
    for lane in group.lanes:
        if lane.role == "handler":
            region = _region(lane)
            x = canvas.right + COLUMN + region.left
            below = top + STUB
            canvas.line(Edge(((body.right, top + 10), (x, top + 10), (x, below)), tone="error"))
            canvas.put(region, x, below)
            lowest = max(lowest, below + region.height)
            if region.through:
                ends.append((x, below + region.height))
    through = bool(ends)
    if lowest > bottom or len(ends) > 1 or (ends and ends[0][0]):
        lowest += STUB / 2
    for x, y in ends:
        canvas.line(*meet(x, y, lowest))
    for lane in group.lanes:
        if lane.role == "final":
            region = _region(lane)
            canvas.line(down(0.0, lowest if ends else bottom, lowest + GAP))
            canvas.put(region, y=lowest + GAP)
            lowest += GAP + region.height
            through = through and region.through
    return _framed(group, rows, canvas, lowest + _INSET, "frame", through)


def _tower(canvas: Canvas, regions: list[Fragment], top: float) -> float:
    """The regions one below the other on the spine; where the last one ends."""
    for number, region in enumerate(regions):
        if number:
            canvas.line(down(0.0, top, top + GAP))
            top += GAP
        canvas.put(region, y=top)
        top += region.height
    return top


def _region(lane: Lane) -> Fragment:
    """One of the blocks of a `try`, in a box of its own."""
    canvas = Canvas()
    rows = caption(lane.caption)
    head = PADDING + sum(row.height for row in rows)
    body = _stack(lane.block)
    canvas.put(body, y=head)
    canvas.reach(-max(row.width for row in rows) / 2, max(row.width for row in rows) / 2)
    bottom = head + body.height + PADDING
    rect = Rect(-canvas.left - PADDING, 0.0, canvas.left + canvas.right + 2 * PADDING, bottom)
    texts, _ = place(rows, rect.x + PADDING, rect.width - 2 * PADDING, 7.0)
    frame = Shape("region", "try", rect, texts, alarm=lane.role == "handler")
    return Fragment(
        left=-rect.x,
        right=rect.right,
        height=bottom,
        shapes=(frame, *canvas.shapes),
        edges=tuple(canvas.edges),
        through=body.through,
    )


def _head(rows: tuple[Row, ...]) -> float:
    """The height of a frame's head, down to where what it holds begins."""
    return PADDING + sum(row.height for row in rows) + 10.0


def _framed(
    group: Group, rows: tuple[Row, ...], canvas: Canvas, height: float, form: Form, through: bool = True
) -> Fragment:
    """What is on `canvas`, in a frame with a head of `rows`."""
    lacking = max(0.0, max(row.width for row in rows) - canvas.left - canvas.right)
    left, right = (side + lacking / 2 + _INSET for side in (canvas.left, canvas.right))
    extra = 2 * STACKED if form == "stack" else 0.0
    rect = Rect(-left, 0.0, left + right + extra, height + extra)
    texts, _ = place(rows, rect.x + _INSET, left + right - 2 * _INSET, PADDING)
    frame = Shape(form, group.label.kind, rect, texts, tip=group.label.sentence)
    return Fragment(
        left=left,
        right=rect.right,
        height=rect.height,
        shapes=(frame, *canvas.shapes),
        edges=tuple(canvas.edges),
        through=through,
    )
