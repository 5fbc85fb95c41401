"""Runs cases in an app's folder; run as a program, in a process of its own that finds the app's own code first.

    python -P hosting.py FOLDER

Lines of JSON come in and go out: `{"seed", "orchestrator", "arguments"}` is answered by `{"ended": …}`. In between it
asks `{"asked": …}` for what answers a wait, and gets `{"after", "told"}`. `{"orchestrator", "body"}` is answered by
what that orchestrator says of that history, `{"said": …}`: a run may go on in any process. Time that tasks sleep, and
their time limits, are the host's: nothing waits really.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Json = Any

WATCHED = 2
"""Seeds with which orchestrators are watched for what they must not do."""


class Link:
    """The lines to and from the one that started this process."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        self._in = os.fdopen(os.dup(0))
        # What tasks print goes where their errors go.
        os.dup2(2, 1)

    def tell(self, message: Json) -> None:
        self._out.write(json.dumps(message) + "\n")

    def hear(self) -> Json:
        line = self._in.readline()
        return json.loads(line) if line else None

    def ask(self, message: Json) -> Json:
        self.tell(message)
        return self.hear()


def serve(folder: str) -> None:
    """Answers until nothing more comes."""
    sys.path[:0] = [folder]
    sys.path.append(str(Path(__file__).parents[2]))
    link = Link()
    from engines.azure.functions import loaded

    os.chdir(folder)
    with loaded(Path(folder)) as functions:
        _limits_are_the_hosts()
        cases = Cases(functions, link, Path(os.environ["SKYLOOM_TRACE"]))
        while (job := link.hear()) is not None:
            try:
                link.tell({"said": cases.replay(job)} if "body" in job else {"ended": cases.run(job)})
            except Exception:
                link.tell({"broken": traceback.format_exc()[-6000:]})


class Cases:
    """Runs cases on one app."""

    def __init__(self, functions: Any, link: Link, trace: Path) -> None:
        from dataclasses import replace

        from azure.durable_functions.decorators.metadata import ActivityTrigger
        from engines.azure.functions import Function

        own = {
            name: Function(name, ActivityTrigger(name="call"), code)
            for name, code in (("skyloom_waits", self._waits), ("skyloom_emit", self._emit))
        }
        self._functions = replace(functions, activities={**functions.activities, **own})
        self._link, self._trace = link, trace
        self._host: Any = None
        self._emitted: list[Json] = []

    def run(self, job: Json) -> Json:
        """Runs a case with a seed."""
        from engines.azure.host import DurableHost
        from engines.azure.sdk import body_of

        self._trace.write_text("")
        self._emitted = []
        self._host = DurableHost(self._functions, job["seed"], start=time.time())
        self._host.hub.watching = job["seed"] < WATCHED
        ended = self._host.run(job["orchestrator"], job["arguments"], f"{job['orchestrator']}-{job['seed']}")
        calls = [json.loads(line) for line in self._trace.read_text().splitlines()]
        return {
            "status": ended.status,
            "output": ended.output,
            "error": ended.error,
            "calls": [[one["task"], one["arguments"]] for one in calls],
            "emitted": self._emitted,
            "activities": len(ended.activities),
            "replays": ended.replays,
            "seconds": ended.seconds,
            "body": body_of(ended.instance),
            "said": ended.instance.said,
        }

    def replay(self, job: Json) -> str:
        """Replays a history."""
        from engines.azure.sdk import said

        return said(self._functions.orchestrators[job["orchestrator"].lower()], job["body"])

    def _waits(self, call: str) -> str:
        asked = json.loads(call)
        if asked["kind"] == "close":
            return '{"value": {"answer": null}}'
        answer = self._link.ask({"asked": asked})
        if answer["after"] is not None:
            send = self._host.send
            self._host.later(answer["after"], lambda: send(asked["execution"], asked["token"], answer["told"]))
        return '{"value": null}'

    def _emit(self, call: str) -> str:
        told = json.loads(call)
        assert told["run"] and told["step"] and told["flow"], told
        self._emitted.append([told["event"], told["payload"]])
        return '{"value": null}'


def _limits_are_the_hosts() -> None:
    """A task's time limit counts what it sleeps."""
    from engines.azure.sleeping import limit

    from skyloom.adapters.hosts import deadline, invocation

    def within(seconds: float, work: Callable[[], T]) -> T:
        return limit(seconds, work, deadline.Expired)

    vars(invocation)["within"] = within


if __name__ == "__main__":
    serve(sys.argv[1])
