"""A function as Lambda runs it: its package, unpacked, below Lambda's own runtime client and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.aws.environment import Environment

from skyloom.deployers.packaging import Package


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation gave: the result, or the error as a state machine sees it, and the lines of the log."""

    result: Any = None
    kind: str | None = None
    error: dict[str, Any] | None = None
    trace: tuple[str, ...] = ()
    log: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """The host's own line of the log."""
        (line,) = [line for line in self.log.splitlines() if line.startswith('{"level"')]
        found: dict[str, Any] = json.loads(line)
        return found


class Function:
    """One function, in one execution environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def task(self, name: str, arguments: dict[str, Any], **more: Any) -> Answer:
        """Runs a task once."""
        return self.invoke({"task": name, "arguments": arguments, **more})

    def invoke(self, event: dict[str, Any]) -> Answer:
        """Runs whatever the event asks for."""
        context = {"run": "run-1", "flow": "main", "step": "step", "attempt": 1}
        done = self._environment.invoke(json.dumps({"context": context, **event}).encode())
        answer = json.loads(done.payload)
        if not done.failed:
            return Answer(answer, log=done.log)
        message = answer.get("errorMessage", "")
        error = json.loads(message) if message.startswith("{") else {"message": message}
        return Answer(None, answer["errorType"], error, tuple(answer.get("stackTrace", ())), done.log)


Start = Callable[..., Function]
"""Starts a function from its package, with a timeout in seconds and variables."""
Packed = Callable[..., dict[str, Package]]
"""The packages of a file, from its source."""
