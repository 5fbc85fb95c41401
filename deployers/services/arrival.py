"""An event arrives for the runs that wait for it.

Every open wait for that name and key gets the payload; with `run`, that run's only. A payload that is not of the type
that the flow expects fails the step with `TaskFailed`.
"""

from __future__ import annotations

import json
from typing import Any

from skyloom.deployers.services.delivery import Delivery, Gone
from skyloom.deployers.services.payloads import fitted_payload
from skyloom.deployers.services.schema import Misfit
from skyloom.deployers.services.waiting import NotOpen, Wait, Waits, event_subject

Json = Any


class NobodyWaits(Exception):
    """No run waits for the event, so far."""


class Arrival:
    """Hands events to waits."""

    def __init__(self, waits: Waits, delivery: Delivery) -> None:
        self._waits = waits
        self._delivery = delivery

    def arrive(self, name: str, detail: dict[str, Json]) -> dict[str, Json]:
        """Gives the event to all that wait for it, and tells which runs those are.

        Raises:
            NobodyWaits: there are none.
        """
        waiting = self._waits.unsettled(event_subject(name, detail.get("key")))
        asked = [wait for wait in waiting if detail.get("run") in (None, wait.run)]
        runs = [wait.run for wait in asked if self._give(wait, detail.get("payload"))]
        if not runs:
            raise NobodyWaits(f"no run waits for event {name} with key {detail.get('key')}")
        return {"runs": runs}

    def _give(self, wait: Wait, payload: Json) -> bool:
        """Whether the run has it, or had its answer before."""
        if wait.state == "answered":
            self._delivery.settle(wait)
            return True
        try:
            self._delivery.answer(wait, _answer(wait, payload, self._delivery.longest))
        except NotOpen:
            return True
        except Gone:
            return False
        return True


def _answer(wait: Wait, payload: Json, longest: int) -> dict[str, Json]:
    event = wait.asked["event"]
    try:
        value = fitted_payload(payload, wait.asked["payload"] or {})
    except Misfit:
        return _failed(f"event {event} brought a payload that is not of its type")
    if len(json.dumps(value, ensure_ascii=False).encode()) > longest:
        return _failed(f"event {event} brought a payload of more than {longest} bytes")
    return {"value": value}


def _failed(message: str) -> dict[str, Json]:
    return {"error": {"type": "TaskFailed", "bases": ["FlowError", "SkyloomError", "Exception"], "message": message}}
