"""What an execution did, folded from the events that Step Functions records of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from skyloom.deployers.aws import errors
from skyloom.deployers.aws.machine.calling import AROUND
from skyloom.deployers.base import CloudStep

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_TRIES = ("TaskScheduled", "LambdaFunctionScheduled")
_FAILURES = {
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
    "TaskStartFailed": "taskStartFailedEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
    "LambdaFunctionFailed": "lambdaFunctionFailedEventDetails",
    "LambdaFunctionTimedOut": "lambdaFunctionTimedOutEventDetails",
    "EvaluationFailed": "evaluationFailedEventDetails",
}
"""Types of events that say why an attempt failed, and where they say it."""
_ENDS = ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


@dataclass(slots=True)
class StepBoard:
    """The steps of an execution, as far as it has come."""

    _steps: dict[int, CloudStep] = field(default_factory=dict)
    """By the number of the event with which each began."""
    _owner: dict[int, int] = field(default_factory=dict)
    """For each event the step that it belongs to: that of the event before it, in its own branch."""

    _stopped: list[int] = field(default_factory=list)
    """The steps that ended because the run did."""

    @property
    def steps(self) -> list[CloudStep]:
        """The steps, in the order in which they began."""
        return list(self._steps.values())

    def apply(self, event: HistoryEventTypeDef) -> CloudStep | None:
        """Takes an event in, and gives the step that it began, ended or failed."""
        number, kind = event["id"], event["type"]
        if kind.endswith("StateEntered"):
            self._owner[number] = number
            name = event["stateEnteredEventDetails"]["name"]
            step = CloudStep(name=name, kind=kind.removesuffix("StateEntered"), started=_seconds(event), attempts=0)
            self._steps[number] = step
            return step
        owner = self._owner.get(event.get("previousEventId", 0), 0)
        self._owner[number] = owner
        if kind in _ENDS:
            return self._end_open(event)
        if kind == "ExecutionRedriven":
            self._reopen()
            return None
        if owner not in self._steps:
            return None
        if kind.endswith("StateExited"):
            return self._exited(event, owner)
        if kind in _TRIES:
            step = self._steps[owner]
            path = step.path or _path(event)
            self._steps[owner] = replace(step, attempts=step.attempts + 1, error="", path=path)
        elif kind in _FAILURES:
            return self._failed(event, owner)
        return None

    def _exited(self, event: HistoryEventTypeDef, owner: int) -> CloudStep | None:
        """The end of a step. Behind branches the event before it is one of a branch: its name tells whose end it is."""
        name = event["stateExitedEventDetails"]["name"]
        if self._steps[owner].name != name:
            owner = next((n for n, s in reversed(self._steps.items()) if s.name == name and s.ended is None), owner)
        step = self._steps[owner] = replace(self._steps[owner], ended=_seconds(event))
        self._owner[event["id"]] = owner
        return step

    def _failed(self, event: HistoryEventTypeDef, owner: int) -> CloudStep:
        details = event.get(_FAILURES[event["type"]], {})
        error, cause = details.get("error"), details.get("cause")  # type: ignore[attr-defined]
        found = errors.decode(error, cause, self._steps[owner].name)
        step = replace(self._steps[owner], error=f"{found.type}: {found.message}")
        self._steps[owner] = step
        return step

    def _reopen(self) -> None:
        """The run goes on: AWS schedules the steps anew that had not ended, without entering them again."""
        for number in self._stopped:
            self._steps[number] = replace(self._steps[number], ended=None)
        self._stopped.clear()

    def _end_open(self, event: HistoryEventTypeDef) -> CloudStep | None:
        last: CloudStep | None = None
        for number, step in self._steps.items():
            if step.ended is None:
                self._stopped.append(number)
                last = self._steps[number] = replace(step, ended=_seconds(event), error=step.error or "stopped")
        return last


def _path(event: HistoryEventTypeDef) -> str:
    """The path of the step that the flow means, which is told to whatever carries it out."""
    details = event.get("taskScheduledEventDetails")
    try:
        given = json.loads(details["parameters"]) if details is not None else {}
        if "Input" in given:
            return str(given["Input"][AROUND]["step"])
        payload = given["Payload"]
        return str(payload.get("context", payload).get("step") or "")
    except (KeyError, ValueError, AttributeError, TypeError):
        # Neither a call of one of the app's functions nor a part of the run.
        return ""


def _seconds(event: HistoryEventTypeDef) -> float:
    return event["timestamp"].timestamp()
