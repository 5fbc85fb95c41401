"""Calls of activities from an orchestration: what goes to them, what comes back, what is tried again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from skyloom.adapters.hosts.durable_strands import Json, Open, Strand, moment, outcome_of, until
from skyloom.adapters.hosts.durable_texts import MOST_BYTES, read_text, too_large
from skyloom.errors import TaskFailed, TaskTimedOut
from skyloom.flows.outcome import ErrorValue, Raised

if TYPE_CHECKING:
    from skyloom.adapters.hosts.durable import Run

PLATFORM_DELAYS = (2, 4, 8, 16, 32)
"""Seconds before a call is made again that the platform has failed."""
_TOO_LATE = ("FunctionTimeoutException", "Timeout value of")
"""What the host says of a function that ran longer than it lets any run.
https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout"""


class Activity(NamedTuple):
    """An activity that runs a task or asks a prompt.

    Attributes:
        function: the activity's name in the app.
        kind: "task", "prompt" or "fused".
        name: the task's, the prompt's, or that of calls of tasks that share it.
        timeout: seconds of one attempt, for messages: the activity itself keeps the time.
        carry, looks: how its result travels (`adapters.hosts.claims`).
        attempts, delay, backoff, max_delay, jitter, on, never: as `flows.ir.program.RetryPolicy` says.
    """

    function: str
    kind: str
    name: str
    timeout: float
    carry: str = "inline"
    looks: Json = False
    attempts: int = 1
    delay: float = 1.0
    backoff: float = 2.0
    max_delay: float = 60.0
    jitter: float = 0.5
    on: tuple[str, ...] = ("Exception",)
    never: tuple[str, ...] = ()

    def carried(self, carry: str, looks: Json = False) -> Activity:
        """The same, where its result travels in another way."""
        return self._replace(carry=carry, looks=looks)


def task(name: str, timeout: float, *, function: str | None = None, **policy: Any) -> Activity:
    """The activity that runs a task; it is called as the task where `function` says nothing else."""
    return Activity(function or name, "task", name, timeout, **policy)


def prompt(name: str, timeout: float, *, function: str | None = None, **policy: Any) -> Activity:
    """The activity that asks a prompt."""
    return Activity(function or name, "prompt", name, timeout, **policy)


def fused(name: str, timeout: float, *, function: str, **policy: Any) -> Activity:
    """The activity that makes several calls of tasks."""
    return Activity(function, "fused", name, timeout, **policy)


EMIT = "skyloom_emit"
"""The activity that publishes events."""
WAITS = "skyloom_waits"
"""The activity that opens and closes approvals and waits for events."""
SERVICE_TIMEOUT = 60.0
"""Seconds that these two may take."""


def call(run: Run, path: str, activity: Activity, arguments: dict[str, Json]) -> Strand:
    """Runs a task or asks a prompt, attempt by attempt."""
    _check_size(activity.name, arguments)
    attempt = 1
    while True:
        try:
            return (yield from _attempt(run, path, activity, arguments, attempt))
        except Raised as raised:
            if attempt == activity.attempts or not _is_retried(activity, raised.error):
                raise
        yield from pause(run, path, _delay(run, path, activity, attempt), "next attempt")
        attempt += 1


def _attempt(run: Run, path: str, activity: Activity, arguments: dict[str, Json], attempt: int) -> Strand:
    request: dict[str, Json] = {activity.kind: activity.name, "arguments": arguments}
    if activity.carry != "inline":
        request["carry"] = activity.carry
        if activity.looks is not False:
            request["looks"] = activity.looks
    request["context"] = {"run": run.id, "flow": run.main, "step": path, "attempt": attempt}
    return _invoked(run, path, activity.function, request, activity.name, activity.timeout)


def ask(run: Run, path: str, function: str, request: dict[str, Json]) -> Strand:
    """Asks one of the app's own services."""
    _check_size(path, request)
    return _invoked(run, path, function, {**request, "flow": run.main, "step": path}, path, SERVICE_TIMEOUT)


def _check_size(name: str, given: dict[str, Json]) -> None:
    """Raises Raised with TaskFailed where it is more than Durable carries: the scheduler would refuse the message, and
    the run would hang."""
    size = too_large(json.dumps(given, ensure_ascii=False), times=2)
    if size:
        raise Raised.of(
            TaskFailed(
                f"{name} is given {size:,} bytes of JSON, as Durable writes it; at most {MOST_BYTES:,} travel at once. "
                "Keep the value in a bucket and hand on its name, or less of it; large values, and large fields of "
                "models, travel where they are only handed on to tasks, and the flow itself reads nothing of them"
            )
        )


def _invoked(run: Run, path: str, function: str, request: dict[str, Json], name: str, timeout: float) -> Strand:
    """Calls an activity, again where the platform fails. Raises Raised."""
    text = json.dumps(request, ensure_ascii=False)
    for delay in (*PLATFORM_DELAYS, None):
        opened = Open(run.context.call_activity(function, text), path, name)
        yield [opened]
        result = outcome_of(opened.task)
        if not isinstance(result, Exception):
            return outcome(result)
        reported = str(result)
        if any(text in reported for text in _TOO_LATE):
            raise Raised.of(TaskTimedOut(f"{name} ran longer than {timeout:g} s"))
        if delay is not None:
            yield from pause(run, path, delay, "the platform")
    raise Raised.of(TaskFailed(f"{name}: {reported}"))


def outcome(told: Json) -> Json:
    """The value of `{"value": ...}`, as JSON text or read already. Raises Raised for `{"error": ...}`."""
    try:
        found = read_text(told)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Raised.of(TaskFailed(f"an answer is no outcome: {str(told)[:200]}"))
    if "error" in found:
        raise Raised(ErrorValue.from_json(found["error"]))
    return found.get("value", found)


def pause(run: Run, path: str, seconds: float, what: str) -> Strand:
    """Waits for so many seconds; 0 or less does not wait."""
    if seconds > 0:
        yield from until(run.context, moment(run.context, seconds), path, what)


def _is_retried(activity: Activity, error: ErrorValue) -> bool:
    return error.is_a(*activity.on) and not error.is_a(*activity.never)


def _delay(run: Run, path: str, activity: Activity, attempt: int) -> float:
    """Seconds before the attempt behind this one. Chance is a hash of where it stands: the same in every replay."""
    base = min(activity.delay * activity.backoff ** (attempt - 1), activity.max_delay)
    digest = hashlib.sha256(f"{run.id}\n{path}\n{attempt}".encode()).digest()
    return base * (1 + activity.jitter * int.from_bytes(digest[:7], "big") / 2**56)
