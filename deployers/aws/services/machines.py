"""Starts executions of the app's state machines, and tells how they stand."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.aws.errors import decode
from skyloom.deployers.errors import flow_timed_out
from skyloom.deployers.services.starting import Conflict, RunState, Status, TooLarge

Json = Any

LONGEST_INPUT = 262_144
"""Bytes of an execution's input. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_STATUS: Mapping[str, Status] = {
    "RUNNING": "running",
    "PENDING_REDRIVE": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "cancelled",
}


def machines() -> dict[str, str]:
    """The ARNs of the state machines that this function may start, by flow: `SKYLOOM_MACHINES`, a JSON object."""
    found: dict[str, str] = json.loads(os.environ["SKYLOOM_MACHINES"])
    return found


class Machines:
    """The app's runs (`skyloom.deployers.services.starting.Runs`). `states` is a Step Functions client, `machines` the
    ARNs by flow."""

    def __init__(self, states: Any, machines: Mapping[str, str]) -> None:
        self.states = states
        self._machines = machines

    def start(self, flow: str, given: Json, name: str) -> None:
        """Starts a run called `name`, unless there is one of that name and input. Raises TooLarge, Conflict."""
        text = _dumped(given)
        try:
            self.states.start_execution(stateMachineArn=self._machines[flow], name=name, input=text)
        except self.states.exceptions.ExecutionAlreadyExists:
            known = self.states.describe_execution(executionArn=self.execution(flow, name))
            if json.loads(known["input"]) != given:
                raise Conflict(name) from None

    def finish(self, flow: str, given: Json, name: str) -> RunState:
        """Runs an Express machine to its end. Raises TooLarge."""
        found = self.states.start_sync_execution(stateMachineArn=self._machines[flow], name=name, input=_dumped(given))
        return _state(flow, found)

    def state(self, flow: str, name: str) -> RunState | None:
        """How a run stands; None where there is none of that name."""
        try:
            found = self.states.describe_execution(executionArn=self.execution(flow, name))
        except self.states.exceptions.ExecutionDoesNotExist:
            return None
        return _state(flow, found)

    def execution(self, flow: str, name: str) -> str:
        """The ARN of a run."""
        return f"{self._machines[flow].replace(':stateMachine:', ':execution:', 1)}:{name}"


def _state(flow: str, found: Mapping[str, Json]) -> RunState:
    status = _STATUS[found["status"]]
    error = None
    if found["status"] == "TIMED_OUT":
        error = flow_timed_out(flow)
    elif status == "failed":
        error = decode(found.get("error"), found.get("cause"))
    return RunState(
        status=status,
        started=found["startDate"].timestamp(),
        ended=found["stopDate"].timestamp() if found.get("stopDate") else None,
        result=json.loads(found["output"]) if status == "done" else None,
        error=error,
    )


def _dumped(given: Json) -> str:
    text = json.dumps(given, ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > LONGEST_INPUT:
        raise TooLarge(f"the input is larger than {LONGEST_INPUT} bytes")
    return text
