"""Maps and parallel branches: side by side, with results and errors as if they had run in order. (decision 0025)"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from skyloom.deployers.filtering import filtered
from skyloom.deployers.gcp.flow.context import Context, Counted
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate, probe
from skyloom.deployers.gcp.flow.flattening import flattened
from skyloom.deployers.gcp.flow.invoking import ANSWER
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.parts import is_taken_apart, own_answer
from skyloom.deployers.gcp.flow.result_places import places_for
from skyloom.deployers.gcp.flow.scopes import declarations, inner_context
from skyloom.deployers.gcp.flow.texts import expression
from skyloom.deployers.gcp.flow.unpacking import bind
from skyloom.deployers.gcp.flow.uses import uses
from skyloom.deployers.gcp.limits import BRANCHES, PARALLEL_DEPTH, PARALLEL_WIDTH
from skyloom.deployers.gcp.steps import (
    Assign,
    Branch,
    Case,
    For,
    Loop,
    ParallelBranches,
    ParallelFor,
    Raise,
    Steps,
    Switch,
    Try,
)
from skyloom.deployers.lengths import constant_length
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Diagnostic
from skyloom.flows.expr.nodes import Bind, bound_names
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import TupleType
from skyloom.flows.ir import nodes as ir

Json = Any


# --- map --------------------------------------------------------------------------------------------------------


def lower_map(lowering: Lowering, context: Context, step: ir.Map) -> list[Lowered]:
    """One round for each element, side by side; one after the other where a flow says so, or where Workflows nests no
    deeper."""
    step, numbered = _prepared(context, step)
    if step.limit == 1 or context.depth >= PARALLEL_DEPTH.value:
        return _one_by_one(lowering, context, step, numbered)
    return _side_by_side(lowering, context, step, numbered)


def _prepared(context: Context, step: ir.Map) -> tuple[ir.Map, bool]:
    """The map without its condition, where this may be asked of all elements beforehand; then its items are pairs of an
    element's number among all, and the element."""
    if step.condition is None:
        return step, False
    bound = {name: name for name in bound_names(step.over)}
    found = probe(replace(context, places={**context.places, **bound}), Root("test", step.condition, is_test=True))
    if not found.is_plain:
        return step, False
    return replace(step, items=filtered(step, step.condition)[0].items, condition=None), True


def _side_by_side(lowering: Lowering, context: Context, step: ir.Map, numbered: bool) -> list[Lowered]:
    at = context.at(step.span)
    names = bound_names(step.over)
    before, (items,) = evaluate(lowering, context, [Root(f"{names[0]}_items", step.items)], step.span)
    results, failed_at = _results(context, step), context.variable(f"{step.id}_failed_at")
    pairs = (*places_for(context, step, items, results), (failed_at, expression(f"len({results})")))
    prepare = Assign(name=context.step(f"{step.id}_start"), at=at, pairs=pairs)
    value, index = context.variable(f"each_{names[-1]}"), context.variable(f"{step.id}_index")
    body = _item(lowering, context, step, numbered, value, index, results)
    guarded = _noted(context, step, body, results, failed_at, index)
    first = Case(condition=expression(f"{index} < {failed_at}"), steps=(guarded,))
    only_before_failures = Switch(name=context.step(f"{step.id}_item"), at=at, cases=(first,))
    width = min(step.limit or lowering.settings.width, PARALLEL_WIDTH.value)
    known = constant_length(step.items)
    loop = Loop(value=value, index=index, items=items, steps=(only_before_failures,), known=known)
    parallel = ParallelFor(name=context.step(step.id), at=at, loop=loop, shared=(results, failed_at), limit=width)
    after = _first_error(context, step, results, failed_at)
    return [*before, prepare, parallel, after, *_collected(lowering, context, step, results)]


def _results(context: Context, step: ir.Map | ir.Parallel) -> str:
    """The variable of the results: that of the step itself, where nobody can have read it before."""
    place = None if step.target is None else context.places[step.target]
    wrapped = isinstance(step, ir.Map) and step.condition is not None
    if place is None or wrapped or context.exits.breaks is not None or not re.fullmatch(r"\w+", place):
        return context.variable(f"{step.id}_results")
    known = [parameter.name for parameter in context.flow.parameters]
    alone = len(uses(context.flow.body).setters[step.target or ""]) == 1 and step.target not in known
    return place if alone else context.variable(f"{step.id}_results")


def _item(
    lowering: Lowering, context: Context, step: ir.Map, numbered: bool, value: str, index: str, results: str
) -> list[Lowered]:
    """The steps of one item: its result goes to its place in the results."""
    inside, first = _inside(lowering, context, step, numbered, value, index)
    body = lowering.block(lowering, inside, step.body)
    before, (result,) = evaluate(lowering, inside, [Root("result", step.result)], step.span)
    at = context.at(step.span)
    place = f"{results}[{index}]"
    given = [result] if step.condition is not None else result
    kept = [*body, *before, Assign(name=context.step(f"{step.id}_result"), at=at, pairs=((place, given),))]
    if step.condition is None:
        return [*first, *kept]
    asked, (test,) = evaluate(lowering, inside, [Root("test", step.condition, is_test=True)], step.span)
    nothing = Assign(name=context.step(f"{step.id}_left_out"), at=at, pairs=((place, []),))
    cases = (Case(condition=test, steps=context.settled(kept)), Case(condition=True, steps=(nothing,)))
    return [*first, *asked, Switch(name=context.step(f"{step.id}_if"), at=at, cases=cases)]


def _inside(
    lowering: Lowering, context: Context, step: ir.Map, numbered: bool, value: str, index: str
) -> tuple[Context, list[Lowered]]:
    """The context of an item, and the steps that give its element a name."""
    names, of = bound_names(step.over), iteration_type(step.items.type)
    if numbered:
        index, value = f"{value}[0]", f"{value}[1]"
        of = of.items[1] if isinstance(of, TupleType) else None
    inside = inner_context(context, step.body, names, lowering.prompts_in_functions())
    path = (*context.step_parts(step.id), "[", Counted(f"string({index})"), "]/")
    inside = replace(inside, path=path, facts=context.facts.without(names))
    declared = declarations(inside, step.body, names, step.span)
    if isinstance(step.over, Bind) and names[0] not in assigned(step.body):
        return replace(inside, places={**inside.places, names[0]: value}), declared
    return inside, [*declared, *bind(inside, step.over, value, of, step.span)]


def _collected(lowering: Lowering, context: Context, step: ir.Map, results: str) -> list[Lowered]:
    """The results go to the step's variable."""
    if step.target is None:
        return []
    at = context.at(step.span)
    if step.condition is None:
        return _set(context, step.target, expression(results), at)
    inside = replace(context, places={**context.places, "_results": results})
    before, (value,) = evaluate(lowering, inside, [flattened(step)], step.span, context.places[step.target])
    return [*before, *_set(context, step.target, value, at)]


def _set(context: Context, target: str, value: Json, at: str) -> list[Lowered]:
    place = context.places[target]
    if value == expression(place):
        return []
    return [Assign(name=context.step(f"set_{target}"), at=at, pairs=((place, value),))]


def _one_by_one(lowering: Lowering, context: Context, step: ir.Map, numbered: bool) -> list[Lowered]:
    """A plain loop: its first error is the first in order."""
    at = context.at(step.span)
    names = bound_names(step.over)
    before, (items,) = evaluate(lowering, context, [Root(f"{names[0]}_items", step.items)], step.span)
    results = context.variable(f"{step.id}_results")
    value, index = context.variable(f"each_{names[-1]}"), context.variable(f"{step.id}_index")
    inside, first = _inside(lowering, replace(context, depth=context.depth - 1), step, numbered, value, index)
    body = lowering.block(lowering, inside, step.body)
    taken, (result,) = evaluate(lowering, inside, [Root("result", step.result)], step.span, context.variable("result"))
    kept = [*body, *taken, *_appended(context, step, results, result, at)]
    if step.condition is not None:
        asked, (test,) = evaluate(lowering, inside, [Root("test", step.condition, is_test=True)], step.span)
        case = Case(condition=test, steps=context.settled(kept))
        kept = [*asked, Switch(name=context.step(f"{step.id}_if"), at=at, cases=(case,))]
    start = Assign(name=context.step(f"{step.id}_start"), at=at, pairs=((results, []),))
    known, body_steps = constant_length(step.items), context.settled([*first, *kept])
    loop = Loop(value=value, index=index, items=items, steps=body_steps, known=known)
    steps = [*before, start, For(name=context.step(step.id), at=at, loop=loop)]
    return steps if step.target is None else [*steps, *_set(context, step.target, expression(results), at)]


def _appended(context: Context, step: ir.Map, results: str, result: Json, at: str) -> list[Lowered]:
    value = context.variable(f"{step.id}_value")
    pairs = ((value, result), (results, expression(f"list.concat({results}, {value})")))
    return [Assign(name=context.step(f"{step.id}_result"), at=at, pairs=pairs)]


# --- errors in order --------------------------------------------------------------------------------------------


def _noted(
    context: Context, step: ir.Map | ir.Parallel, body: Sequence[Lowered], results: str, failed_at: str, index: str
) -> Try:
    """Steps whose error takes the place of their result."""
    caught = context.variable("e")
    pairs = (
        (f"{results}[{index}]", expression(caught)),
        (failed_at, expression(f"math.min({failed_at}, {index})")),
    )
    note = Assign(name=context.step(f"{step.id}_failed"), pairs=pairs)
    name = context.step(f"try_{step.id}")
    return Try(name=name, at=context.at(step.span), steps=context.settled(body), caught=caught, handler=(note,))


def _first_error(context: Context, step: ir.Map | ir.Parallel, results: str, failed_at: str) -> Switch:
    at = context.at(step.span)
    name = context.step(f"raise_from_{step.id}")
    failed = Raise(name=name, at=at, value=expression(f"{results}[{failed_at}]"), again=True)
    case = Case(condition=expression(f"{failed_at} < len({results})"), steps=(failed,))
    return Switch(name=context.step(f"check_{step.id}"), at=at, cases=(case,))


# --- parallel ---------------------------------------------------------------------------------------------------


def lower_parallel(lowering: Lowering, context: Context, step: ir.Parallel) -> list[Lowered]:
    """Branches, side by side; where Workflows nests no deeper one after the other, if none of them waits."""
    if context.depth >= PARALLEL_DEPTH.value:
        return _branches_one_by_one(lowering, context, step)
    at = context.at(step.span)
    count = len(step.branches)
    results, failed_at = _results(context, step), context.variable(f"{step.id}_failed_at")
    start, name = context.step(f"{step.id}_start"), context.step(step.id)
    apart = count <= BRANCHES.value and is_taken_apart(context, step)
    lowered = [_branch(lowering, context, step, position, results, failed_at, apart) for position in range(count)]
    bodies, answers = [body for body, _ in lowered], [answer for _, answer in lowered]
    own = tuple(answer for answer in answers if answer is not None)
    pairs = ((results, [None] * count), (failed_at, count), *((answer, None) for answer in own))
    prepare = Assign(name=start, at=at, pairs=pairs)
    shared = (results, failed_at, *own)
    fan: Lowered
    if count <= BRANCHES.value:
        branches = tuple(
            Branch(name=context.step(f"{step.id}_{position}"), at=context.at(branch.span), steps=body)
            for position, (branch, body) in enumerate(zip(step.branches, bodies, strict=True))
        )
        fan = ParallelBranches(name=name, at=at, branches=branches, shared=shared)
    else:
        index = context.variable(f"{step.id}_index")
        cases = tuple(Case(condition=expression(f"{index} == {n}"), steps=body) for n, body in enumerate(bodies))
        which = Switch(name=context.step(f"{step.id}_which"), at=at, cases=cases)
        loop = Loop(value=index, between=(0, count - 1), steps=(which,), known=count)
        fan = ParallelFor(name=name, at=at, loop=loop, shared=shared, limit=PARALLEL_WIDTH.value)
    after: list[Lowered] = [_first_error(context, step, results, failed_at)]
    if apart and step.target is not None:
        places = (f"{results}[{n}]" if one is None else one + ANSWER for n, one in enumerate(answers))
        context.frame.parts[step.target] = tuple(places)
    elif step.target is not None:
        after += _set(context, step.target, expression(results), at)
    return [prepare, fan, *after]


def _branch(
    lowering: Lowering,
    context: Context,
    step: ir.Parallel,
    position: int,
    results: str,
    failed_at: str,
    apart: bool,
) -> tuple[Steps, str | None]:
    """The steps of a branch, and the variable with its result where it is not put into the results."""
    branch = step.branches[position]
    inside = inner_context(context, branch.body, (), lowering.prompts_in_functions())
    inside = replace(inside, path=(*context.step_parts(step.id), f".{position}/"))
    body = lowering.block(lowering, inside, branch.body)
    before, (result,) = evaluate(lowering, inside, [Root("result", branch.result)], branch.span)
    pairs = ((f"{results}[{position}]", result),)
    give = Assign(name=context.step(f"{step.id}_{position}_result"), at=context.at(branch.span), pairs=pairs)
    answer = own_answer(inside, branch, before, result) if apart else None
    given = [give] if answer is None else []
    steps = [*declarations(inside, branch.body, (), branch.span), *body, *before, *given]
    return (_noted(context, step, steps, results, failed_at, str(position)),), answer


def _branches_one_by_one(lowering: Lowering, context: Context, step: ir.Parallel) -> list[Lowered]:
    """Their first error is the first in order."""
    waiting = next((s for branch in step.branches for s in _waits(lowering, branch.body, set())), None)
    if waiting is not None:
        message = f"branches that wait stand inside of more than {PARALLEL_DEPTH} of parallel steps"
        hint = "move the branches into a sub-flow with a timeout, which is an execution of its own"
        lowering.diagnostics.append(Diagnostic("SKY726", message, context.flow.file, step.span, hint=hint))
    at = context.at(step.span)
    steps: list[Lowered] = []
    values: list[str] = []
    for position, branch in enumerate(step.branches):
        around = replace(context, depth=context.depth - 1)
        inside = inner_context(around, branch.body, (), lowering.prompts_in_functions())
        inside = replace(inside, path=(*context.step_parts(step.id), f".{position}/"))
        body = lowering.block(lowering, inside, branch.body)
        before, (result,) = evaluate(lowering, inside, [Root("result", branch.result)], branch.span)
        values.append(context.variable(f"{step.id}_{position}"))
        give = Assign(name=context.step(f"{step.id}_{position}_result"), at=at, pairs=((values[-1], result),))
        steps += [*declarations(inside, branch.body, (), branch.span), *body, *before, give]
    return steps if step.target is None else [*steps, *_set(context, step.target, [*map(expression, values)], at)]


def _waits(lowering: Lowering, block: ir.Block, seen: set[str]) -> Iterator[ir.Statement]:
    """The steps that wait for something else than a function."""
    for statement in ir.walk(block):
        if isinstance(statement, ir.Approval | ir.WaitFor | ir.Sleep | ir.Race):
            yield statement
        elif isinstance(statement, ir.CallFlow) and statement.flow not in seen:
            seen.add(statement.flow)
            yield from _waits(lowering, lowering.program.flows[statement.flow].body, seen)
