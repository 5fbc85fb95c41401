"""Calls an orchestrator as the extension and the worker do, and looks at what it does on the way."""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from azure.durable_functions.models.history.HistoryEvent import HistoryEvent
from azure.functions import OrchestrationContext
from engines.azure.functions import Function
from engines.azure.instance import Instance
from engines.azure.newtonsoft import reread
from engines.azure.watching import watched

# Times stand in a history many times over, and the SDK reads all of them in every episode, with a slow parser.
_module = sys.modules[HistoryEvent.__module__]
vars(_module)["dt_parse"] = lru_cache(10_000)(vars(_module)["dt_parse"])

LABEL = "\n\n$OutOfProcData$:"


class NotDeterministic(AssertionError):
    """An orchestrator did something else when it was replayed."""


@dataclass(frozen=True)
class State:
    """What an orchestrator said: https://github.com/Azure/azure-functions-durable-extension/wiki/Out-of-Proc-Orchestrator-Execution-Schema-Reference"""

    done: bool
    actions: list[dict[str, Any]]
    output: Any
    error: str | None
    status: Any


def called(function: Function, instance: Instance, watch: bool) -> State:
    """Runs the orchestrator over the history twice: it must say the same. `watch`: and do nothing forbidden."""
    body = body_of(instance)
    with watched() if watch else nullcontext():
        first = _call(function, body)
    again = _call(function, body)
    if first != again:
        raise NotDeterministic(f"{function.name}: the same history gave\n{first}\nand then\n{again}")
    instance.said = first
    state = json.loads(reread(first))
    actions = json.loads(first)["actions"]
    if state.get("schemaVersion") != 2 or len(actions) != 1:
        raise NotDeterministic(f"{function.name} speaks another protocol: {first[:200]}")
    return State(state["isDone"], actions[0], state.get("output"), state.get("error"), state.get("customStatus"))


def said(function: Function, body: str) -> str:
    """What an orchestrator says of a history that it gets as JSON text (`body_of`)."""
    return _call(function, body)


def body_of(instance: Instance) -> str:
    """What the extension hands over: the whole history, JSON text."""
    return json.dumps(
        {
            "history": instance.history,
            "input": json.loads(reread(instance.input)),
            "instanceId": instance.id,
            "isReplaying": False,
            "parentInstanceId": instance.parent.id if instance.parent else None,
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 3,
            "longRunningTimerIntervalDuration": None,
            "maximumShortTimerDuration": None,
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }
    )


def _call(function: Function, body: str) -> str:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Potential duplicate Task completion")
        try:
            return str(function.code(**{function.parameter: OrchestrationContext(body)}))
        except Exception as problem:
            _, label, state = str(problem).rpartition(LABEL)
            if not label:
                raise
            return state
