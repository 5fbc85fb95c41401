"""Starts runs: input that does not fit the flow starts nothing, and what is sent twice starts one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from skyloom.deployers.services.schema import fitted_arguments
from skyloom.flows.outcome import ErrorValue

Json = Any
Status = Literal["running", "done", "failed", "cancelled"]

STARTS = Path(__file__).with_name("starts.json")
"""What can be started, written into the package: flow and input schema of every trigger, by the trigger's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a trigger starts.

    Attributes:
        flow: the flow's name.
        schema: the JSON Schema of the flow's input.
        parameter: the parameter that takes what arrived; None: what arrived is the input.
        at_once: whether a run is over so soon that who starts it waits for its end (on AWS, an Express workflow).
    """

    flow: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    parameter: str | None = None
    at_once: bool = False

    def input(self, arrived: Json) -> Json:
        """The flow's input.

        Raises:
            Misfit: what arrived does not fit.
        """
        return fitted_arguments(arrived if self.parameter is None else {self.parameter: arrived}, self.schema)


def read_starts() -> dict[str, Start]:
    """The starts of the package, by the trigger's name."""
    return {name: Start(**written) for name, written in json.loads(STARTS.read_text(encoding="utf-8")).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """How a run stands. Times in seconds since 1970; `result` of a run that is done, `error` of one that failed."""

    status: Status
    started: float
    ended: float | None = None
    result: Json = None
    error: ErrorValue | None = None


class Runs(Protocol):
    """Where the cloud starts runs and knows how they stand."""

    def start(self, flow: str, given: Json, name: str) -> None:
        """Starts a run called `name`, unless there is one of that name and input.

        Raises:
            TooLarge: the input is too large.
            Conflict: there is a run of that name with another input.
            Starting: another process is starting it.
        """

    def finish(self, flow: str, given: Json, name: str) -> RunState:
        """Runs a flow whose runs are over at once (`Start.at_once`) to its end. Raises TooLarge."""

    def state(self, flow: str, name: str) -> RunState | None:
        """How a run stands; None where there is none of that name."""


class TooLarge(ValueError):
    """The input is larger than a run takes."""


class Conflict(Exception):
    """A run of that name was started with another input."""


class Starting(Exception):
    """The same run is being started right now; it is known in a moment."""


def begin(runs: Runs, start: Start, arrived: Json, name: str) -> None:
    """Starts the run `name` for what arrived, once. Raises ValueError where what arrived does not fit."""
    try:
        runs.start(start.flow, start.input(arrived), name)
    except Conflict:
        # A message that was changed keeps its id; the first one counts.
        return
