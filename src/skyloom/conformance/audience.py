"""Those who answer a run: people who approve, and whoever sends events, as the case says."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from skyloom.conformance.case import Case
from skyloom.flows import values
from skyloom.flows.testing import Answer, Arrival


class Unscripted(AssertionError):
    """A run asks for more than its case answers."""


class Audience:
    """Looks after one run of a case. Threads may share it.

    An engine asks once for each wait as it opens, and does what it is told after so many seconds; `after=None`: never.
    """

    def __init__(self, case: Case) -> None:
        self._approvals = iter(case.approvals)
        self._events = {name: list(arrivals) for name, arrivals in (case.events or {}).items()}
        self._lock = threading.Lock()

    def approval(self) -> Answer:
        """What the next person decides; a form that was filled in is JSON. Raises Unscripted."""
        with self._lock:
            given = next(self._approvals, None)
        if given is None:
            raise Unscripted("nobody is there for another approval")
        answer = Answer(approved=given) if isinstance(given, bool) else given
        return replace(answer, answer=_as_json(answer.answer))

    def event(self, name: str, key: str | None) -> Arrival:
        """The next event of that name for that key; its payload is JSON. Raises Unscripted."""
        with self._lock:
            arrival = next_arrival(self._events.get(name, []), key)
        return replace(arrival, payload=_as_json(arrival.payload))


def next_arrival(arrivals: list[Any], key: str | None) -> Arrival:
    """Takes the first arrival for that key out of the list. Raises Unscripted."""
    for index, given in enumerate(arrivals):
        arrival = given if isinstance(given, Arrival) else Arrival(payload=given, key=key)
        if arrival.key in (key, None):
            del arrivals[index]
            return arrival
    raise Unscripted(f"no event left for {key}")


def _as_json(value: Any) -> Any:
    if isinstance(value, dict | list | str | int | float | None):
        return value
    return values.to_json(value, type(value))
