"""Runs an orchestration of an app's folder on the tests' Durable host, several times, and tells what it took:

    python -P azure_runs.py FOLDER ORCHESTRATOR INPUT SEEDS

`FOLDER` is first on the path: the code is what would be published. Questions are answered with yes, at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = Any


class Clocked:
    """An orchestrator that knows how much time of the processor it took."""

    def __init__(self, code: Callable[..., Any]) -> None:
        self._code = code
        self.seconds = 0.0
        self.calls = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        begun = time.process_time()
        try:
            return self._code(*given, **named)
        finally:
            self.seconds += time.process_time() - begun
            self.calls += 1


def main(folder: str, orchestrator: str, given: str, seeds: int) -> Json:
    """What the runs took, together, and the last one's result."""
    sys.path[:0] = [folder]
    sys.path.append(str(Path(__file__).parents[1]))
    from dataclasses import replace

    from engines.azure.functions import loaded
    from engines.azure.host import DurableHost

    _as_it_is()
    os.chdir(folder)
    with loaded(Path(folder)) as functions:
        clocked = {name: Clocked(one.code) for name, one in functions.orchestrators.items()}
        timed = {name: replace(one, code=clocked[name]) for name, one in functions.orchestrators.items()}
        counts = {"activities": 0, "replays": 0, "history": 0}
        for seed in range(seeds):
            hosts: list[Any] = []
            own = _own(functions, hosts)
            known = replace(functions, orchestrators=timed, activities={**functions.activities, **own})
            hosts.append(DurableHost(known, seed))
            ended = hosts[0].run(orchestrator, json.loads(given), f"run-{seed}")
            assert ended.status == "Completed", ended
            counts["activities"] += len(ended.activities)
            counts["replays"] += ended.replays
            counts["history"] += sum(len(one.history) for one in hosts[0].hub.instances.values())
    # The host runs every orchestrator twice, to compare.
    seconds = sum(one.seconds for one in clocked.values()) / 2
    return {**counts, "seconds": seconds, "output": ended.output}


def _as_it_is() -> None:
    """The tests' host makes the SDK read times of the history faster than it does: not here."""
    from azure.durable_functions.models.history.HistoryEvent import HistoryEvent

    names = vars(sys.modules[HistoryEvent.__module__])
    names["dt_parse"] = getattr(names["dt_parse"], "__wrapped__", names["dt_parse"])


def _own(functions: Any, hosts: list[Any]) -> dict[str, Any]:
    """The app's own activities, as somebody answers who is quick."""
    from dataclasses import replace

    def waits(call: str) -> str:
        asked = json.loads(call)
        if asked["kind"] != "close":
            told = {"value": {"approved": True, "comment": "", "by": "bench", "answer": None}}
            host = hosts[0]
            host.later(1.0, lambda: host.send(asked["execution"], asked["token"], told))
        return '{"value": null}'

    codes = {"skyloom_waits": waits, "skyloom_emit": lambda call: '{"value": null}'}
    found = {name: functions.activities[name] for name in codes if name in functions.activities}
    return {name: replace(one, code=codes[name]) for name, one in found.items()}


if __name__ == "__main__":
    said = os.fdopen(os.dup(1), "w")
    # What tasks print goes where errors go.
    os.dup2(2, 1)
    said.write(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))) + "\n")
