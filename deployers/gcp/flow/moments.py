"""Samples, pauses and published events."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import Publish
from skyloom.deployers.gcp.flow.shared import infrastructure_retry, raise_call_failure
from skyloom.deployers.gcp.flow.texts import environment, expression, inner
from skyloom.deployers.gcp.steps import Assign, Call, Case, Switch, Try
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir.nodes import Emit, Sample, Sleep

Json = Any

_DIGITS = 'text.replace_all(text.replace_all(text.substring({now}, 19, len({now})), "Z", ""), ".", "")'
"""The digits of a second behind its point. How many `time.format` writes is not documented."""


def lower_sample(context: Context, step: Sample) -> list[Lowered]:
    """Takes the time, or a UUID."""
    place, at = context.places[step.target], context.at(step.span)
    if step.function == "uuid":
        return [Assign(name=context.step(step.id), at=at, pairs=((place, expression("uuid.generate()")),))]
    now = context.variable("now")
    digits = _DIGITS.format(now=now)
    moment = f'text.substring({now}, 0, 19) + "." + text.substring({digits} + "000000", 0, 6) + "Z"'
    pairs = ((now, expression("time.format(sys.now())")), (place, expression(moment)))
    return [Assign(name=context.step(step.id), at=at, pairs=pairs)]


def lower_sleep(lowering: Lowering, context: Context, step: Sleep) -> list[Lowered]:
    """Waits, where there is something to wait for."""
    at = context.at(step.span)
    before, (seconds,) = evaluate(lowering, context, [Root("seconds", step.seconds)], step.span)
    after = _nothing(context, step.target, at)
    if isinstance(step.seconds, Literal):
        assert isinstance(step.seconds.value, int | float)
        seconds = step.seconds.value
        if seconds <= 0:
            return after
        return [Call(name=context.step(step.id), at=at, function="sys.sleep", arguments={"seconds": seconds}), *after]
    text = inner(seconds)
    assert text is not None
    pause = Call(name=context.step(step.id), at=at, function="sys.sleep", arguments={"seconds": seconds})
    case = Case(condition=expression(f"({text}) > 0"), steps=(pause,))
    return [*before, Switch(name=context.step(f"if_{step.id}"), at=at, cases=(case,)), *after]


def lower_emit(lowering: Lowering, context: Context, step: Emit) -> list[Lowered]:
    """Publishes an event on the app's topic."""
    at = context.at(step.span)
    roots = [Root("event", step.event), Root("payload", step.payload, crossing="the payload of an event")]
    if step.key is not None:
        roots.append(Root("key", step.key))
    before, (event, payload, *key) = evaluate(lowering, context, roots, step.span)
    lowering.needs.add(Publish())
    message = context.variable(f"{step.id}_message")
    told = {"payload": payload, "key": key[0] if key else None, "run": context.run}
    prepare = Assign(name=context.step(f"{step.id}_message"), at=at, pairs=((message, told),))
    call = Call(
        name=context.step(step.id),
        at=at,
        function="googleapis.pubsub.v1.projects.topics.publish",
        arguments={
            "topic": environment(Publish().variable),
            "body": {
                "messages": [
                    {
                        "data": expression(f"base64.encode(json.encode({message}))"),
                        "attributes": {"event": event, "app": lowering.settings.app},
                    }
                ]
            },
        },
    )
    caught = context.variable("e")
    failure = Call(
        name=context.step(f"{step.id}_failed"),
        function=raise_call_failure(lowering),
        arguments={"e": expression(caught), "task": step.id, "seconds": "30"},
    )
    tried = Try(
        name=call.name,
        at=at,
        steps=(call,),
        retry=infrastructure_retry(lowering),
        caught=caught,
        handler=(failure,),
    )
    return [*before, prepare, tried, *_nothing(context, step.target, at)]


def _nothing(context: Context, target: str | None, at: str) -> list[Lowered]:
    if target is None:
        return []
    return [Assign(name=context.step(f"set_{target}"), at=at, pairs=((context.places[target], None),))]
