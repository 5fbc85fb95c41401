"""Service `events`: an event arrives for the runs that wait for it.

Invoked by a rule on the app's bus. The event's `detail-type` is its name, its `detail` is

    {"payload"?, "key"?, "run"?}

Every open wait for that name and key gets the payload; with `run`, that run's only. A payload that is not of the type
that the flow expects fails the step with `TaskFailed`. When nothing waits, the invocation fails, so that Lambda repeats
it a minute and another two minutes later, and then keeps the event in the dead-letter queue: an event that comes a
little too early is not lost.

Environment: SKYLOOM_TABLE.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.delivery import LONGEST_OUTPUT, Delivery, Gone
from skyloom.deployers.aws.services.schema import Misfit, fitted
from skyloom.deployers.aws.services.waiting import NotOpen, Wait, Waits, event_subject

Json = Any


class NobodyWaits(Exception):
    """No run waits for the event, so far."""


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    return _arrival().arrive(event["detail-type"], event.get("detail") or {})


@functools.cache
def _arrival() -> Arrival:
    waits = Waits(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    return Arrival(waits, Delivery(waits, client("stepfunctions")))


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
            self._delivery.answer(wait, _answer(wait, payload))
        except NotOpen:
            return True
        except Gone:
            return False
        return True


def _answer(wait: Wait, payload: Json) -> dict[str, Json]:
    event = wait.asked["event"]
    try:
        value = fitted(payload, wait.asked["payload"] or {})
    except Misfit:
        return _failed(f"event {event} brought a payload that is not of its type")
    if len(json.dumps(value, ensure_ascii=False).encode()) > LONGEST_OUTPUT:
        return _failed(f"event {event} brought a payload of more than {LONGEST_OUTPUT} bytes")
    return {"value": value}


def _failed(message: str) -> dict[str, Json]:
    """A failure in the form in which a function's failure reaches a state machine."""
    error = {"type": "TaskFailed", "bases": ["FlowError", "SkyloomError", "Exception"], "message": message}
    return {
        "error": error["type"],
        "cause": json.dumps({"errorType": error["type"], "errorMessage": json.dumps(error, ensure_ascii=False)}),
    }
