"""Flows: the main one with the execution's argument, sub-flows as subworkflows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from skyloom.deployers.counting import ranges_of
from skyloom.deployers.gcp.flow.context import Context, Counted, Exits, Frame
from skyloom.deployers.gcp.flow.fewer_steps import first_values_early
from skyloom.deployers.gcp.flow.invoking import arguments
from skyloom.deployers.gcp.flow.labels import Lowered, renamed
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.scopes import declarations, only_answers, places_of
from skyloom.deployers.gcp.flow.texts import RUN, STANDARD_NAMES, expression, literal
from skyloom.deployers.gcp.limits import PARALLEL_DEPTH
from skyloom.deployers.gcp.steps import Assign, Call, Names, Parameter, Return, Step, Steps, Subworkflow
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.ir.program import Parameter as FlowParameter

Json = Any

MOST_PARAMETERS = 8
"""Of a subworkflow, beside those that say which step called it: it may have 10."""
PACKED = "given"


def frame(lowering: Lowering) -> Frame:
    """A new (sub)workflow."""
    return Frame(Names(), _free_names(), early="first_values_early" not in lowering.settings.without)


def _free_names() -> Names:
    return Names(STANDARD_NAMES | {"path", "run", PACKED})


def ends_workflow() -> Exits:
    """A return ends the (sub)workflow."""
    return Exits(returns=_returns)


def _returns(context: Context, value: Json, span: Span) -> list[Lowered]:
    return [Return(name=context.step("return_result"), at=context.at(span), value=value)]


# --- main -------------------------------------------------------------------------------------------------------


def lower_main(lowering: Lowering, before: Steps = ()) -> Subworkflow:
    """The main flow, whose arguments are the execution's. `before` are steps in front of its own."""
    flow = lowering.program.flow
    start, ranges = (f"{flow.name}/",), ranges_of(flow)
    context = Context(flow=flow, places={}, frame=frame(lowering), exits=ends_workflow(), path=start, ranges=ranges)
    for step in before:
        context.step(step.name)
    unchanged = _unchanged(flow)
    own = [name for name in _variables(flow) if name not in unchanged]
    answered = only_answers(flow.body, lowering.prompts_in_functions()) - {p.name for p in flow.parameters}
    places = places_of(context, flow.body, own, answered)
    places |= {name: f"args.{name}" for name in unchanged}
    context = replace(context, places=places)
    given = [parameter for parameter in flow.parameters if parameter.name in own]
    steps = [*_given(context, given), *_flow_body(lowering, context, [p.name for p in given])]
    return Subworkflow(
        name="main",
        parameters=(Parameter(name="args"),),
        steps=(*before, *_finished(context, steps)),
        comment=_title(flow),
    )


def _unchanged(flow: FlowDefinition) -> frozenset[str]:
    """The parameters that are read in the execution's argument itself."""
    changed = set(assigned(flow.body))
    return frozenset(
        p.name
        for p in flow.parameters
        if p.required and p.name not in changed and p.name not in STANDARD_NAMES and p.name.isascii()
    )


def _given(context: Context, parameters: list[FlowParameter]) -> list[Lowered]:
    """Gives parameters their arguments, or their defaults."""
    pairs: list[tuple[str, Json]] = []
    for parameter in parameters:
        place = context.places[parameter.name]
        if parameter.required:
            pairs.append((place, expression(f'args["{parameter.name}"]')))
            continue
        given = f'"{parameter.name}" in args, map.get(args, "{parameter.name}"), {place}'
        pairs += [(place, literal(parameter.default)), (place, expression(f"if({given})"))]
    if not pairs:
        return []
    return [Assign(name=context.step("arguments"), at=context.at(context.flow.span), pairs=tuple(pairs))]


# --- sub-flows --------------------------------------------------------------------------------------------------


def lower_call(lowering: Lowering, context: Context, step: ir.CallFlow) -> list[Lowered]:
    """Calls the subworkflow of a flow, or has its steps in place; one with a timeout is an execution of its own."""
    from skyloom.deployers.gcp.flow.apart import lower_timed_call
    from skyloom.deployers.gcp.flow.inlining import lower_inlined

    flow = lowering.program.flows[step.flow]
    before, given = arguments(lowering, context, step.arguments, step.flow, step.span)
    if flow.timeout is not None:
        return [*before, *lower_timed_call(lowering, context, step, flow, given)]
    if flow.name in lowering.inlined:
        return [*before, *lower_inlined(lowering, context, step, flow, complete(flow, given))]
    return [*before, call_of(lowering, context, step, given)]


def call_of(lowering: Lowering, context: Context, step: ir.CallFlow, given: dict[str, Json]) -> Call:
    """The call of a flow's subworkflow."""
    flow = lowering.program.flows[step.flow]
    names = parameter_names(flow)
    values = packed({names[name]: value for name, value in complete(flow, given).items()})
    values |= _told(lowering, context, flow, context.step_path(step.id))
    place = None if step.target is None else context.places[step.target]
    return Call(
        name=context.step(step.id),
        at=context.at(step.span),
        function=subworkflow_of(lowering, flow, context.depth),
        arguments=values,
        result=place,
    )


def complete(flow: FlowDefinition, given: dict[str, Json]) -> dict[str, Json]:
    """The arguments of a flow, by parameter: defaults where none are given."""
    return {p.name: given[p.name] if p.name in given else literal(p.default) for p in flow.parameters}


def parameter_names(flow: FlowDefinition) -> dict[str, str]:
    """What the parameters of a flow are called in its subworkflow."""
    names = Frame(Names(), _free_names())
    return {parameter.name: names.variable(parameter.name) for parameter in flow.parameters}


def packed(values: dict[str, Json]) -> dict[str, Json]:
    """The arguments of a subworkflow: in one map where there are more than it may have parameters."""
    return values if len(values) <= MOST_PARAMETERS else {PACKED: values}


def received(
    context: Context, parameters: Iterable[str], hidden: Iterable[str]
) -> tuple[tuple[Parameter, ...], list[Lowered]]:
    """The parameters of a subworkflow, and the steps that take them out of the map when there are many."""
    own = list(parameters)
    if len(own) <= MOST_PARAMETERS:
        return tuple(Parameter(name=name) for name in (*own, *hidden)), []
    pairs = tuple((name, expression(f'{PACKED}["{name}"]')) for name in own)
    taken = Assign(name=context.step("arguments"), at=context.at(context.flow.span), pairs=pairs)
    return tuple(Parameter(name=name) for name in (PACKED, *hidden)), [taken]


def _told(lowering: Lowering, context: Context, flow: FlowDefinition, path: str) -> dict[str, Json]:
    if not ir.has_steps(flow.body):
        return {}
    return {"path": path} | ({"run": context.run} if lowering.has_runs else {})


def subworkflow_of(lowering: Lowering, flow: FlowDefinition, depth: int) -> str:
    """The name of a flow's subworkflow, for calls inside of so many parallel steps."""
    key = (flow.name, min(depth, PARALLEL_DEPTH.value) if _fans_out(lowering, flow.name, set()) else 0)
    if key not in lowering.flows:
        lowering.flows[key] = lowering.names.fresh(f"flow_{flow.name}")
        lowering.waiting.append(key)
    return lowering.flows[key]


def _fans_out(lowering: Lowering, name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    for statement in ir.walk(lowering.program.flows[name].body):
        if isinstance(statement, ir.Map | ir.Parallel):
            return True
        if isinstance(statement, ir.CallFlow) and _fans_out(lowering, statement.flow, seen):
            return True
    return False


def lower_flow(lowering: Lowering, key: tuple[str, int]) -> Subworkflow:
    """The subworkflow of a flow."""
    flow = lowering.program.flows[key[0]]
    context = Context(
        flow=flow,
        places={},
        frame=frame(lowering),
        exits=ends_workflow(),
        path=(Counted("path"), "/"),
        run=expression("run") if lowering.has_runs else RUN,
        depth=key[1],
        ranges=ranges_of(flow),
    )
    parameters = {p.name: context.variable(p.name) for p in flow.parameters}
    own = [name for name in _variables(flow) if name not in parameters]
    answered = only_answers(flow.body, lowering.prompts_in_functions()) - parameters.keys()
    context = replace(context, places=parameters | places_of(context, flow.body, own, answered))
    hidden = ["path", *(["run"] if lowering.has_runs else [])] if ir.has_steps(flow.body) else []
    accepted, first = received(context, parameters.values(), hidden)
    return Subworkflow(
        name=lowering.flows[key],
        parameters=accepted,
        steps=_finished(context, [*first, *_flow_body(lowering, context, list(parameters))]),
        comment=_title(flow),
    )


# --- both -------------------------------------------------------------------------------------------------------


def _variables(flow: FlowDefinition) -> list[str]:
    """The variables of a flow outside its inner scopes, parameters first."""
    return list(dict.fromkeys([*(parameter.name for parameter in flow.parameters), *assigned(flow.body)]))


def _flow_body(lowering: Lowering, context: Context, known: list[str]) -> list[Lowered]:
    body = lowering.block(lowering, context, context.flow.body)
    return [*declarations(context, context.flow.body, known, context.flow.span), *body]


def _finished(context: Context, lowered: list[Lowered]) -> Steps:
    steps = context.settled(lowered)
    if not steps:
        nothing: Step = Return(name=context.step("nothing"), at=context.at(context.flow.span), value=None)
        steps = (nothing,)
    return in_place(context, steps)


def in_place(context: Context, steps: Steps) -> Steps:
    """The steps of a whole (sub)workflow: jumps lead to steps, first values are set early."""
    frame = context.frame
    placed = renamed(steps, frame.aliases)
    return first_values_early(placed, frame.set_each_round, frame.set_once) if frame.early else placed


def _title(flow: FlowDefinition) -> str:
    return f"The flow {flow.name}." if not flow.description else flow.description.splitlines()[0]
