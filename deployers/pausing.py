"""How Skyloom waits for what changes in a cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.1, 4.0, 1.4


def pauses(sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Waits a little between two looks at something that changes: shortly at first, then longer, and never gives up."""
    pause = _FIRST_PAUSE
    while True:
        yield
        sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * _GROWTH)
