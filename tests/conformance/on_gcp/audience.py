"""Answers what a case's run waits for, as the case says: stands for the service `waits` and those who answer."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any

from conformance.case import Case
from engines.gcp.requests import Answer as Response
from engines.gcp.requests import Request

from skyloom.conformance.audience import next_arrival
from skyloom.deployers.services.schema import Misfit, fitted
from skyloom.errors import TaskFailed
from skyloom.flows import values
from skyloom.flows.outcome import ErrorValue
from skyloom.flows.testing import Answer

Json = Any


class Audience:
    """Looks after one case."""

    def __init__(self, case: Case) -> None:
        self._approvals = iter(case.approvals)
        self._events = {name: list(arrivals) for name, arrivals in (case.events or {}).items()}
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self.problems: list[Exception] = []

    def service(self, request: Request) -> Response:
        """What the service function answers: opens a wait, or closes it."""
        asked = json.loads(request.body)
        assert asked["run"] and asked["step"] and asked["callback"], asked
        if asked["kind"] == "close":
            return _json({"answer": None})
        assert asked["flow"]
        thread = threading.Thread(target=self._answer, args=(asked,), daemon=True)
        thread.start()
        return _json({"id": "wait-1"})

    def close(self) -> None:
        """Answers nothing more."""
        self._closed.set()

    def _answer(self, asked: Json) -> None:
        try:
            after, told = self._approval(asked) if asked["kind"] == "approval" else self._event(asked)
            if after is not None and not self._closed.wait(after):
                _post(asked["callback"], told)
        except Exception as problem:
            if not self._closed.is_set():
                self.problems.append(problem)

    def _approval(self, asked: Json) -> tuple[float | None, Json]:
        with self._lock:
            given = next(self._approvals)
        answer = Answer(approved=given) if isinstance(given, bool) else given
        form = None if answer.answer is None else fitted(_plain(answer.answer), asked["form"])
        decided = {"approved": answer.approved, "comment": answer.comment, "by": answer.by, "answer": form}
        return answer.after, {"value": decided}

    def _event(self, asked: Json) -> tuple[float | None, Json]:
        with self._lock:
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


def _post(url: str, body: Json) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer anybody"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30):
        pass


def _json(value: Json) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(value).encode())
