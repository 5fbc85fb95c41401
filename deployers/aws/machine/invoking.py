"""Calls of functions: the state, what is retried, what is caught."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import Catcher, Edge, Map, Parallel, Task
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.output import Invoke
from skyloom.deployers.aws.machine.values import Constant, Placeholder, Snippet, Value, path, record, snippet
from skyloom.errors import Span, TaskFailed, TaskTimedOut
from skyloom.flows.ir.program import RetryPolicy
from skyloom.flows.outcome import ErrorValue

Json = Any

PAYLOAD = path("$states.result.Payload")
"""What a function gave."""
MARGIN = 15
"""Seconds by which a state waits longer than the host in the function gives its task."""

INFRASTRUCTURE: dict[str, Json] = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 5,
    "JitterStrategy": "FULL",
}
"""Failures of the platform, before or after the task ran: always retried."""

_PLATFORM = ["Lambda.Unknown", "Runtime.ExitError", "States.TaskFailed"]
"""Error names of functions that ended without a word."""


def retriers(policy: RetryPolicy | None = None) -> tuple[dict[str, Json], ...]:
    """The retriers for a policy, those for failures of the platform with them."""
    if policy is None or policy.attempts < 2:
        return (INFRASTRUCTURE,)
    never = [] if not policy.never else [{"ErrorEquals": _names(policy.never), "MaxAttempts": 0}]
    everything = "Exception" in policy.on
    interval = max(1, math.ceil(policy.delay))
    retried: dict[str, Json] = {
        "ErrorEquals": ["States.ALL"] if everything else _names(policy.on),
        "IntervalSeconds": interval,
        "BackoffRate": max(1.0, policy.backoff),
        "MaxAttempts": policy.attempts - 1,
        "JitterStrategy": "FULL" if policy.jitter else "NONE",
    }
    if policy.max_delay > interval and policy.backoff > 1 and policy.attempts > 2:
        retried["MaxDelaySeconds"] = math.ceil(policy.max_delay)
    return (*never, INFRASTRUCTURE, retried)


def fused_retriers(policies: Iterable[RetryPolicy]) -> tuple[dict[str, Json], ...]:
    """The retriers of calls that share an invocation: their own attempts are made inside of it, and begin anew when it
    is lost, as often as the most patient policy that counts that as an error would."""
    lost = [policy for policy in policies if ErrorValue.of(TaskFailed("")).is_a(*policy.on)]
    most = max(lost, key=lambda policy: policy.attempts, default=RetryPolicy())
    if most.attempts < 2:
        return (INFRASTRUCTURE,)
    return (INFRASTRUCTURE, {**retriers(most)[-1], "ErrorEquals": _PLATFORM[:2]})


def _names(classes: tuple[str, ...]) -> list[str]:
    """The error names by which errors of these classes are reported."""
    names = list(classes)
    for error, reported in ((TaskTimedOut, errors.TIMEOUTS), (TaskFailed, _PLATFORM[:2])):
        if ErrorValue.of(error("")).is_a(*classes):
            names += [name for name in reported if name not in names]
    return names


def step_context(context: Context, step: str) -> Value:
    """What a function is told about the step that it carries out."""
    return record(
        {
            "run": context.run,
            "flow": context.main,
            "step": context.step_path(step),
            "attempt": snippet("$states.context.State.RetryCount + 1"),
        }
    )


def invoke(
    lowering: Lowering,
    context: Context,
    edge: Edge,
    label: str,
    span: Span,
    *,
    function: str,
    payload: Mapping[str, Value | Json],
    timeout: float,
    retry: tuple[dict[str, Json], ...],
    name: str,
) -> Edge:
    """Invokes a function behind `edge`; its result is `PAYLOAD` on the edge that this gives.

    Args:
        timeout: seconds that the host gives the task.
        name: what the task is called in messages.
    """
    need = Invoke(function)
    task = lowering.node(
        Task,
        context,
        label,
        span,
        resource="arn:aws:states:::lambda:invoke",
        arguments=record({"FunctionName": Constant(Placeholder(need.placeholder)), "Payload": record(payload)}),
        timeout=Constant(math.ceil(timeout) + MARGIN),
        retry=retry,
        need=need,
    )
    edge.to(task)
    catch(context, task, errors.caught(name, timeout))
    return task.edge


def catch(context: Context, node: Task | Map | Parallel, error: Snippet, timed_out: Value | None = None) -> None:
    """Leads the errors of a state to where the context takes them; without such a place they end the scope."""
    if context.exits.errors is None:
        return
    if timed_out is not None:
        late = Catcher(errors.TIMEOUTS, Edge())
        node.catchers.append(late)
        context.exits.errors(late.edge, timed_out, None)
    catcher = Catcher(("States.ALL",), Edge())
    node.catchers.append(catcher)
    context.exits.errors(catcher.edge, error, None)
