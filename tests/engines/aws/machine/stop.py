"""Ending what runs: a stop reaches everything below it, wherever that waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from engines.aws.machine.failure import Stopped


class Stop:
    """Whether an execution, or one branch of it, has been ended from outside."""

    def __init__(self, above: Stop | None = None) -> None:
        self._lock: threading.Lock = threading.Lock() if above is None else above._lock
        self._set: bool = above is not None and above.set_
        self._below: list[Stop] = []
        self._watching: list[threading.Event] = []
        if above is not None:
            with self._lock:
                above._below.append(self)

    @property
    def set_(self) -> bool:
        """Whether it was ended."""
        return self._set

    def end(self) -> None:
        """Ends it, with all that is below."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._set = True
        for event in self._watching:
            event.set()
        for below in self._below:
            below._end()

    def check(self) -> None:
        """Raises Stopped when it was ended."""
        if self._set:
            raise Stopped

    @contextmanager
    def watching(self, event: threading.Event) -> Iterator[None]:
        """The event is also set when this is ended."""
        with self._lock:
            self._watching.append(event)
            if self._set:
                event.set()
        try:
            yield
        finally:
            with self._lock:
                self._watching.remove(event)

    def sleep(self, seconds: float) -> None:
        """Waits that long. Raises Stopped as soon as it is ended."""
        event, until = threading.Event(), time.monotonic() + seconds
        with self.watching(event):
            while (left := until - time.monotonic()) > 0 and not event.is_set():
                event.wait(left)
        self.check()
