"""The ways on from a question: aside, around, side by side, or one question after the other."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.flows.graph.geometry import STYLES, Canvas, Edge, Fragment, Point
from skyloom.flows.graph.lines import COLUMN, GAP, STUB, beside, down, onward
from skyloom.flows.graph.text import width


def around(question: Fragment, body: Fragment, word: str, past: str) -> Fragment:
    """`body` below the question, and a line past it on the right. `word` stands at the way to `body`, `past` at the
    other one."""
    canvas = Canvas()
    canvas.put(question)
    if not body.shapes:
        return canvas.fragment(question.height)
    corner, middle = _corner(question)
    top = question.height + GAP
    canvas.line(down(0.0, question.height, top, label=word))
    canvas.put(body, y=top)
    outside = max(canvas.right, corner + width(past, STYLES["edge"])) + STUB
    bottom = top + body.height + STUB
    points = ((corner, middle), (outside, middle), (outside, bottom), (0.0, bottom))
    canvas.line(
        down(0.0, top + body.height, bottom, arrow=False),
        Edge(points, arrow=False, label=beside(corner, middle, past)),
    )
    return canvas.fragment(bottom)


def aside(question: Fragment, main: Fragment, word: str, side: Fragment, past: str) -> Fragment:
    """`main` below the question, and `side`, which ends, to the right of both."""
    canvas = Canvas()
    canvas.put(question)
    if main.shapes:
        top = question.height + GAP
        canvas.line(down(0.0, question.height, top, label=word))
        canvas.put(main, y=top)
        bottom = top + main.height
    else:
        bottom = question.height + 6.0
        canvas.line(down(0.0, question.height, bottom, arrow=False, label=word))
    corner, _ = _corner(question)
    x = max(canvas.right, corner + width(past, STYLES["edge"])) + COLUMN + side.left
    height = max(bottom, _branch_off(canvas, question, 0.0, side, x, past))
    canvas.line(*onward(0.0, bottom, height))
    return canvas.fragment(height)


def side_by_side(question: Fragment, yes: Fragment, no: Fragment) -> Fragment:
    """Two columns below the question, which come together where both or one of them goes on."""
    canvas = Canvas()
    canvas.put(question)
    corner, middle = _corner(question)
    turn = corner + width("yes", STYLES["edge"]) + STUB
    left, right = -max(yes.right + COLUMN / 2, turn), max(no.left + COLUMN / 2, turn)
    top = question.height + STUB
    for x, side, way, word in ((left, -1, yes, "yes"), (right, 1, no, "no")):
        label = beside(side * corner, middle, word, left=side < 0)
        canvas.line(Edge(((side * corner, middle), (x, middle), (x, top)), label=label))
        canvas.put(way, x, top)
    height = top + max(yes.height, no.height)
    if not yes.through and not no.through:
        return canvas.fragment(height, through=False)
    height += STUB
    for x, way in ((left, yes), (right, no)):
        canvas.line(Edge(((x, top + way.height), (x, height), (0.0, height)), arrow=False))
    return canvas.fragment(height)


def cascade(rows: Sequence[tuple[Fragment, Fragment]], otherwise: Fragment) -> Fragment:
    """Questions one below the other, each with what is done on `yes` to its right, and what is done otherwise at the
    end. A line on the far right brings together what goes on."""
    canvas = Canvas()
    corners = [_corner(question)[0] for question, _ in rows]
    x = max(corners) + width("yes", STYLES["edge"]) + COLUMN + max(answer.left for _, answer in rows)
    y = 0.0
    leaving: list[tuple[Point, ...]] = []
    for number, (question, answer) in enumerate(rows):
        canvas.put(question, y=y)
        bottom = _branch_off(canvas, question, y, answer, x, "yes")
        if answer.through:
            leaving.append(((x, bottom), (x, bottom + STUB / 2)) if answer.shapes else ((x, bottom),))
        below = max(y + question.height, bottom - STUB / 4) + GAP
        last = number == len(rows) - 1
        canvas.line(down(0.0, y + question.height, below, arrow=not last or bool(otherwise.shapes), label="no"))
        y = below
    canvas.put(otherwise, y=y)
    y += otherwise.height
    if not leaving:
        return canvas.fragment(y, through=otherwise.through)
    rail, meeting = canvas.right + STUB, y + (STUB if otherwise.shapes else 0.0)
    for points in leaving:
        turns = ((rail, points[-1][1]), (rail, meeting), (0.0, meeting))
        canvas.line(Edge((*points, *turns), arrow=False))
    if otherwise.through:
        canvas.line(*onward(0.0, y, meeting))
    return canvas.fragment(meeting)


def _branch_off(canvas: Canvas, question: Fragment, y: float, side: Fragment, x: float, word: str) -> float:
    """Puts `side` to the right of the question at `y`, its spine at `x`, with a line to it; where it ends.

    A box is reached from its side, anything else from above.
    """
    corner, middle = _corner(question)
    middle += y
    label = beside(corner, middle, word)
    if not side.shapes:
        canvas.line(Edge(((corner, middle), (x, middle)), arrow=False, label=label))
        return middle
    first = side.shapes[0]
    if first.form in ("box", "pill"):
        top = max(y, middle - first.rect.height / 2)
        canvas.line(Edge(((corner, middle), (x + first.rect.x, middle)), label=label))
    else:
        top = middle + GAP
        canvas.line(Edge(((corner, middle), (x, middle), (x, top)), label=label))
    canvas.put(side, x, top)
    return top + side.height


def _corner(question: Fragment) -> Point:
    """The right corner of the question's diamond."""
    return question.shapes[0].rect.right, question.height / 2
