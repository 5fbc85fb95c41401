"""What was seen of a case on an engine."""

from __future__ import annotations

from dataclasses import dataclass

from skyloom.conformance.case import TaskCall
from skyloom.flows.outcome import Json


@dataclass(frozen=True)
class Observed:
    """What an engine made of a case.

    Attributes:
        result: the flow's result as JSON; None where it failed.
        error: class name and message of its error; None where there is a result.
        calls: the attempts of tasks, in the order in which they began.
        emitted: the events that the flow published: name and payload.
    """

    result: Json
    error: tuple[str, str] | None
    calls: list[TaskCall]
    emitted: list[tuple[str, Json]]
