"""Parts of a run that can be given up: branches of races and flows with a timeout, as executions of their own.

Workflows cancels no step, but an execution can be cancelled. So the workflow starts executions of itself, whose
argument says where they begin; each calls back with its result or error; the first one counts, the others are
cancelled. (docs/decisions/0025)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from skyloom.deployers.gcp.flow.calling import (
    complete,
    ends_workflow,
    frame,
    in_place,
    parameter_names,
    received,
    subworkflow_of,
)
from skyloom.deployers.gcp.flow.context import Context, Counted, written
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import StartItself
from skyloom.deployers.gcp.flow.scopes import declarations, only_answers, places_of
from skyloom.deployers.gcp.flow.starting import ENTRY, first_of, run_entry
from skyloom.deployers.gcp.flow.texts import expression, literal
from skyloom.deployers.gcp.flow.uses import uses
from skyloom.deployers.gcp.steps import Assign, Call, Case, Parameter, Return, Steps, Subworkflow, Switch
from skyloom.deployers.own_variables import assigned
from skyloom.errors import FlowTimedOut
from skyloom.flows.expr.nodes import free_names
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.outcome import ErrorValue

Json = Any


def lower_race(lowering: Lowering, context: Context, step: ir.Race) -> list[Lowered]:
    """An execution for each branch; the first to end decides."""
    entries = [_entry(lowering, context, step, position) for position in range(len(step.branches))]
    arguments = {"entries": entries, "seconds": None, "late": None}
    return [_first_of(lowering, context, step, arguments)]


def lower_timed_call(
    lowering: Lowering, context: Context, step: ir.CallFlow, flow: FlowDefinition, given: dict[str, Json]
) -> list[Lowered]:
    """An execution for the flow, which is cancelled when its time is over."""
    entry = _flow_entry(lowering, flow, complete(flow, given), context.step_path(step.id), context.run)
    return [_first_of(lowering, context, step, {"entries": [entry], **_limited(flow)})]


def _limited(flow: FlowDefinition) -> dict[str, Json]:
    late = ErrorValue.of(FlowTimedOut(f"{flow.name} ran longer than {flow.timeout:g} s"))
    seconds = flow.timeout
    assert seconds is not None
    return {"seconds": int(seconds) if seconds == int(seconds) else seconds, "late": late.to_json()}


def _first_of(lowering: Lowering, context: Context, step: ir.Race | ir.CallFlow, arguments: dict[str, Json]) -> Call:
    lowering.needs.add(StartItself())
    return Call(
        name=context.step(step.id),
        at=context.at(step.span),
        function=first_of(lowering),
        arguments=arguments,
        result=None if step.target is None else context.places[step.target],
    )


def _flow_entry(lowering: Lowering, flow: FlowDefinition, values: dict[str, Json], path: str, run: str) -> Json:
    name = subworkflow_of(lowering, flow, 0)
    lowering.entries[name] = {place: given for given, place in parameter_names(flow).items()}
    return {"entry": name, "values": values, "path": path, "run": run}


def _entry(lowering: Lowering, context: Context, step: ir.Race, position: int) -> Json:
    """The subworkflow of a branch, and what it is given."""
    branch = step.branches[position]
    own = assigned(branch.body)
    reads = sorted((set(uses(branch.body).readers) | free_names(branch.result)) - set(own))
    inside = Context(
        flow=context.flow,
        places={},
        frame=frame(lowering),
        exits=ends_workflow(),
        path=(Counted("path"), "/"),
        run=expression("run"),
        facts=context.facts,
        ranges=context.ranges,
    )
    parameters = {name: inside.variable(name) for name in reads}
    answered = only_answers(branch.body, lowering.prompts_in_functions())
    inside = replace(inside, places=parameters | places_of(inside, branch.body, own, answered))
    body = lowering.block(lowering, inside, branch.body)
    before, (result,) = evaluate(lowering, inside, [Root("result", branch.result)], branch.span)
    give = Return(name=inside.step("return_result"), at=inside.at(branch.span), value=result)
    accepted, first = received(inside, parameters.values(), ("path", "run"))
    declared = declarations(inside, branch.body, reads, branch.span)
    steps = inside.settled([*first, *declared, *body, *before, give])
    name = lowering.names.fresh(f"flow_{context.flow.name}_{step.id}_{position}")
    lowering.shared[name] = Subworkflow(
        name=name,
        parameters=accepted,
        steps=in_place(inside, steps),
        comment=f"Branch {position + 1} of {step.id}.",
    )
    lowering.entries[name] = {place: place for place in parameters.values()}
    values = {parameters[read]: expression(context.places[read]) for read in reads}
    path = written((*context.step_parts(step.id), f".{position}"))
    return {"entry": name, "values": values, "path": path, "run": context.run}


# --- main -------------------------------------------------------------------------------------------------------


def entering(lowering: Lowering) -> Steps:
    """In front of the main flow's steps: an execution that is a part of another run begins elsewhere."""
    call = Call(name="run_part", function=run_entry(lowering), arguments={"given": expression(f'args["{ENTRY}"]')})
    case = Case(condition=expression(f'"{ENTRY}" in args'), steps=(call, Return(name="part_is_done", value=None)))
    return (Switch(name="if_part_of_a_run", cases=(case,)),)


def timed_main(lowering: Lowering) -> Subworkflow:
    """A main flow with a timeout: it runs in an execution of its own, which the first one watches."""
    flow = lowering.program.flow
    context = Context(flow=flow, places={}, frame=frame(lowering), exits=ends_workflow(), path=(f"{flow.name}/",))
    lowering.needs.add(StartItself())
    pairs: list[tuple[str, Json]] = [("values", {})]
    for p in flow.parameters:
        place = f'values["{p.name}"]'
        if not p.required:
            pairs.append((place, literal(p.default)))
        pairs.append((place, _given(p.name, required=p.required)))
    entry = _flow_entry(lowering, flow, {}, flow.name, context.run) | {"values": expression("values")}
    call = Call(
        name="run_in_time",
        at=context.at(flow.span),
        function=first_of(lowering),
        arguments={"entries": [entry], **_limited(flow)},
        result="result",
    )
    steps = (
        Assign(name="arguments", at=context.at(flow.span), pairs=tuple(pairs)),
        call,
        Return(name="return_result", value=expression("result")),
    )
    return Subworkflow(
        name="main",
        parameters=(Parameter(name="args"),),
        steps=(*entering(lowering), *steps),
        comment=f"The flow {flow.name}, watched: it may take {flow.timeout:g} s.",
    )


def _given(name: str, *, required: bool) -> str:
    if required:
        return expression(f'args["{name}"]')
    return expression(f'if("{name}" in args, map.get(args, "{name}"), values["{name}"])')
