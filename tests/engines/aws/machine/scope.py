"""What a state can see while it runs: the execution, its variables, its place in maps, and whether it is to end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engines.aws.machine.failure import StateFailure
from engines.aws.machine.history import History
from engines.aws.machine.queries import evaluate
from engines.aws.machine.stop import Stop
from engines.aws.machine.tokens import Tokens

Json = Any
State = Mapping[str, Any]

PAYLOAD_BYTES = 256 * 1024
"""The largest input, output and variable: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
VARIABLES_BYTES = 10 * 1024 * 1024


class Services(Protocol):
    """What tasks call."""

    def call(self, call: Call) -> Json:
        """Carries out a task's resource, without `.waitForTaskToken`. Raises StateFailure."""


@dataclass(slots=True)
class Call:
    """A task's call of a service.

    Attributes:
        submitted: tells of a job that has been started, and is awaited then.
        abandoned: ended when nobody waits any longer.
    """

    resource: str
    arguments: Json
    execution: Execution
    submitted: Callable[[Json], object]
    abandoned: Stop = field(default_factory=Stop)


@dataclass(slots=True)
class Execution:
    """What all states of an execution share.

    Attributes:
        pace: by which factor waits and pauses before retries are shortened; timeouts are not.
    """

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    role_arn: str
    started: str
    input: Json
    history: History
    services: Services
    tokens: Tokens
    region: str = "us-east-1"
    pace: float = 1.0
    retry_pace: float = 1.0
    stop: Stop = field(default_factory=Stop)


@dataclass(slots=True)
class Scope:
    """The execution itself, a branch of a Parallel, or an iteration of a Map."""

    execution: Execution
    stop: Stop
    outer: Scope | None = None
    item: dict[str, Json] | None = None
    variables: dict[str, Json] = field(default_factory=dict)
    last_event: int = 0

    @staticmethod
    def of(execution: Execution) -> Scope:
        """The outermost one."""
        return Scope(execution, execution.stop)

    def inner(self, item: dict[str, Json] | None = None) -> Scope:
        """A scope below: it sees the variables of this one, and this one none of its."""
        return Scope(self.execution, Stop(self.stop), self, item or self.item, {}, self.last_event)

    def visible(self) -> dict[str, Json]:
        """All variables by name."""
        return self.variables if self.outer is None else {**self.outer.visible(), **self.variables}

    def record(self, kind: str, details: dict[str, Json] | None = None) -> int:
        """Adds an event to the history, after the last one of this scope."""
        self.last_event = self.execution.history.add(kind, details, self.last_event)
        return self.last_event


@dataclass(slots=True)
class Visit:
    """One time that the execution is in a state.

    Attributes:
        raw: the state's input, `$states.input`.
        variables: as they were when the state was entered: what it assigns is seen by the next one.
    """

    name: str
    state: State
    scope: Scope
    raw: Json
    entered: str
    retries: int = 0
    token: str | None = None
    variables: dict[str, Json] = field(init=False)
    assigned: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = self.scope.visible()

    @property
    def context(self) -> dict[str, Json]:
        """`$states.context`."""
        execution = self.scope.execution
        context: dict[str, Json] = {
            "Execution": {
                "Id": execution.arn,
                "Input": execution.input,
                "Name": execution.name,
                "RoleArn": execution.role_arn,
                "StartTime": execution.started,
                "RedriveCount": 0,
            },
            "State": {"EnteredTime": self.entered, "Name": self.name, "RetryCount": self.retries},
            "StateMachine": {"Id": execution.machine_arn, "Name": execution.machine_name},
        }
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        if self.scope.item is not None:
            context["Map"] = {"Item": self.scope.item}
        return context

    def value(self, template: Json, field: str, **more: Json) -> Json:
        """A field of the state, evaluated; `more` is `result` or `errorOutput`."""
        states = {"input": self.raw, "context": self.context, **more}
        return evaluate(template, field, states, self.variables)

    def leave(self, part: State, default: Json, field: str = "", **more: Json) -> Json:
        """Evaluates `Output` and `Assign` of the state, a rule or a catcher, and gives the output."""
        output = self.value(part["Output"], f"{field}Output", **more) if "Output" in part else default
        assigned = {
            name: self.value(template, f"{field}Assign/{name}", **more)
            for name, template in part.get("Assign", {}).items()
        }
        checked_size(output, "output", self.name)
        self._assign(assigned)
        return output

    def _assign(self, assigned: dict[str, Json]) -> None:
        scope = self.scope
        if assigned:
            checked_size(assigned, "Assign", self.name)
        for name in assigned:
            if scope.outer is not None and name in scope.outer.visible():
                raise StateFailure("States.Runtime", f"The variable {name} of {self.name} is one of an outer scope.")
        scope.variables.update(assigned)
        self.assigned.update(assigned)
        if assigned and size(scope.visible()) > VARIABLES_BYTES:
            raise StateFailure("States.DataLimitExceeded", f"The variables exceed {VARIABLES_BYTES} bytes.")


def size(value: Json) -> int:
    """The bytes of a value's JSON text."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def checked_size(value: Json, what: str, name: str) -> Json:
    """The value.

    Raises:
        StateFailure: States.DataLimitExceeded.
    """
    if size(value) > PAYLOAD_BYTES:
        message = f"The {what} of the state/task '{name}' exceeds the maximum number of bytes service limit."
        raise StateFailure("States.DataLimitExceeded", message)
    return value
