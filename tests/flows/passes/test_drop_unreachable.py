"""Dropping: what no run reaches is gone, what some run may reach stays."""

from __future__ import annotations

from typing import Any

import pytest

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.types import BOOL, INT
from skyloom.flows.ir.nodes import (
    Assign,
    Block,
    Break,
    Continue,
    Handler,
    If,
    Raise,
    Reraise,
    Return,
    Statement,
    Try,
    While,
)
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.passes import PASSES, run
from skyloom.flows.passes.drop_unreachable import drop_unreachable

AT = Span(3, 5, 3, 20)
FLAG = x.Name(span=AT, type=BOOL, name="p")


def lit(value: Any) -> x.Literal:
    return x.Literal(span=AT, type=BOOL if isinstance(value, bool) else INT, value=value)


def step(name: str) -> Statement:
    return Assign(span=AT, variable=name, value=lit(1))


A, B, C = step("a"), step("b"), step("c")
BACK = Return(span=AT, value=lit(1))
OUT: tuple[Statement, ...] = (
    BACK,
    Raise(span=AT, error="E", bases=("Exception",), message=lit("m")),
    Reraise(span=AT, variable="e"),
    Break(span=AT),
    Continue(span=AT),
)


def when(test: x.Expr, body: Block = (), orelse: Block = ()) -> If:
    return If(span=AT, test=test, body=body, orelse=orelse)


def trying(body: Block, *handlers: Block, orelse: Block = (), final: Block = ()) -> Try:
    caught = tuple(Handler(errors=("E",), variable="e", body=handler, span=AT) for handler in handlers)
    return Try(span=AT, body=body, handlers=caught, orelse=orelse, final=final)


def program_of(*body: Statement) -> Program:
    flow = FlowDefinition(
        name="main",
        module="m",
        qualname="main",
        file="m.py",
        span=AT,
        parameters=(),
        returns=INT,
        body=body,
        input_schema={},
        output_schema={},
    )
    return Program(main="main", flows={"main": flow})


def dropped(*body: Statement) -> Block:
    return drop_unreachable(program_of(*body)).flow.body


@pytest.mark.parametrize("leaving", OUT)
def test_nothing_is_left_behind_what_leaves(leaving: Statement) -> None:
    assert dropped(A, leaving, B, C) == (A, leaving)
    assert dropped(when(FLAG, (leaving, B))) == (when(FLAG, (leaving,)),)


GONE: tuple[tuple[Block, Block], ...] = (
    ((when(lit(True), (A,), (B,)), C), (A, C)),
    ((when(lit(False), (A,), (B,)), C), (B, C)),
    ((when(lit(False), (A,)), C), (C,)),
    ((when(lit(True), (BACK,)), C), (BACK,)),
    ((While(span=AT, test=lit(False), body=(A,)), B), (B,)),
    ((when(FLAG, (BACK,), (BACK,)), A), (when(FLAG, (BACK,), (BACK,)),)),
    ((when(FLAG, (A, BACK, B), (when(FLAG, (BACK,), (BACK,)),)), C),
     (when(FLAG, (A, BACK), (when(FLAG, (BACK,), (BACK,)),)),)),
    ((trying((BACK,), (BACK,)), A), (trying((BACK,), (BACK,)),)),
    ((trying((A,), (BACK,), orelse=(BACK,)), B), (trying((A,), (BACK,), orelse=(BACK,)),)),
    ((trying((A,), (B,), final=(BACK,)), C), (trying((A,), (B,), final=(BACK,)),)),
    ((trying((BACK,), final=(A,)), C), (trying((BACK,), final=(A,)),)),
    ((trying((BACK,), (A,), orelse=(B,)), C), (trying((BACK,), (A,)), C)),
)  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), GONE, ids=range(len(GONE)))
def test_what_no_run_reaches_goes(body: Block, expected: Block) -> None:
    assert dropped(*body) == expected


KEPT: tuple[Block, ...] = (
    (),
    (A, B, BACK),
    (when(FLAG, (BACK,)), A),
    (when(FLAG, (BACK,), (A,)), B),
    (While(span=AT, test=lit(True), body=(A,)), B),
    (While(span=AT, test=FLAG, body=(BACK,)), B),
    (trying((BACK,), (A,)), B),
    (trying((A,), (BACK,)), B),
    (trying((A,), (BACK,), orelse=(B,)), C),
    (trying((A,), final=(B,)), C),
)


@pytest.mark.parametrize("body", KEPT, ids=range(len(KEPT)))
def test_what_some_run_may_reach_stays(body: Block) -> None:
    program = program_of(*body)
    assert drop_unreachable(program).flow.body is program.flow.body


def test_the_passes_run_in_order() -> None:
    assert [one.name for one in PASSES][:2] == ["fold_constants", "drop_unreachable"]
    test = x.Compare(span=AT, type=BOOL, operator=">", left=lit(1), right=lit(2))
    assert run(program_of(when(test, (A,), (BACK,)), B)).flow.body == (BACK,)


def test_passes_are_left_out_by_name() -> None:
    test = x.Compare(span=AT, type=BOOL, operator=">", left=lit(1), right=lit(2))
    program = program_of(when(test, (BACK,)), BACK)
    assert run(program, without=["drop_unreachable"]).flow.body == (when(lit(False), (BACK,)), BACK)
    assert run(program, without=[one.name for one in PASSES]).flow.body is program.flow.body
