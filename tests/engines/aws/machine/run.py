"""Runs an execution from its first state to its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The types of states that stand in modules of their own.
from engines.aws.machine import fanning as _fanning  # noqa: F401
from engines.aws.machine import tasks as _tasks  # noqa: F401
from engines.aws.machine.failure import StateFailure, Stopped
from engines.aws.machine.scope import Execution, Scope
from engines.aws.machine.states import run_states

Json = Any


@dataclass(frozen=True, slots=True)
class Ending:
    """How an execution ended: SUCCEEDED with an output; FAILED with an error; TIMED_OUT; ABORTED."""

    status: str
    output: Json = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an execution goes on: the state, its input, the variables as they were, the event before."""

    state: str
    input: Json
    variables: dict[str, Json]
    last_event: int


def run(execution: Execution, definition: Mapping[str, Any], on: Place | None = None) -> Ending:
    """Carries out the definition, from its beginning or on from a place. Writes the history's last event, but for
    ABORTED, which the one who aborts writes."""
    ran_out = threading.Event()

    def time_out() -> None:
        ran_out.set()
        execution.stop.end()

    timer = threading.Timer(float(definition.get("TimeoutSeconds", threading.TIMEOUT_MAX)), time_out)
    timer.daemon = True
    if "TimeoutSeconds" in definition:
        timer.start()
    scope, given = Scope.of(execution), execution.input
    if on is not None:
        definition, given = {**definition, "StartAt": on.state}, on.input
        scope.variables, scope.last_event = on.variables, on.last_event
    try:
        return _ended(execution, scope, Ending("SUCCEEDED", run_states(definition, given, scope, again=on is not None)))
    except StateFailure as failure:
        return _ended(execution, scope, Ending("FAILED", None, failure.error, failure.cause))
    except Stopped:
        return _ended(execution, scope, Ending("TIMED_OUT" if ran_out.is_set() else "ABORTED"))
    finally:
        timer.cancel()


def _ended(execution: Execution, scope: Scope, ending: Ending) -> Ending:
    match ending.status:
        case "SUCCEEDED":
            kind, details = "ExecutionSucceeded", {"output": json.dumps(ending.output)}
        case "FAILED":
            told = {"error": ending.error, "cause": ending.cause}
            kind, details = "ExecutionFailed", {name: text for name, text in told.items() if text is not None}
        case "TIMED_OUT":
            kind, details = "ExecutionTimedOut", {"error": "States.Timeout"}
        case _:
            return ending
    execution.history.end(kind, details, scope.last_event)
    return ending
