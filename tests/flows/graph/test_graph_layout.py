"""Nothing overlaps, nothing sticks out, no line runs through a box: for the programs by hand, and for any other."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyloom.flows.graph.geometry import STYLES, Edge, Point, Rect, Shape, TextLine
from skyloom.flows.graph.labels import Kind, Label
from skyloom.flows.graph.layout import Layout, Panel, layout
from skyloom.flows.graph.outline import Box, Chart, Choice, Drawn, Element, Group, Lane, charts
from skyloom.flows.graph.text import Style, width, wrap
from skyloom.flows.ir.program import Program

HOLDERS = ("frame", "stack", "region")
START = Label(kind="start", title="f", code=("()", "→ None"), line=1)


def overlap(a: Rect, b: Rect) -> bool:
    """Whether the two share more than an edge."""
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def within(outer: Rect, inner: Rect) -> bool:
    across = outer.x <= inner.x and inner.right <= outer.right
    return across and outer.y <= inner.y and inner.bottom <= outer.bottom


def rect_of(text: TextLine) -> Rect:
    style = STYLES[text.role]
    wide = width(text.text, style)
    left = {"start": 0.0, "middle": wide / 2, "end": wide}[text.anchor]
    return Rect(text.x - left, text.y - style.size * 0.8, wide, style.size)


def crosses(start: Point, end: Point, rect: Rect) -> bool:
    """Whether the straight line runs through the inside of `rect`; half a pixel at its sides does not count."""
    left, right = sorted((start[0], end[0]))
    top, bottom = sorted((start[1], end[1]))
    inner = Rect(rect.x + 0.5, rect.y + 0.5, rect.width - 1, rect.height - 1)
    return left < inner.right and inner.x < right + 1e-9 and top < inner.bottom and inner.y < bottom + 1e-9


def problems(drawing: Layout) -> list[str]:
    paper = Rect(0, 0, drawing.width, drawing.height)
    shapes = [shape for panel in drawing.panels for shape in panel.shapes]
    edges = [edge for panel in drawing.panels for edge in panel.edges]
    return [
        *(f"outside: {shape.rect}" for shape in shapes if not within(paper, shape.rect)),
        *(f"outside: {edge}" for edge in edges for x, y in edge.points if not within(paper, Rect(x, y, 0, 0))),
        *(f"meet: {a.tip} and {b.tip}" for a, b in combinations(shapes, 2) if meet(a, b)),
        *(f"{a.tip} written on {b.tip}" for a in shapes for b in shapes if written_on(a, b)),
        *(f"text of {shape.tip!r}" for shape in shapes if not inside(shape, paper)),
        *(f"{edge} through {shape.tip!r}" for edge in edges for shape in shapes if through(edge, shape)),
    ]


def meet(a: Shape, b: Shape) -> bool:
    if not overlap(a.rect, b.rect):
        return False
    holder, held = (a, b) if within(a.rect, b.rect) else (b, a)
    return holder.form not in HOLDERS or not within(holder.rect, held.rect)


def written_on(diamond: Shape, other: Shape) -> bool:
    """Whether a text of the diamond, which may stand beside it, stands on another shape."""
    alone = diamond is other or other.form in HOLDERS or diamond.form in HOLDERS
    return not alone and any(overlap(rect_of(text), other.rect) for text in diamond.texts)


def inside(shape: Shape, paper: Rect) -> bool:
    texts = [rect_of(text) for text in shape.texts]
    apart = not any(overlap(a, b) for a, b in combinations(texts, 2))
    room = paper if shape.form == "diamond" else shape.rect
    return apart and all(within(room, text) for text in texts)


def through(edge: Edge, shape: Shape) -> bool:
    label = edge.label is not None and overlap(rect_of(edge.label), shape.rect)
    line = any(crosses(start, end, shape.rect) for start, end in pairwise(edge.points))
    return shape.form not in HOLDERS and (line or label)


def test_the_programs_by_hand_are_drawn_without_a_clash(program: Program) -> None:
    assert problems(layout(charts(program))) == []


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=120) | st.sampled_from(
    ["search", "send_the_very_long_letter_" * 4, "a b c d e f g h " * 20, "日本語のとても長いタイトル" * 3, ""]
)


@st.composite
def labels(draw: st.DrawFn, *kinds: Kind) -> Label:
    kind = draw(st.sampled_from(kinds))
    code = tuple(draw(st.lists(words, max_size=7)))
    line = draw(st.none() | st.integers(1, 99999))
    title = draw(words) + ("?" if kind in ("choice", "data", "return", "raise", "jump") else "")
    return Label(kind=kind, title=title, code=code, note=draw(words), line=line)


def boxes() -> st.SearchStrategy[Element]:
    steps = labels("task", "prompt", "approval", "wait", "event", "data").map(lambda label: Box(label=label))
    leaves = labels("return", "raise", "jump").map(lambda label: Box(label=label, ends=True))
    return steps | leaves


def blocks(elements: st.SearchStrategy[Element]) -> st.SearchStrategy[Drawn]:
    return st.lists(elements, max_size=3).map(tuple)


def nested(inner: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    block = blocks(inner)
    chains = st.builds(_chained, st.lists(st.tuples(labels("choice"), block), min_size=2, max_size=4), block)
    bodies = block.map(lambda b: (Lane(caption="", role="body", block=b),))
    branches = st.lists(block.map(lambda b: Lane(caption="", role="branch", block=b)), max_size=3).map(tuple)
    return (
        st.builds(Choice, label=labels("choice"), yes=block, no=block)
        | chains
        | st.builds(Group, label=labels("loop", "map"), lanes=bodies)
        | st.builds(Group, label=labels("parallel", "race"), lanes=branches)
        | st.builds(Group, label=labels("try"), lanes=tries(block))
    )


def _chained(rows: list[tuple[Label, Drawn]], otherwise: Drawn) -> Choice:
    """`if`, `elif`, ..., `else`."""
    (label, block), *more = rows
    return Choice(label=label, yes=block, no=(_chained(more, otherwise),) if more else otherwise)


@st.composite
def tries(draw: st.DrawFn, block: st.SearchStrategy[Drawn]) -> tuple[Lane, ...]:
    lanes = [Lane(caption="try", role="body", block=draw(block))]
    lanes += (
        Lane(caption="except " + draw(words), role="handler", block=draw(block)) for _ in range(draw(st.integers(0, 3)))
    )
    if draw(st.booleans()):
        lanes.append(Lane(caption="else", role="else", block=draw(block)))
    if draw(st.booleans()):
        lanes.append(Lane(caption="finally", role="final", block=draw(block)))
    return tuple(lanes)


@settings(max_examples=60, deadline=None)
@given(block=blocks(st.recursive(boxes(), nested, max_leaves=12)))
def test_no_flow_is_drawn_with_a_clash(block: Drawn) -> None:
    chart = Chart(name="f", description="", start=START, block=block)
    assert problems(layout((chart, chart))) == []


def test_a_way_that_ends_stands_beside_the_way_that_goes_on() -> None:
    stop = Box(label=Label(kind="return", title="return", line=3), ends=True)
    go = Box(label=Label(kind="task", title="go", line=4))
    choice = Choice(label=Label(kind="choice", title="ready?", line=2), yes=(stop,), no=())
    shapes = {shape.tip: shape.rect for shape in drawn(choice, go).shapes}
    question, ended, on = (shapes[tip] for tip in ("if ready?, line 2", "return, line 3", "task go, line 4"))
    assert ended.x > question.right
    assert ended.y < question.bottom
    assert on.middle == question.middle
    assert on.y > ended.bottom


def test_two_ways_stand_side_by_side_and_come_together() -> None:
    yes, no, behind = (Box(label=Label(kind="task", title=title, line=2)) for title in ("yes", "no", "behind"))
    choice = Choice(label=Label(kind="choice", title="ready?", line=2), yes=(yes,), no=(no,))
    panel = drawn(choice, behind)
    shapes = {shape.tip.split()[1].strip(","): shape.rect for shape in panel.shapes}
    assert shapes["yes"].y == shapes["no"].y
    assert shapes["yes"].right < shapes["ready?"].middle < shapes["no"].x
    assert shapes["behind"].middle == shapes["ready?"].middle
    meeting = [edge.points[-1] for edge in panel.edges if not edge.arrow]
    assert meeting == [(shapes["behind"].middle, shapes["behind"].y - 30)] * 2


def test_a_row_of_elif_stands_one_below_the_other_and_comes_together_on_the_right() -> None:
    first, second, last, behind = (
        (Box(label=Label(kind="task", title=title, line=2)),) for title in ("first", "second", "last", "behind")
    )
    rows: list[tuple[Label, Drawn]] = [
        (Label(kind="choice", title="a?", line=1), first),
        (Label(kind="choice", title="b?", line=3), ()),
        (Label(kind="choice", title="c?", line=5), second),
    ]
    panel = drawn(_chained(rows, last), *behind)
    shapes = {shape.tip.split()[1].strip(","): shape.rect for shape in panel.shapes}
    spine = [shapes[name] for name in ("a?", "b?", "c?", "last", "behind")]
    assert {rect.middle for rect in spine} == {spine[0].middle}
    assert all(above.bottom < below.y for above, below in pairwise(spine))
    assert shapes["first"].middle == shapes["second"].middle
    assert shapes["first"].x > max(rect.right for rect in spine)
    rails = {edge.points[-2] for edge in panel.edges if not edge.arrow and edge.points[-2][0] > shapes["first"].right}
    assert rails == {(shapes["first"].right + 22, shapes["behind"].y - 30)}


def drawn(*block: Element) -> Panel:
    return layout((Chart(name="f", description="", start=START, block=block),)).panels[0]


def test_a_text_is_never_measured_too_small() -> None:
    # The widths of Arial, in thousandths of the size.
    arial = {"m": 833, "i": 222, "W": 944, "a": 556, "_": 556, " ": 278, "@": 1015, "0": 556, "=": 584, "M": 833}
    assert {c: width(c, Style(1000)) >= w * 0.97 for c, w in arial.items()} == dict.fromkeys(arial, True)
    assert width("aa", Style(10, mono=True)) == pytest.approx(12.04)
    assert width("e\u0301", Style(10)) == width("e", Style(10))
    assert width("日", Style(10)) == 11.0


def test_a_text_breaks_at_spaces_and_behind_dots_and_is_cut_at_its_end() -> None:
    style = Style(10, mono=True)
    assert wrap("one two three", style, 6.02 * 8, 3) == ("one two", "three")
    assert wrap("reason=decision.comment", style, 6.02 * 16, 2) == ("reason=decision.", "comment")
    assert wrap("abcdefghij", style, 6.02 * 4, 5) == ("abcd", "efgh", "ij")
    assert wrap("one two three four", style, 6.02 * 8, 2) == ("one two", "three f…")
    assert wrap(" \n ", style, 100, 2) == ()
    assert math.isclose(width("three f…", style), 6.02 * 8)
