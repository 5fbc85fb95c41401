"""The host of an AWS Lambda function: `invocation.py` says what comes in; the result is the bare JSON value, and an
error is raised as `wire.py` says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from skyloom.adapters.hosts.invocation import Failed, jobs, outcome, write

Json = Any
Handler = Callable[[dict[str, Json], Any], Json]

_MARGIN = 1.0
"""Seconds before Lambda's own timeout at which an attempt is ended, so that the run hears of it from the host."""


def function(
    tasks: Mapping[str, str] | None = None,
    prompts: str | None = None,
    expressions: str | None = None,
    fused: str | None = None,
) -> Handler:
    """The handler of a function; `invocation.jobs` says what the arguments are."""
    kinds = jobs(tasks, prompts, expressions, fused)
    cold = True

    def handler(event: dict[str, Json], context: Any) -> Json:
        nonlocal cold
        first, cold = cold, False
        try:
            return outcome(event, _Lambda(context), first, kinds)
        except Failed as failed:
            from skyloom.adapters.hosts.wire import on_the_wire

            raise on_the_wire(failed.error, failed.never, failed.on) from None

    return handler


class _Lambda:
    """An invocation as Lambda knows it."""

    keeps_numbers = False

    def __init__(self, context: Any) -> None:
        self._context = context
        self.root = os.environ.get("LAMBDA_TASK_ROOT", ".")

    def left(self) -> float:
        milliseconds: int = self._context.get_remaining_time_in_millis()
        return milliseconds / 1000 - _MARGIN

    def log(self, failed: bool) -> dict[str, Json]:
        return {"level": "ERROR" if failed else "INFO", "request": getattr(self._context, "aws_request_id", None)}

    def write(self, line: str, failed: bool) -> None:
        write(line)
