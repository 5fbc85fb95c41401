"""What an orchestration did, from the events that Durable Functions records of it.

Shown are calls of activities and orchestrations; timers, events and the orchestrator's own turns are left out. An
activity that ended is one event, with the time at which it was scheduled.
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api#get-instance-status
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skyloom.deployers.azure import errors
from skyloom.deployers.azure.moments import seconds
from skyloom.deployers.base import CloudStep

_KINDS = {
    "TaskScheduled": ("activity", False),
    "TaskCompleted": ("activity", True),
    "TaskFailed": ("activity", True),
    "SubOrchestrationInstanceCreated": ("sub-flow", False),
    "SubOrchestrationInstanceCompleted": ("sub-flow", True),
    "SubOrchestrationInstanceFailed": ("sub-flow", True),
}
"""Kinds of steps by the type of an event, and whether it ends the step."""


@dataclass(slots=True)
class StepBoard:
    """The steps of an orchestration, as far as it has come."""

    _steps: dict[str, CloudStep] = field(default_factory=dict)
    """By the step's own path, or where nothing tells it by name and time."""

    @property
    def steps(self) -> list[CloudStep]:
        """The steps, in the order in which they began."""
        return sorted(self._steps.values(), key=lambda step: step.started)

    def update(self, events: Iterable[Mapping[str, Any]]) -> list[CloudStep]:
        """Takes the whole history in, and gives the steps that are new or have changed."""
        before = dict(self._steps)
        self._steps = {}
        for event in events:
            if event.get("EventType") in _KINDS:
                self._apply(event)
        return [step for key, step in self._steps.items() if before.get(key) != step]

    def _apply(self, event: Mapping[str, Any]) -> None:
        kind, over = _KINDS[event["EventType"]]
        name = str(event.get("FunctionName") or event.get("Name") or "")
        began = seconds(str(event.get("ScheduledTime") or event["Timestamp"]))
        path = _path(event.get("Input"))
        key = path or f"{name} {began}"
        known = self._steps.get(key)
        step = CloudStep(name=name, kind=kind, started=began, path=path)
        if known is not None:
            step = replace(known, ended=None, error="", attempts=known.attempts + 1)
        if over:
            step = replace(step, ended=seconds(str(event["Timestamp"])), error=_error(event))
        self._steps[key] = step


def _path(given: Any) -> str:
    """The path of a step, which is part of what its activity is given."""
    call = _read(given)
    context = call.get("context") if isinstance(call, dict) else None
    return str(context.get("step") or "") if isinstance(context, dict) else ""


def _error(event: Mapping[str, Any]) -> str:
    """What a step failed with; an activity tells a task's error in its result."""
    if str(event["EventType"]).endswith("Failed"):
        found = errors.decode(event.get("Reason") or event.get("Details"))
        return f"{found.type}: {found.message}"
    result = _read(event.get("Result"))
    if isinstance(result, dict) and isinstance(result.get("error"), dict):
        return f"{result['error'].get('type')}: {result['error'].get('message')}"
    return ""


def _read(value: Any) -> Any:
    """A value as it was, before it became JSON text, once or twice."""
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value[0] if isinstance(value, list) and len(value) == 1 else value
