"""Statements, one after the other, behind an open edge."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from skyloom.deployers.aws.machine.calling import lower_call
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.control import lower_for, lower_if, lower_while
from skyloom.deployers.aws.machine.fanning import lower_map, lower_parallel, lower_race
from skyloom.deployers.aws.machine.graph import Edge
from skyloom.deployers.aws.machine.hoisting import Root, evaluate
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.prompts import lower_prompt
from skyloom.deployers.aws.machine.raising import lower_raise, lower_reraise, lower_try
from skyloom.deployers.aws.machine.steps import lower_emit, lower_sample, lower_sleep, lower_task
from skyloom.deployers.aws.machine.unpacking import element_of
from skyloom.deployers.aws.machine.updates import update
from skyloom.deployers.aws.machine.waiting import lower_approval, lower_wait_for
from skyloom.deployers.facts import behind
from skyloom.deployers.own_variables import assigned
from skyloom.flows.graph.expressions import source as shown
from skyloom.flows.ir import nodes as ir


def lower_block(lowering: Lowering, context: Context, block: ir.Block, edge: Edge) -> Edge | None:
    """The edge behind `block`; None where nothing goes on behind it."""
    current: Edge | None = edge
    for statement in block:
        if current is None:
            return None
        current = _statement(lowering, context, statement, current)
        facts = behind(context.facts, statement, assigned((statement,)))
        context = context if facts is context.facts else replace(context, facts=facts)
    return current


def _statement(lowering: Lowering, context: Context, statement: ir.Statement, edge: Edge) -> Edge | None:
    match statement:
        case ir.Assign(variable=name, value=value):
            return _assign(lowering, context, statement, Root(name, value), edge)
        case ir.SetItem() | ir.Append() | ir.Extend():
            return _assign(lowering, context, statement, update(statement), edge)
        case ir.If():
            return lower_if(lowering, context, statement, edge)
        case ir.While():
            return lower_while(lowering, context, statement, edge)
        case ir.For():
            return lower_for(lowering, context, statement, edge)
        case ir.Try():
            return lower_try(lowering, context, statement, edge)
        case ir.Break() | ir.Continue() | ir.Return() | ir.Raise() | ir.Reraise():
            _leave(lowering, context, statement, edge)
            return None
        case _:
            return _step(lowering, context, statement, edge)


def _assign(
    lowering: Lowering,
    context: Context,
    statement: ir.Assign | ir.SetItem | ir.Append | ir.Extend,
    root: Root,
    edge: Edge,
) -> Edge:
    (value,), edge = evaluate(lowering, context, edge, [root], statement.span)
    return edge.let(context.names[statement.variable], element_of(edge.lets, value))


def _leave(
    lowering: Lowering,
    context: Context,
    statement: ir.Break | ir.Continue | ir.Return | ir.Raise | ir.Reraise,
    edge: Edge,
) -> None:
    match statement:
        case ir.Break():
            assert context.exits.breaks is not None, "break outside of a loop"
            context.exits.breaks(edge)
        case ir.Continue():
            assert context.exits.continues is not None, "continue outside of a loop"
            context.exits.continues(edge)
        case ir.Return(value=expr):
            said = f"{context.flow.name} returned a value that is not of its type"
            (value,), edge = evaluate(lowering, context, edge, [Root("result", expr, crossing=said)], statement.span)
            context.exits.returns(edge, value, context.origin(statement.span, f"return {shown(expr)}"))
        case ir.Raise():
            lower_raise(lowering, context, statement, edge)
        case ir.Reraise():
            lower_reraise(lowering, context, statement, edge)
        case _:
            assert_never(statement)


def _step(
    lowering: Lowering,
    context: Context,
    step: ir.CallTask
    | ir.CallPrompt
    | ir.CallFlow
    | ir.Sample
    | ir.Sleep
    | ir.Approval
    | ir.WaitFor
    | ir.Emit
    | ir.Parallel
    | ir.Race
    | ir.Map,
    edge: Edge,
) -> Edge | None:
    match step:
        case ir.CallTask():
            return lower_task(lowering, context, step, edge)
        case ir.CallPrompt():
            return lower_prompt(lowering, context, step, edge)
        case ir.CallFlow():
            return lower_call(lowering, context, step, edge)
        case ir.Sample():
            return lower_sample(context, step, edge)
        case ir.Sleep():
            return lower_sleep(lowering, context, step, edge)
        case ir.Approval():
            return lower_approval(lowering, context, step, edge)
        case ir.WaitFor():
            return lower_wait_for(lowering, context, step, edge)
        case ir.Emit():
            return lower_emit(lowering, context, step, edge)
        case ir.Parallel():
            return lower_parallel(lowering, context, step, edge)
        case ir.Race():
            return lower_race(lowering, context, step, edge)
        case ir.Map():
            return lower_map(lowering, context, step, edge)
        case _:
            assert_never(step)
