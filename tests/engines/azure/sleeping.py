"""Time that passes for nobody: what a function sleeps is counted instead, and ends it where its time is over."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, SupportsIndex, TypeVar

T = TypeVar("T")


@dataclass
class Slept:
    """Seconds slept, and how many it may be before something is raised."""

    seconds: float = 0.0
    until: float = float("inf")
    expired: type[BaseException] | None = None

    def sleep(self, seconds: float) -> None:
        """Passes time."""
        if self.seconds + seconds > self.until:
            self.seconds = self.until
            assert self.expired is not None
            raise self.expired
        self.seconds += max(seconds, 0.0)


_current: list[Slept] = []


@contextmanager
def counted() -> Iterator[Slept]:
    """Counts what `time.sleep` and `asyncio.sleep` of this thread would wait, while the block lasts. Other threads,
    such as those of another engine, wait as ever."""
    slept, block, wait, here = Slept(), time.sleep, asyncio.sleep, threading.get_ident()

    def sleep(seconds: float | SupportsIndex, /) -> None:
        if threading.get_ident() != here:
            return block(seconds)
        return slept.sleep(float(seconds))

    async def later(delay: float, result: Any = None) -> Any:
        if threading.get_ident() != here:
            return await wait(delay, result)
        slept.sleep(delay)
        return await wait(0, result)

    time.sleep, asyncio.sleep = sleep, later
    _current.append(slept)
    try:
        yield slept
    finally:
        time.sleep, asyncio.sleep = block, wait
        _current.pop()


def limit(seconds: float, work: Callable[[], T], expired: type[BaseException]) -> T:
    """Runs work that may sleep so many seconds. Raises `expired` where it sleeps longer, whatever it does about it."""
    slept = _current[-1]
    slept.until, slept.expired = slept.seconds + seconds, expired
    try:
        result = work()
        if slept.seconds >= slept.until:
            raise expired
        return result
    finally:
        slept.until, slept.expired = float("inf"), None
