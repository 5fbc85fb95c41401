"""Maps, parallel branches and races: scopes of their own, and errors as if they ran in order."""

from __future__ import annotations

from dataclasses import replace

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.collecting import values_of, values_of_branches
from skyloom.deployers.aws.machine.context import Context, ItemIndex
from skyloom.deployers.aws.machine.graph import Catcher, Edge, End, Map, Parallel
from skyloom.deployers.aws.machine.hoisting import Root, evaluate, is_safe
from skyloom.deployers.aws.machine.invoking import catch
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.raising import raise_error
from skyloom.deployers.aws.machine.scopes import RACE_WON, Inner
from skyloom.deployers.aws.machine.steps import taken
from skyloom.deployers.aws.machine.unpacking import bind
from skyloom.deployers.aws.machine.values import Ref, Slot, path, record, snippet, source, variable
from skyloom.deployers.filtering import filtered
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    bound_names,
)
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import (
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    LiteralType,
    ModelType,
    StrType,
    members,
)
from skyloom.flows.ir import nodes as ir

_NEVER_FLAT = (
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    LiteralType,
    ModelType,
    StrType,
)
"""Types of values that a path leaves as they are; lists it takes apart."""

_RESULT = path("$states.result")


# --- map --------------------------------------------------------------------------------------------------------


def lower_map(lowering: Lowering, context: Context, step: ir.Map, edge: Edge) -> Edge:
    """One scope for each element."""
    wanted, number = f"{bound_names(step.over)[0]}_items", None
    if step.condition is not None and is_safe(context, step.condition, bound_names(step.over)):
        step, number = filtered(step, step.condition)
    condition = step.condition
    (elements,), edge = evaluate(lowering, context, edge, [Root(wanted, step.items)], step.span)
    inner = Inner(lowering, context, step.span, native=step.limit == 1)
    inside = inner.context([*bound_names(step.over), *assigned(step.body)], (*context.step_parts(step.id),))
    index = _index(inner, step) if number is None else Ref(inside.names[number])
    inside = replace(inside, path=(*inside.path, "[", index, "]/"))
    node = lowering.node(
        Map,
        context,
        step.id,
        step.span,
        items=elements,
        limit=step.limit or lowering.settings.width,
        body=inner.graph,
        element=Slot(),
    )
    edge.to(node)
    element = snippet(node.element, simple=True)
    of = iteration_type(step.items.type)
    opened = bind(lowering, inside, inner.graph.entry, step.over, element, of, step.span)
    if condition is not None:
        (test,), opened = evaluate(lowering, inside, opened, [Root("test", condition)], step.span)
        (opened,), skipped = lowering.choice(inside, f"if {step.id}", step.span, opened, [test])
        skipped.to(lowering.node(End, inside, "skip", step.span, output=record({"skip": True})))
    end = lowering.block(lowering, inside, step.body, opened)
    if end is not None:
        (result,), end = evaluate(lowering, inside, end, [Root("result", step.result)], step.span)
        inner.give(end, result, inside.origin(step.span, f"{step.id} result"))
    if inner.failing:
        _first_fails(lowering, inside, inner, step.span)
    wrapped = bool(inner.failing) or condition is not None
    if wrapped:
        _wrap(inner)
    if inner.failing or inner.native:
        catch(context, node, errors.caught_inside(step.id))
    if not wrapped:
        return taken(context, node.edge, step.target, _RESULT)
    return _collected(lowering, context, step, node.edge, bool(inner.failing), condition is not None)


def _index(inner: Inner, step: ir.Map) -> ItemIndex:
    index = ItemIndex(inner.scope, inner.scope.variable(f"{step.id}_index"))
    inner.graph.entry.let(index.variable, path("$states.context.Map.Item.Index"))
    return index


def _first_fails(lowering: Lowering, inside: Context, inner: Inner, span: Span) -> None:
    """The error of the first item decides at once; the others' stand in their results."""
    failed = lowering.join(inside, "failed", span)
    for edge in inner.failing:
        edge.to(failed)
    test = snippet("$states.context.Map.Item.Index = 0")
    (first,), later = lowering.choice(inside, "first item failed", span, failed.edge, [test])
    ending = replace(inside, exits=replace(inside.exits, errors=None))
    raise_error(lowering, ending, first, variable(inner.error), None, span)
    later.to(lowering.node(End, inside, "item failed", span, output=record({"error": variable(inner.error)})))


def _wrap(inner: Inner) -> None:
    """The results tell themselves from errors and from items left out."""
    for end in inner.ends:
        end.output = record({"value": end.output})


def _collected(lowering: Lowering, context: Context, step: ir.Map, edge: Edge, may_fail: bool, may_skip: bool) -> Edge:
    """The values of a map's items, or the first error among them."""
    results = context.scope.variable(f"{step.id}_results")
    edge.let(results, _RESULT)
    if all(isinstance(member, _NEVER_FLAT) for member in members(step.result.type)):
        taken(context, edge, step.target, snippet("[$states.result.value]"))
    else:
        taken(context, edge, step.target, source(values_of(step, may_skip), {"results": results}))
    if not may_fail:
        return edge
    failures = context.scope.variable(f"{step.id}_errors")
    edge.let(failures, snippet("[$states.result.error]"))
    test = snippet("$count(", Ref(failures), ") > 0")
    (failed,), edge = lowering.choice(context, f"{step.id} results", step.span, edge, [test])
    raise_error(lowering, context, failed, snippet(Ref(failures), "[0]"), None, step.span)
    return edge


# --- parallel ---------------------------------------------------------------------------------------------------


def lower_parallel(lowering: Lowering, context: Context, step: ir.Parallel, edge: Edge) -> Edge:
    """One scope for each branch; the error of the first decides at once, those of the others in order."""
    inners = _branches(lowering, context, step)
    node = lowering.node(Parallel, context, step.id, step.span, branches=[inner.graph for inner in inners])
    edge.to(node)
    catch(context, node, errors.caught_inside(step.id))
    failing = [position for position, inner in enumerate(inners) if inner.failing]
    if not failing:
        return taken(context, node.edge, step.target, _RESULT)
    for position in failing:
        _branch_fails(lowering, inners[position], step)
    results = context.scope.variable(f"{step.id}_results")
    edge = node.edge.let(results, _RESULT)
    for position in failing:
        test = snippet("$exists(", Ref(results), f"[{position}].error)")
        (failed,), edge = lowering.choice(context, f"{step.id} results", step.span, edge, [test])
        error = snippet(Ref(results), f"[{position}].error")
        raise_error(lowering, context, failed, error, None, step.span)
    return taken(context, edge, step.target, source(values_of_branches(step, failing), {"results": results}))


def _branch_fails(lowering: Lowering, inner: Inner, step: ir.Parallel) -> None:
    end = lowering.node(
        End, inner.around, f"{step.id} branch failed", step.span, output=record({"error": variable(inner.error)})
    )
    for edge in inner.failing:
        edge.to(end)
    _wrap(inner)


def _branches(lowering: Lowering, context: Context, step: ir.Parallel | ir.Race) -> list[Inner]:
    inners = []
    race = isinstance(step, ir.Race)
    for position, branch in enumerate(step.branches):
        inner = Inner(lowering, context, branch.span, native=race or position == 0, wins=race)
        parts = (*context.step_parts(step.id), f".{position}/")
        inside = inner.context(assigned(branch.body), parts)
        end = lowering.block(lowering, inside, branch.body, inner.graph.entry)
        if end is not None:
            (result,), end = evaluate(lowering, inside, end, [Root("result", branch.result)], branch.span)
            inner.give(end, result, inside.origin(branch.span, f"{step.id}.{position} result"))
        inners.append(inner)
    return inners


# --- race -------------------------------------------------------------------------------------------------------


def lower_race(lowering: Lowering, context: Context, step: ir.Race, edge: Edge) -> Edge:
    """Parallel branches of which the first to end ends all: with its error, or with one that carries its result."""
    inners = _branches(lowering, context, step)
    node = lowering.node(Parallel, context, step.id, step.span, branches=[inner.graph for inner in inners])
    edge.to(node)
    won = Catcher((RACE_WON,), Edge())
    node.catchers.append(won)
    catch(context, node, errors.caught_inside(step.id))
    join = lowering.join(context, step.id, step.span)
    # Never taken: every branch ends with an error.
    node.edge.to(join)
    winner = snippet("$parse($states.errorOutput.Cause).value")
    taken(context, won.edge, step.target, winner).to(join)
    return join.edge
