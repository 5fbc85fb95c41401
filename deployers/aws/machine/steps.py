"""Tasks, samples, pauses and published events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import Edge, Task, Wait
from skyloom.deployers.aws.machine.hoisting import Root, evaluate
from skyloom.deployers.aws.machine.invoking import PAYLOAD, catch, fused_retriers, invoke, retriers, step_context
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.output import PutEvents
from skyloom.deployers.aws.machine.values import Constant, Placeholder, Record, Value, listing, record, snippet
from skyloom.deployers.carrying import payload_entry
from skyloom.deployers.fused import called_as, kind_of
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir.nodes import Argument, CallTask, Emit, Sample, Sleep
from skyloom.flows.ir.program import RetryPolicy, TaskDefinition

NOW = snippet("$substringBefore($now(), 'Z') & '000Z'", fleeting=True)
"""The time with six digits of a second: `$now()` gives three."""
UUID = snippet("$uuid()", fleeting=True)

EMIT_TIMEOUT = 30
"""Seconds that publishing an event may take."""
_EMIT_RETRY = RetryPolicy(attempts=6)


def lower_task(lowering: Lowering, context: Context, step: CallTask, edge: Edge) -> Edge:
    """Runs a task in its function."""
    task = lowering.program.tasks[step.task]
    given, edge = arguments(lowering, context, edge, step.arguments, step.task, step.span)
    edge = invoke(
        lowering,
        context,
        edge,
        step.id,
        step.span,
        function=lowering.settings.tasks[step.task],
        payload={
            kind_of(task): step.task,
            "arguments": given,
            **payload_entry(lowering.carried.of(context.flow.name, step.target, task.returns)),
            "context": step_context(context, step.id),
        },
        timeout=task.timeout,
        retry=_retriers(lowering, task),
        name=called_as(task),
    )
    return taken(context, edge, step.target, PAYLOAD)


def _retriers(lowering: Lowering, task: TaskDefinition) -> tuple[dict[str, Any], ...]:
    if task.fused is None:
        return retriers(task.retry)
    calls = (step for step in task.fused.body if isinstance(step, CallTask))
    return fused_retriers(lowering.program.tasks[step.task].retry for step in calls)


def lower_sample(context: Context, step: Sample, edge: Edge) -> Edge:
    """Takes the time, or a UUID."""
    return taken(context, edge, step.target, NOW if step.function == "now" else UUID)


def lower_sleep(lowering: Lowering, context: Context, step: Sleep, edge: Edge) -> Edge:
    """Waits, where there is something to wait for."""
    (seconds,), edge = evaluate(lowering, context, edge, [Root("seconds", step.seconds)], step.span)
    if isinstance(step.seconds, Literal):
        assert isinstance(step.seconds.value, int | float)
        if step.seconds.value <= 0:
            return taken(context, edge, step.target, Constant(None))
        seconds = Constant(step.seconds.value)
    node = lowering.node(Wait, context, step.id, step.span, seconds=seconds)
    edge.to(node)
    return taken(context, node.edge, step.target, Constant(None))


def lower_emit(lowering: Lowering, context: Context, step: Emit, edge: Edge) -> Edge:
    """Publishes an event on the app's bus."""
    roots = [Root("event", step.event), Root("payload", step.payload, crossing="the payload of an event")]
    if step.key is not None:
        roots.append(Root("key", step.key))
    (event, payload, *key), edge = evaluate(lowering, context, edge, roots, step.span)
    need = PutEvents()
    entry = record(
        {
            "EventBusName": Constant(Placeholder(need.placeholder)),
            "Source": f"skyloom.{lowering.settings.app}",
            "DetailType": event,
            "Detail": record({"payload": payload, "key": key[0] if key else None, "run": context.run}),
        }
    )
    task = lowering.node(
        Task,
        context,
        step.id,
        step.span,
        resource="arn:aws:states:::events:putEvents",
        arguments=record({"Entries": listing([entry])}),
        timeout=Constant(EMIT_TIMEOUT),
        retry=retriers(_EMIT_RETRY)[1:],
        need=need,
    )
    edge.to(task)
    catch(context, task, errors.caught(step.id))
    return taken(context, task.edge, step.target, Constant(None))


def arguments(
    lowering: Lowering, context: Context, edge: Edge, given: Sequence[Argument], callee: str, span: Span
) -> tuple[Record, Edge]:
    """The arguments of a call of `callee`, by parameter."""
    roots = [Root(a.name, a.value, crossing=f"{callee}: argument {a.name}") for a in given]
    values, edge = evaluate(lowering, context, edge, roots, span)
    named: dict[str, Value] = {a.name: value for a, value in zip(given, values, strict=True)}
    return record(named), edge


def taken(context: Context, edge: Edge, target: str | None, value: Value) -> Edge:
    """Assigns a step's result to its variable, where it has one."""
    return edge if target is None else edge.let(context.names[target], value)
