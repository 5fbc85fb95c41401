"""How the orchestrators that are written by hand call activities: the calls and outcomes are those of Skyloom's."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

Json = Any


class Failed(Exception):
    """An activity failed: the name of the error's class, and its base classes."""

    def __init__(self, error: dict[str, Json]) -> None:
        super().__init__(error["message"])
        self.names = [error["type"], *error["bases"]]


def call(context: Any, kind: str, name: str, attempt: int = 1, **arguments: Json) -> Any:
    """The task of an activity: `yield` it, and give the outcome to `value`."""
    known = {"run": context.instance_id, "flow": "by_hand", "step": name, "attempt": attempt}
    event = {kind: name, "arguments": arguments, "carry": "inline", "context": known}
    return context.call_activity(name, json.dumps(event))


def value(outcome: str) -> Json:
    """The result in an outcome. Raises Failed."""
    told = json.loads(outcome)
    if "error" in told:
        raise Failed(told["error"])
    return told["value"]


def insisting(
    context: Any, attempts: int, delay: float, on: str, never: str, name: str, **arguments: Json
) -> Generator[Any, Any, Json]:
    """The result of a task that is tried several times."""
    for attempt in range(1, attempts + 1):
        try:
            return value((yield call(context, "task", name, attempt, **arguments)))
        except Failed as problem:
            if attempt == attempts or on not in problem.names or never in problem.names:
                raise
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=delay * 2 ** (attempt - 1)))
    raise AssertionError("the last attempt returns or raises")
