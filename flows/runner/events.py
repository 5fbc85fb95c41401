"""What a run tells those who watch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skyloom.flows.runner.engine import Place


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something happened at a step.

    Attributes:
        what: `started`; `replayed` (finished by an earlier process); `retrying` (an attempt failed, another follows);
            `waiting` (for people, an event or a point in time; `detail` is the wait's id); `done`; `failed`.
        kind: the statement's kind: `call_task`, `approval`, `map`, ...; `map_item` when one item of a map is done.
        name: the task's, prompt's, flow's or event's name.
        detail: the error's text, the seconds until the next attempt, the wait's id; when a map starts, the number of
            its items; when one of them is done, its index.
    """

    what: Literal["started", "replayed", "retrying", "waiting", "done", "failed"]
    place: Place
    kind: str
    name: str
    detail: str = ""


def ignore(event: RunEvent) -> None:
    """Watches nothing."""
