"""What a task waits for: its result, or its task token to come back.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from engines.aws.machine.failure import StateFailure

Json = Any


class Outcome:
    """A result or a failure, whichever comes first."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.last_beat = time.monotonic()
        self._lock = threading.Lock()
        self._result: Json = None
        self._failure: StateFailure | None = None
        self._settled = False

    @property
    def settled(self) -> bool:
        """Whether it is there."""
        return self._settled

    def succeed(self, result: Json) -> bool:
        """Gives the result; whether it was the first."""
        return self._settle(result, None)

    def fail(self, failure: StateFailure) -> bool:
        """Gives the failure; whether it was the first."""
        return self._settle(None, failure)

    def beat(self) -> None:
        """A sign of life."""
        self.last_beat = time.monotonic()
        self.event.set()

    def result(self) -> Json:
        """The result. Raises the failure."""
        if self._failure is not None:
            raise self._failure
        return self._result

    def _settle(self, result: Json, failure: StateFailure | None) -> bool:
        with self._lock:
            first, self._settled = not self._settled, True
            if first:
                self._result, self._failure = result, failure
        self.event.set()
        return first


class Tokens:
    """The open tasks by token. A token that was answered, or whose task ran out of time, is closed for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Outcome] = {}
        self._closed = set[str]()

    def open(self, outcome: Outcome) -> str:
        """A token for a task that waits for this outcome."""
        token = f"AQ{uuid.uuid4().hex}{uuid.uuid4().hex}"
        with self._lock:
            self._open[token] = outcome
        return token

    def close(self, token: str) -> None:
        """The task no longer waits."""
        with self._lock:
            self._open.pop(token, None)
            self._closed.add(token)

    def find(self, token: str) -> Outcome | None:
        """The task that waits, or None."""
        with self._lock:
            return self._open.get(token)

    def was(self, token: str) -> bool:
        """Whether there ever was such a token."""
        with self._lock:
            return token in self._open or token in self._closed
