"""Calls of functions: the request, what is tried again, what a failure becomes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.carrying import payload_entry
from skyloom.deployers.fused import called_as, kind_of
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import Invoke
from skyloom.deployers.gcp.flow.shared import infrastructure_retry, policy_retry, raise_call_failure
from skyloom.deployers.gcp.flow.texts import environment, expression, inner
from skyloom.deployers.gcp.limits import EXPRESSION, MARGIN
from skyloom.deployers.gcp.steps import Assign, Call, Try
from skyloom.errors import Span
from skyloom.flows.ir.nodes import Argument, CallTask
from skyloom.flows.ir.program import PromptDefinition, TaskDefinition

Json = Any

ANSWER = ".body"
"""Where a call's result holds what the function gave."""


def lower_task(lowering: Lowering, context: Context, step: CallTask) -> list[Lowered]:
    """Runs a task in its function."""
    task = lowering.program.tasks[step.task]
    before, given = arguments(lowering, context, step.arguments, step.task, step.span)
    call = invoke(
        lowering,
        context,
        step.id,
        step.span,
        function=lowering.settings.tasks[step.task],
        body={kind_of(task): step.task, "arguments": given},
        callee=task,
        target=step.target,
    )
    return [*before, *call]


def arguments(
    lowering: Lowering, context: Context, given: Sequence[Argument], callee: str, span: Span
) -> tuple[list[Lowered], dict[str, Json]]:
    """The arguments of a call, by parameter, and the steps before."""
    roots = [Root(a.name, a.value, crossing=f"{callee}: argument {a.name}") for a in given]
    steps, values = evaluate(lowering, context, roots, span)
    return steps, {argument.name: value for argument, value in zip(given, values, strict=True)}


def invoke(
    lowering: Lowering,
    context: Context,
    step: str,
    span: Span,
    *,
    function: str,
    body: Mapping[str, Json],
    callee: TaskDefinition | PromptDefinition,
    target: str | None,
) -> list[Lowered]:
    """Calls a function, again as the policy says; its answer is the value of `target`."""
    at = context.at(span)
    attempts = _counted(context, step) if callee.retry.attempts > 1 else None
    told = {
        "run": context.run,
        "flow": lowering.program.main,
        "step": context.step_path(step),
        "attempt": 1 if attempts is None else expression(attempts.number),
    }
    place = None if target is None else context.places[target]
    answer = place.removesuffix(ANSWER) if place is not None and place.endswith(ANSWER) else None
    if place is not None and answer is None:
        answer = context.variable(f"{step}_answer")
    carry = lowering.carried.of(context.flow.name, target, callee.returns)
    need = Invoke(function)
    lowering.needs.add(need)
    call = Call(
        name=context.step(step),
        at=at,
        function="http.post",
        arguments={
            "url": environment(need.variable),
            "auth": {"type": "OIDC"},
            "timeout": math.ceil(callee.timeout) + MARGIN,
            "body": {**body, **payload_entry(carry), "context": told},
        },
        result=answer,
    )
    steps = _tried(lowering, context, step, at, call, callee, attempts)
    if place is not None and not place.endswith(ANSWER):
        pairs = ((place, expression(f"{answer}{ANSWER}")),)
        steps.append(Assign(name=context.step(f"set_{target}"), at=at, pairs=pairs))
    return steps


@dataclass(frozen=True, slots=True)
class _Attempts:
    """How the attempts of a step are counted: the expression of the attempt's number, what is set first, and what when
    one has failed."""

    number: str
    first: tuple[tuple[str, Json], ...]
    after_failure: tuple[tuple[str, Json], ...]


def _counted(context: Context, step: str) -> _Attempts:
    """By a variable. In loops it counts for the round whose path is noted beside it: so nothing is set in the rounds in
    which nothing fails."""
    attempt = context.variable(f"{step}_attempt")
    path = inner(context.step_path(step))
    failed = context.variable(f"{step}_failed_in")
    number = f"if({failed} == {path}, {attempt}, 1)"
    if path is None or not context.rounds or len(expression(f"{number} + 1")) > EXPRESSION.value:
        context.frame.set_each_round.add(attempt)
        return _Attempts(attempt, ((attempt, 1),), ((attempt, expression(f"{attempt} + 1")),))
    context.frame.set_once.update((attempt, failed))
    after = ((attempt, expression(f"{number} + 1")), (failed, context.step_path(step)))
    return _Attempts(number, ((attempt, 1), (failed, "")), after)


def _tried(
    lowering: Lowering,
    context: Context,
    step: str,
    at: str,
    call: Call,
    callee: TaskDefinition | PromptDefinition,
    attempts: _Attempts | None,
) -> list[Lowered]:
    caught = context.variable("e")
    failure = Call(
        name=context.step(f"{step}_failed"),
        function=raise_call_failure(lowering),
        arguments={"e": expression(caught), "task": called_as(callee), "seconds": f"{callee.timeout:g}"},
    )
    retry = infrastructure_retry(lowering)
    if attempts is None:
        return [Try(name=call.name, at=at, steps=(call,), retry=retry, caught=caught, handler=(failure,))]
    counted = Assign(name=context.step(f"{step}_next_attempt"), pairs=attempts.after_failure)
    once = Try(
        name=call.name,
        at=at,
        steps=(call,),
        retry=retry,
        caught=caught,
        handler=(counted, failure),
    )
    first = Assign(name=context.step(f"{step}_first_attempt"), at=at, pairs=attempts.first)
    policy = policy_retry(lowering, callee.retry)
    return [first, Try(name=context.step(f"{step}_attempts"), at=at, steps=(once,), retry=policy)]
