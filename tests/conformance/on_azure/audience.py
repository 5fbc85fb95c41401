"""Answers what a case's run waits for, as the case says: stands for `skyloom_waits` and those who answer."""

from __future__ import annotations

from typing import Any

from conformance.case import Case

from skyloom.conformance.audience import next_arrival
from skyloom.deployers.services.schema import Misfit, fitted
from skyloom.errors import TaskFailed
from skyloom.flows import values
from skyloom.flows.outcome import ErrorValue
from skyloom.flows.testing import Answer

Json = Any


class Audience:
    """Looks after one run of a case."""

    def __init__(self, case: Case) -> None:
        self._approvals = iter(case.approvals)
        self._events = {name: list(arrivals) for name, arrivals in (case.events or {}).items()}

    def answer(self, asked: Json) -> tuple[float | None, Json]:
        """After how many seconds a wait is answered, and how; None: never."""
        assert asked["run"] and asked["step"] and asked["execution"] and asked["token"], asked
        assert asked["flow"]
        return self._approval(asked) if asked["kind"] == "approval" else self._event(asked)

    def _approval(self, asked: Json) -> tuple[float | None, Json]:
        given = next(self._approvals)
        answer = Answer(approved=given) if isinstance(given, bool) else given
        form = None if answer.answer is None else fitted(_plain(answer.answer), asked["form"])
        decided = {"approved": answer.approved, "comment": answer.comment, "by": answer.by, "answer": form}
        return answer.after, {"value": decided}

    def _event(self, asked: Json) -> tuple[float | None, Json]:
        arrival = next_arrival(self._events[asked["event"]], asked.get("key"))
        try:
            return arrival.after, {"value": fitted(_plain(arrival.payload), asked["payload"])}
        except Misfit:
            error = TaskFailed(f"event {asked['event']} brought a payload that is not of its type")
            return arrival.after, {"error": ErrorValue.of(error).to_json()}


def _plain(value: Any) -> Json:
    if isinstance(value, dict | list | str | int | float | None):
        return value
    return values.to_json(value, type(value))
