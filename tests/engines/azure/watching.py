"""Notices what an orchestrator must not do: read clocks, throw dice, block, open things.

https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

FORBIDDEN = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "localtime", "gmtime"},
    "posix": {"urandom", "open", "getenv", "system", "fork"},
    "_io": {"open", "open_code"},
    "_random": {"*"},
    "_socket": {"*"},
    "_thread": {"start_new_thread", "start_joinable_thread"},
    "_posixsubprocess": {"fork_exec"},
}
"""Builtin functions that no orchestrator calls, by module."""
CLOCKS = {"now", "utcnow", "today"}
SPARED = (
    "/azure/durable_functions/",
    "/azure/functions/",
    "/dateutil/",
    "/importlib/",
    "<frozen importlib",
    "/warnings.py",
    "/linecache.py",
    "/tokenize.py",
    "/traceback.py",
    "/logging/",
)
"""Callers that are the platform's own: the SDK reads times of history with a parser that asks for today's date."""


class Forbidden(AssertionError):
    """An orchestrator did what its replays cannot repeat."""


@contextmanager
def watched() -> Iterator[None]:
    """Fails at the end of the block when something forbidden was called inside."""
    seen: list[str] = []

    def look(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and _forbidden(called) and not _spared(frame):
            seen.append(f"{called.__qualname__} in {frame.f_code.co_filename}:{frame.f_lineno}")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
    if seen:
        raise Forbidden(f"an orchestrator called {', '.join(seen)}")


def _forbidden(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    module = getattr(called, "__module__", None) or getattr(type(owner), "__module__", "")
    names = FORBIDDEN.get(str(module), set())
    name = called.__name__
    return name in names or "*" in names or (name in CLOCKS and getattr(owner, "__module__", "") == "datetime")


def _spared(frame: FrameType | None) -> bool:
    """Whether the SDK itself or the interpreter called, not the app's code or a library under it."""
    return frame is not None and any(part in frame.f_code.co_filename for part in SPARED)
