"""Starts runs: input that does not fit the flow starts nothing, and what is sent twice starts one run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skyloom.deployers.aws.services.schema import fitted

Json = Any

LONGEST_INPUT = 262_144
"""Bytes of an execution's input. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
STARTS = Path(__file__).with_name("starts.json")
"""What can be started, written into the package: flow and input schema of every trigger, by the trigger's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a trigger starts.

    Attributes:
        flow: the flow's name.
        schema: the JSON Schema of the flow's input.
        parameter: the parameter that takes what arrived; None: what arrived is the input.
        express: whether the machine runs in memory and answers when it has ended.
    """

    flow: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    parameter: str | None = None
    express: bool = False

    def input(self, arrived: Json) -> Json:
        """The flow's input.

        Raises:
            Misfit: what arrived does not fit.
        """
        return fitted(arrived if self.parameter is None else {self.parameter: arrived}, self.schema)


def read_starts() -> dict[str, Start]:
    """The starts of the package, by the trigger's name."""
    return {name: Start(**written) for name, written in json.loads(STARTS.read_text(encoding="utf-8")).items()}


def machines() -> dict[str, str]:
    """The ARNs of the state machines that this function may start, by flow: `SKYLOOM_MACHINES`, a JSON object."""
    found: dict[str, str] = json.loads(os.environ["SKYLOOM_MACHINES"])
    return found


class TooLarge(ValueError):
    """The input is larger than an execution takes."""


class Starting:
    """Starts executions. `states` is a Step Functions client."""

    def __init__(self, states: Any, machines: Mapping[str, str]) -> None:
        self.states = states
        self._machines = machines

    def start(self, flow: str, given: Json, name: str) -> None:
        """Starts a run called `name`, unless there is one of that name and input.

        Raises:
            TooLarge: the input is too large.
            Conflict: there is a run of that name with another input.
        """
        text = dumped(given)
        try:
            self.states.start_execution(stateMachineArn=self._machines[flow], name=name, input=text)
        except self.states.exceptions.ExecutionAlreadyExists:
            known = self.states.describe_execution(executionArn=self.execution(flow, name))
            if json.loads(known["input"]) != given:
                raise Conflict(name) from None

    def run(self, flow: str, given: Json, name: str) -> dict[str, Json]:
        """Runs an Express machine to its end: what `StartSyncExecution` answers."""
        found: dict[str, Json] = self.states.start_sync_execution(
            stateMachineArn=self._machines[flow], name=name, input=dumped(given)
        )
        return found

    def execution(self, flow: str, name: str) -> str:
        """The ARN of a run."""
        return f"{self._machines[flow].replace(':stateMachine:', ':execution:', 1)}:{name}"


class Conflict(Exception):
    """A run of that name was started with another input."""


def dumped(given: Json) -> str:
    """The input as text. Raises TooLarge."""
    text = json.dumps(given, ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > LONGEST_INPUT:
        raise TooLarge(f"the input is larger than {LONGEST_INPUT} bytes")
    return text
