"""Time that passes for nobody: what a function sleeps is counted instead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import SupportsIndex


@dataclass
class Slept:
    """Seconds slept."""

    seconds: float = 0.0


@contextmanager
def counted() -> Iterator[Slept]:
    """Counts `time.sleep` of this process while the block lasts."""
    slept, real = Slept(), time.sleep

    def sleep(seconds: float | SupportsIndex, /) -> None:
        slept.seconds += float(seconds)

    time.sleep = sleep
    try:
        yield slept
    finally:
        time.sleep = real
