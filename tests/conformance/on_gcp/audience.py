"""Answers what a case's run waits for, as the case says: stands for the service `waits` and those who answer."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any

from engines.gcp.requests import Answer as Response
from engines.gcp.requests import Request

from skyloom.conformance import audience
from skyloom.deployers.services.schema import Misfit, fitted
from skyloom.errors import TaskFailed
from skyloom.flows.outcome import ErrorValue

Json = Any


class Audience:
    """Looks after one run. `scripted` knows what people do and which events come."""

    def __init__(self, scripted: audience.Audience) -> None:
        self._scripted = scripted
        self._closed = threading.Event()
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
        answer = self._scripted.approval()
        form = None if answer.answer is None else fitted(answer.answer, asked["form"])
        decided = {"approved": answer.approved, "comment": answer.comment, "by": answer.by, "answer": form}
        return answer.after, {"value": decided}

    def _event(self, asked: Json) -> tuple[float | None, Json]:
        arrival = self._scripted.event(asked["event"], asked.get("key"))
        try:
            return arrival.after, {"value": fitted(arrival.payload, asked["payload"])}
        except Misfit:
            error = TaskFailed(f"event {asked['event']} brought a payload that is not of its type")
            return arrival.after, {"error": ErrorValue.of(error).to_json()}


def _post(url: str, body: Json) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer anybody"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30):
        pass


def _json(value: Json) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(value).encode())
