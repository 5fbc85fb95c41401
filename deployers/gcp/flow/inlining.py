"""Sub-flows that are called in one place only: their steps stand there, without a call and a return that are billed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from skyloom.deployers.counting import ranges_of
from skyloom.deployers.facts import Facts
from skyloom.deployers.gcp.flow.context import Context, Exits
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.scopes import declarations, only_answers, places_of
from skyloom.deployers.gcp.steps import Assign
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program

Json = Any

_PLACE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}")


def inlined_flows(program: Program) -> frozenset[str]:
    """The flows whose steps stand where they are called: in one place, in the same execution, and left at their end
    only."""
    calls = Counter(
        statement.flow
        for flow in program.flows.values()
        for statement in ir.walk(flow.body)
        if isinstance(statement, ir.CallFlow)
    )
    return frozenset(name for name, count in calls.items() if count == 1 and _runs_through(program.flows[name]))


def _runs_through(flow: FlowDefinition) -> bool:
    """Whether a flow has no timeout of its own, returns in its last statement or nowhere, and keeps its parameters."""
    before = flow.body[:-1] if flow.body and isinstance(flow.body[-1], ir.Return) else flow.body
    returns = any(isinstance(statement, ir.Return) for statement in ir.walk(before))
    given = {parameter.name for parameter in flow.parameters}
    return flow.timeout is None and not returns and given.isdisjoint(assigned(flow.body))


def lower_inlined(
    lowering: Lowering, context: Context, step: ir.CallFlow, flow: FlowDefinition, given: dict[str, Json]
) -> list[Lowered]:
    """The steps of the flow, with names and paths of their own. `given`: the value of each parameter."""
    at = context.at(step.span)
    places: dict[str, str] = {}
    pairs: list[tuple[str, Json]] = []
    for name, value in given.items():
        place = _PLACE.fullmatch(value) if isinstance(value, str) else None
        # Nothing changes a variable of the caller's while the flow runs: it is read where it stands.
        places[name] = place[1] if place is not None else context.variable(name)
        if place is None:
            pairs.append((places[name], value))
    inside = Context(
        flow=flow,
        places=places,
        frame=replace(context.frame, parts={}),
        exits=Exits(returns=_giving(context, step)),
        run=context.run,
        path=(*context.step_parts(step.id), "/"),
        depth=context.depth,
        facts=Facts(),
        ranges=ranges_of(flow),
    )
    own = [name for name in dict.fromkeys(assigned(flow.body)) if name not in places]
    answered = only_answers(flow.body, lowering.prompts_in_functions())
    inside = replace(inside, places={**places, **places_of(inside, flow.body, own, answered & set(own))})
    first = [Assign(name=context.step(f"{step.id}_arguments"), at=at, pairs=tuple(pairs))] if pairs else []
    body = lowering.block(lowering, inside, flow.body)
    ends = bool(flow.body) and isinstance(flow.body[-1], ir.Return)
    last = [] if ends else inside.exits.returns(inside, None, step.span)
    return [*first, *declarations(inside, flow.body, list(places), step.span), *body, *last]


def _giving(context: Context, step: ir.CallFlow) -> Any:
    def give(inside: Context, value: Json, span: Span) -> list[Lowered]:
        if step.target is None:
            return []
        name = inside.step(f"set_{step.target}")
        return [Assign(name=name, at=inside.at(span), pairs=((context.places[step.target], value),))]

    return give
