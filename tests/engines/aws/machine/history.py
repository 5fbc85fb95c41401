"""The events of an execution, as GetExecutionHistory gives them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from engines.aws.machine.failure import StateFailure

MOST_EVENTS = 25_000
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


def now() -> str:
    """The time as Step Functions writes it: to the millisecond, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class History:
    """Appends to the list of an execution's events; every event of a branch names the one before it in that branch."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events
        self._lock = threading.Lock()

    def add(self, kind: str, details: dict[str, Any] | None, previous: int) -> int:
        """Appends an event and gives its number. `details` go under the name that belongs to the kind."""
        with self._lock:
            if len(self.events) >= MOST_EVENTS - 1:
                raise StateFailure("States.Runtime", f"The execution reached {MOST_EVENTS} events in its history.")
            return self._append(kind, details, previous)

    def end(self, kind: str, details: dict[str, Any], previous: int) -> None:
        """Appends the last event, for which there is always room."""
        with self._lock:
            self._append(kind, details, previous)

    def _append(self, kind: str, details: dict[str, Any] | None, previous: int) -> int:
        event = {"id": len(self.events) + 1, "previousEventId": previous, "type": kind, "timestamp": now()}
        if details is not None:
            event[_details_name(kind)] = details
        self.events.append(event)
        return len(self.events)


def _details_name(kind: str) -> str:
    for suffix in ("StateEntered", "StateExited"):
        if kind.endswith(suffix):
            return f"{suffix[0].lower()}{suffix[1:]}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"
