"""The time of a task hub: one that jumps to what is next, and one that runs."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, in seconds since 1970."""

    def now(self) -> float: ...


class VirtualClock:
    """Starts on a fixed day, moves when it is told to."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._now = start

    def now(self) -> float:
        """The time."""
        return self._now

    def move_to(self, moment: float) -> None:
        """Moves on, never back."""
        self._now = max(self._now, moment)


class RealClock:
    """The machine's."""

    def now(self) -> float:
        """The time."""
        return time.time()
