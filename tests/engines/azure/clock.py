"""The time of a task hub: one that jumps to what is next, and one that runs."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, in seconds since 1970."""

    def now(self) -> float: ...


NEW_YEAR = 1_767_225_600.0
"""2026-01-01, UTC."""


class VirtualClock:
    """Moves when it is told to."""

    def __init__(self, start: float = NEW_YEAR) -> None:
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
