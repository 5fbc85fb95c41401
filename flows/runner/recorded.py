"""The values of a recorded run: what its steps were given and gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """A value of a step.

    Attributes:
        flow: the flow in which the step stands.
        step: its id there.
        what: what it was `given`, the arguments by name or what is shown or sent; what it `gives`; or the `list` that
            a map collects.
    """

    flow: str
    step: str
    what: Literal["given", "gives", "list"]
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A run. `result` is the flow's, where it ended with one."""

    id: str
    flow: str
    input: Json
    result: Json
    is_done: bool
    values: tuple[RecordedValue, ...]
