"""The rewriting that all passes share: bottom-up, everywhere, and the same object where nothing changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Binary, Entry, Expr, Literal, Name, Object, children, walk
from skyloom.flows.expr.types import INT, DictType
from skyloom.flows.ir.nodes import Assign, Block, Break, Handler, If, Parallel, Return, Statement, Try
from skyloom.flows.ir.nodes import Branch as ParallelBranch
from skyloom.flows.ir.program import Program
from skyloom.flows.ir.rewrite import rewrite, rewrite_program

AT = Span(3, 5, 3, 20)
Build = Callable[..., Program]


def number(value: int) -> Literal:
    return Literal(span=AT, type=INT, value=value)


def plus(left: Expr, right: Expr) -> Binary:
    return Binary(span=AT, type=INT, operator="+", left=left, right=right)


def test_expressions_are_rewritten_from_the_bottom_up() -> None:
    seen: list[Any] = []

    def note(expr: Expr) -> Expr:
        seen.append(expr.value if isinstance(expr, Literal) else expr.kind)
        return number(expr.value + 1) if isinstance(expr, Literal) and isinstance(expr.value, int) else expr

    before = plus(number(1), plus(number(2), number(3)))
    assert rewrite(before, note) == plus(number(2), plus(number(3), number(4)))
    assert seen == [1, 2, 3, "binary", "binary"]


def test_parts_that_are_no_expressions_are_reached() -> None:
    before = Object(span=AT, type=DictType(INT), entries=(Entry(key=None, value=number(1)),))
    after = rewrite(before, lambda expr: number(9) if isinstance(expr, Literal) else expr)
    assert after == dataclasses.replace(before, entries=(Entry(key=None, value=number(9)),))


def test_blocks_are_rewritten_inside_first() -> None:
    inner: Block = (Assign(span=AT, variable="a", value=number(1)), Break(span=AT))
    handler = Handler(errors=("E",), variable="e", body=inner, span=AT)
    branch = ParallelBranch(body=inner, result=number(1), span=AT)
    body: Block = (
        If(span=AT, test=number(1), body=inner),
        Try(span=AT, body=inner, handlers=(handler,), final=inner),
        Parallel(span=AT, id="p", branches=(branch,)),
    )
    lengths: list[int] = []

    def shorten(block: Block) -> Block:
        lengths.append(len(block))
        return tuple(statement for statement in block if not isinstance(statement, Break))

    after = rewrite(body, block=shorten)
    assert lengths == [2, 2, 2, 2, 2, 3]
    short = inner[:1]
    assert after == (
        If(span=AT, test=number(1), body=short),
        Try(span=AT, body=short, handlers=(dataclasses.replace(handler, body=short),), final=short),
        Parallel(span=AT, id="p", branches=(dataclasses.replace(branch, body=short),)),
    )


@pytest.mark.parametrize("cls", [cls for alias in (Expr, Statement) for cls in get_args(get_args(alias)[0])])
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_changes_by_itself_and_everything_is_reached(
    nodes_of: Callable[[type], st.SearchStrategy[Any]], cls: type, data: st.DataObject
) -> None:
    node = data.draw(nodes_of(cls))
    reached: list[Expr] = []

    def note(expr: Expr) -> Expr:
        reached.append(expr)
        return expr

    assert rewrite(node, note) is node
    if isinstance(node, get_args(get_args(Expr)[0])):
        assert sorted(map(id, reached)) == sorted(id(expr) for expr in walk(node))
        assert reached[-1] is node
        assert all(reached.index(child) < len(reached) - 1 for child in children(node))


def test_every_flow_and_prompt_of_a_program_is_rewritten(program_of: Build) -> None:
    program = program_of(Return(span=AT, value=Name(span=AT, type=INT, name="n")))
    second = dataclasses.replace(program.flow, name="second")
    program = dataclasses.replace(program, flows={**program.flows, "second": second})
    after = rewrite_program(program, lambda expr: number(1))
    assert [flow.body for flow in after.flows.values()] == [(Return(span=AT, value=number(1)),)] * 2
    assert after.tasks == program.tasks
