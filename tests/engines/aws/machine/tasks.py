"""The Task state: each attempt calls a service, and waits for its result or for its task token."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from typing import Any

from engines.aws.machine.failure import StateFailure
from engines.aws.machine.policies import with_policies
from engines.aws.machine.queries import as_json
from engines.aws.machine.scope import Call, Visit, checked_size
from engines.aws.machine.states import STEPS, whole_number
from engines.aws.machine.tokens import Outcome

Json = Any

CALLBACK = ".waitForTaskToken"
NEVER = 99_999_999.0


def _task(visit: Visit) -> tuple[Json, str | None]:
    return with_policies(visit, lambda: _attempt(visit))


def _attempt(visit: Visit) -> Json:
    resource, execution = str(visit.state["Resource"]), visit.scope.execution
    callback = resource.endswith(CALLBACK)
    outcome = Outcome()
    if callback:
        # Each attempt has a token of its own; the one before no longer counts.
        visit.token = execution.tokens.open(outcome)
    try:
        arguments = visit.value(visit.state["Arguments"], "Arguments") if "Arguments" in visit.state else visit.raw
        checked_size(arguments, "input", visit.name)
        timeout = whole_number(visit, "TimeoutSeconds", least=1) if "TimeoutSeconds" in visit.state else NEVER
        heartbeat = whole_number(visit, "HeartbeatSeconds", least=1) if "HeartbeatSeconds" in visit.state else NEVER
        names = _resource_names(resource)

        def submitted(output: Json) -> None:
            visit.scope.record("TaskSubmitted", {**names, "output": json.dumps(output)})

        call = Call(resource.removesuffix(CALLBACK), arguments, execution, submitted)
        scheduled: dict[str, Json] = {**names, "region": execution.region, "parameters": json.dumps(arguments)}
        if timeout < NEVER:
            scheduled["timeoutInSeconds"] = int(timeout)
        visit.scope.record("TaskScheduled", scheduled)
        visit.scope.record("TaskStarted", names)
        try:
            _carry_out(call, outcome, callback=callback)
            result = _awaited(visit, outcome, timeout, heartbeat)
        except StateFailure as failure:
            details = {**names, "error": failure.error} | ({} if failure.cause is None else {"cause": failure.cause})
            visit.scope.record("TaskTimedOut" if failure.error == "States.Timeout" else "TaskFailed", details)
            raise
        finally:
            call.abandoned.end()
        checked_size(result, "result", visit.name)
        visit.scope.record("TaskSucceeded", {**names, "output": json.dumps(result)})
        return visit.leave(visit.state, result, result=result)
    finally:
        if visit.token is not None:
            execution.tokens.close(visit.token)


def _carry_out(call: Call, outcome: Outcome, *, callback: bool) -> None:
    """Calls the service in a thread. With a task token only a failure of the call counts."""

    def work() -> None:
        try:
            result = as_json(call.execution.services.call(call))
        except StateFailure as failure:
            outcome.fail(failure)
        except Exception as problem:
            outcome.fail(StateFailure("States.Runtime", f"{type(problem).__name__}: {problem}"))
        else:
            if not callback:
                outcome.succeed(result)

    threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True).start()


def _awaited(visit: Visit, outcome: Outcome, timeout: float, heartbeat: float) -> Json:
    """The result. A task that ran out of time has no cause, and one that missed a heartbeat the same error."""
    ends = time.monotonic() + timeout
    outcome.last_beat = time.monotonic()
    with visit.scope.stop.watching(outcome.event):
        while not outcome.settled:
            visit.scope.stop.check()
            silent = outcome.last_beat + heartbeat
            left = min(ends, silent) - time.monotonic()
            if left <= 0:
                raise StateFailure("States.Timeout", heartbeat=silent < ends)
            # A beat sets the event too: it is cleared, then everything is looked at anew.
            if outcome.event.wait(min(left, 3600)) and not outcome.settled:
                outcome.event.clear()
    return outcome.result()


def _resource_names(resource: str) -> dict[str, str]:
    """`arn:aws:states:::lambda:invoke` is the resource `invoke` of the type `lambda`."""
    kind, _, name = resource.removeprefix("arn:aws:states:::").rpartition(":") if ":::" in resource else ("", "", "")
    if name == "2":
        kind, _, name = kind.rpartition(":")
        name = f"{name}:2"
    return {"resourceType": kind or "lambda", "resource": name or resource}


STEPS["Task"] = _task
