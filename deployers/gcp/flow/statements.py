"""Statements, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from skyloom.deployers.facts import behind
from skyloom.deployers.gcp.flow.apart import lower_race
from skyloom.deployers.gcp.flow.calling import lower_call
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.control import lower_for, lower_if, lower_while
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.fanning import lower_map, lower_parallel
from skyloom.deployers.gcp.flow.invoking import lower_task
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.moments import lower_emit, lower_sample, lower_sleep
from skyloom.deployers.gcp.flow.parts import is_set_once, part_of, place_of
from skyloom.deployers.gcp.flow.prompts import lower_prompt
from skyloom.deployers.gcp.flow.raising import lower_raise, lower_reraise, lower_try
from skyloom.deployers.gcp.flow.texts import expression, inner
from skyloom.deployers.gcp.flow.updates import lower_update
from skyloom.deployers.gcp.flow.waiting import lower_approval, lower_wait_for
from skyloom.deployers.gcp.steps import Assign
from skyloom.deployers.own_variables import assigned
from skyloom.flows.ir import nodes as ir

Json = Any


def lower_block(lowering: Lowering, context: Context, block: ir.Block) -> list[Lowered]:
    """The steps of a block."""
    lowered: list[Lowered] = []
    for statement in block:
        if isinstance(statement, ir.Assign) and block is context.flow.body:
            steps, context = _assign_once(lowering, context, statement)
            lowered += steps
        else:
            lowered += _statement(lowering, context, statement)
        facts = behind(context.facts, statement, assigned((statement,)))
        context = context if facts is context.facts else replace(context, facts=facts)
    return lowered


def _statement(lowering: Lowering, context: Context, statement: ir.Statement) -> list[Lowered]:
    match statement:
        case ir.Assign():
            return _assign(lowering, context, statement)
        case ir.SetItem() | ir.Append() | ir.Extend():
            return lower_update(lowering, context, statement)
        case ir.If():
            return lower_if(lowering, context, statement)
        case ir.While():
            return lower_while(lowering, context, statement)
        case ir.For():
            return lower_for(lowering, context, statement)
        case ir.Try():
            return lower_try(lowering, context, statement)
        case ir.Break():
            assert context.exits.breaks is not None, "break outside of a loop"
            return context.exits.breaks(context, statement.span)
        case ir.Continue():
            assert context.exits.continues is not None, "continue outside of a loop"
            return context.exits.continues(context, statement.span)
        case ir.Return(value=value):
            said = f"{context.flow.name} returned a value that is not of its type"
            before, (result,) = evaluate(lowering, context, [Root("result", value, crossing=said)], statement.span)
            return [*before, *context.exits.returns(context, result, statement.span)]
        case ir.Raise():
            return lower_raise(lowering, context, statement)
        case ir.Reraise():
            return lower_reraise(context, statement)
        case _:
            return _step(lowering, context, statement)


def _assign(lowering: Lowering, context: Context, statement: ir.Assign) -> list[Lowered]:
    place = context.places[statement.variable]
    before, (value,) = evaluate(lowering, context, [Root(statement.variable, statement.value)], statement.span, place)
    return _assigned(context, statement, before, value)


def _assigned(context: Context, statement: ir.Assign, before: list[Lowered], value: Json) -> list[Lowered]:
    place = context.places[statement.variable]
    if before and value == expression(place):
        return before
    name = context.step(f"set_{statement.variable}")
    return [*before, Assign(name=name, at=context.at(statement.span), pairs=((place, value),))]


def _assign_once(lowering: Lowering, context: Context, statement: ir.Assign) -> tuple[list[Lowered], Context]:
    """An assignment that stands in no other statement. Where nothing else sets the variable, what the helper has
    answered and parts of other such variables are read in their places: nothing is copied."""
    name = statement.variable
    if not is_set_once(context, name):
        return _assign(lowering, context, statement), context
    part = part_of(context, statement.value)
    if part is not None:
        return [], replace(context, places={**context.places, name: part})
    before, (value,) = evaluate(lowering, context, [Root(name, statement.value)], statement.span, context.places[name])
    place = place_of(context, statement.value, before, inner(value))
    if place is not None:
        return before, replace(context, places={**context.places, name: place})
    return _assigned(context, statement, before, value), context


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
) -> list[Lowered]:
    match step:
        case ir.CallTask():
            return lower_task(lowering, context, step)
        case ir.CallPrompt():
            return lower_prompt(lowering, context, step)
        case ir.CallFlow():
            return lower_call(lowering, context, step)
        case ir.Sample():
            return lower_sample(context, step)
        case ir.Sleep():
            return lower_sleep(lowering, context, step)
        case ir.Approval():
            return lower_approval(lowering, context, step)
        case ir.WaitFor():
            return lower_wait_for(lowering, context, step)
        case ir.Emit():
            return lower_emit(lowering, context, step)
        case ir.Parallel():
            return lower_parallel(lowering, context, step)
        case ir.Race():
            return lower_race(lowering, context, step)
        case ir.Map():
            return lower_map(lowering, context, step)
        case _:
            assert_never(step)
