"""Sub-flows: inlined into the machine, or run as an execution of their own."""

from __future__ import annotations

import math
from dataclasses import replace

from skyloom.deployers.aws import expr_code
from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context, ErrorClass, Exits, Origin
from skyloom.deployers.aws.machine.graph import Edge, Task
from skyloom.deployers.aws.machine.invoking import catch
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.output import StartExecution
from skyloom.deployers.aws.machine.raising import raise_error
from skyloom.deployers.aws.machine.steps import arguments, taken
from skyloom.deployers.aws.machine.values import (
    Constant,
    Placeholder,
    Ref,
    Source,
    Value,
    named,
    path,
    record,
    snippet,
    variable,
)
from skyloom.deployers.counting import ranges_of
from skyloom.deployers.facts import Facts
from skyloom.deployers.own_variables import assigned
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir.nodes import CallFlow
from skyloom.flows.ir.program import FlowDefinition, Parameter

AROUND = "from"
"""The entry of an execution's input that tells of which step of which run it is a part. No parameter has that name: it
is a keyword of Python."""

_START_RETRY = {
    "ErrorEquals": [
        "StepFunctions.AWSStepFunctionsException",
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.SdkClientException",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 5,
    "JitterStrategy": "FULL",
}
"""Refusals of the service to start an execution now. It may have begun all the same: starting it again by its name then
gives the one that runs. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""


def lower_main(lowering: Lowering, scope: Scope, exits: Exits, edge: Edge) -> None:
    """The main flow, whose arguments are the input of the machine."""
    flow = lowering.program.flow
    names = {name: scope.flow_variable(name) for name in variables(flow)}
    context = Context(
        flow=flow,
        names=names,
        scope=scope,
        exits=exits,
        main=Constant(flow.name),
        path=(f"{flow.name}/",),
        ranges=ranges_of(flow),
    )
    if lowering.is_part:
        context = _part_of_a_run(context, edge)
    for parameter in flow.parameters:
        edge.let(names[parameter.name], _given(parameter))
    _body(lowering, context, edge)


_TOLD = f"$states.context.Execution.Input.{AROUND}"


def _part_of_a_run(context: Context, edge: Edge) -> Context:
    """Where an execution is a part of a run, its tasks belong to that run, and to the step that started it."""
    run, before = context.scope.variable("run"), context.scope.variable("path")
    alone = Constant(f"{context.flow.name}/")
    edge.let(run, snippet(f"$exists({_TOLD}) ? {_TOLD}.run : ", context.run))
    edge.let(before, snippet(f"$exists({_TOLD}) ? {_TOLD}.step & '/' : ", alone))
    main = snippet("$substringBefore(", Ref(before), ", '/')")
    return replace(context, main=main, run=variable(run), path=(Ref(before),))


def lower_call(lowering: Lowering, context: Context, step: CallFlow, edge: Edge) -> Edge | None:
    """The body of the flow in the place of the call, or a call of its machine."""
    flow = lowering.program.flows[step.flow]
    if flow.name in lowering.separate:
        return _execution(lowering, context, step, flow, edge)
    given, edge = arguments(lowering, context, edge, step.arguments, step.flow, step.span)
    names = _names(lowering, context.scope, flow)
    changed = assigned(flow.body)
    constants: dict[str, Literal] = {}
    for parameter in flow.parameters:
        value = given.entries.get(parameter.name, Constant(parameter.default))
        known = named(value)
        if known is not None and parameter.name not in changed:
            # Nothing changes either while the flow runs: one variable does.
            names[parameter.name] = known
            continue
        edge.let(names[parameter.name], value)
        constant = _constant(value, parameter, step)
        if constant is not None and parameter.name not in changed:
            constants[parameter.name] = constant
    after = lowering.join(context, step.id, step.span)

    def returns(leaving: Edge, value: Value, _: Origin) -> None:
        taken(context, leaving, step.target, value).to(after)

    inside = replace(
        context,
        flow=flow,
        names=names,
        exits=Exits(returns=returns, errors=context.exits.errors),
        prefix=f"{context.prefix}{step.id}.",
        path=(*context.step_parts(step.id), "/"),
        rounds=(),
        constants=constants,
        facts=Facts(),
        ranges=ranges_of(flow),
    )
    _body(lowering, inside, edge)
    return after.edge if after.entered else None


def _names(lowering: Lowering, scope: Scope, flow: FlowDefinition) -> dict[str, str]:
    """The variables of an inlined flow: the same wherever it is inlined in one scope, as no two calls overlap."""
    key = (id(scope), flow.name)
    if key not in lowering.inlined:
        own = {name: scope.flow_variable(f"{flow.name}_{name.lstrip('_')}") for name in variables(flow)}
        lowering.inlined[key] = (scope, own)
    return dict(lowering.inlined[key][1])


def _constant(value: Value, parameter: Parameter, step: CallFlow) -> Literal | None:
    """The argument, where it is a literal or a default that one could write as such."""
    match value:
        case Source(expr=Literal() as literal):
            return literal
        case Constant(value=None | bool() | int() | float() | str() as default):
            return Literal(span=step.span, type=parameter.type, value=default)
        case _:
            return None


def variables(flow: FlowDefinition) -> list[str]:
    """The variables of a flow outside its inner scopes, parameters first."""
    return list(dict.fromkeys([*(parameter.name for parameter in flow.parameters), *assigned(flow.body)]))


def _body(lowering: Lowering, context: Context, edge: Edge) -> None:
    end = lowering.block(lowering, context, context.flow.body, edge)
    if end is not None:
        span = context.flow.body[-1].span if context.flow.body else context.flow.span
        context.exits.returns(end, Constant(None), context.origin(span, "return"))


def _given(parameter: Parameter) -> Value:
    """An argument, as it stands in the machine's input."""
    text = expr_code.member(expr_code.Code("$states.input"), parameter.name).text
    if parameter.required:
        return path(text)
    return snippet(f"$exists({text}) ? {text} : ", Constant(parameter.default))


def _execution(lowering: Lowering, context: Context, step: CallFlow, flow: FlowDefinition, edge: Edge) -> Edge:
    """Runs the flow's own machine to its end."""
    given, edge = arguments(lowering, context, edge, step.arguments, step.flow, step.span)
    need = StartExecution(flow.name)
    # A redriven run starts the flow anew: the execution of before is closed, and its name is taken.
    redrives = "' ' & $states.context.Execution.RedriveCount"
    path_of_step = context.step_path(step.id)
    name = snippet("$hash($states.context.Execution.Id & '/' & ", path_of_step, f" & {redrives}, 'SHA-256')")
    told = record({**given.entries, AROUND: record({"run": context.run, "step": path_of_step})})
    task = lowering.node(
        Task,
        context,
        step.id,
        step.span,
        resource="arn:aws:states:::states:startExecution.sync:2",
        arguments=record({"StateMachineArn": Constant(Placeholder(need.placeholder)), "Name": name, "Input": told}),
        timeout=Constant(math.ceil(flow.timeout)) if flow.timeout is not None else None,
        retry=(_START_RETRY,),
        need=need,
    )
    edge.to(task)
    if context.exits.errors is None:
        # Errors of executions inside executions are brought to the form that all others have.
        def fail(failing: Edge, error: Value, _: ErrorClass | None) -> None:
            raise_error(lowering, context, failing, error, None, step.span)

        catching = replace(context, exits=replace(context.exits, errors=fail))
    else:
        catching = context
    late = None if flow.timeout is None else errors.flow_timed_out(flow.name, flow.timeout)
    catch(catching, task, errors.caught_execution(flow.name, flow.timeout), late)
    return taken(context, task.edge, step.target, path("$states.result.Output"))
