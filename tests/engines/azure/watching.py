"""Notices what an orchestrator must not do: read clocks or the environment, throw dice, block, open things.

https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints
"""

from __future__ import annotations

import gc
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"}
TODAY = {"now", "utcnow", "today"}
EVENTS = ("open", "socket.", "subprocess.", "os.", "urllib.", "sqlite3.", "http.")
"""Audited events: https://docs.python.org/3/library/audit_events.html"""
SPARED = ("/azure/durable_functions/", "/azure/functions/", "/dateutil/")
"""Callers that are the platform's own: the SDK reads times of history with a parser that asks for today's date."""
LIBRARY = (sysconfig.get_path("stdlib"), "<frozen")
READERS = ("importlib", "/linecache.py", "/warnings.py", "/traceback.py", "/tokenize.py")
"""Parts of the library that read source files for the interpreter."""


class _Seen(threading.local):
    """What a thread has seen in the blocks that it is in: others may do what they like."""

    def __init__(self) -> None:
        self.blocks: list[list[str]] = []


_seen = _Seen()


class Forbidden(AssertionError):
    """An orchestrator did what its replays cannot repeat."""


@contextmanager
def watched() -> Iterator[None]:
    """Fails at the end of the block when something forbidden was done inside."""
    seen: list[str] = []
    before = sys.getprofile()
    # What others left behind is not cleared away in here: its finalizers would look like the orchestrator's doing.
    collects = gc.isenabled()
    gc.disable()
    _seen.blocks.append(seen)
    sys.setprofile(_look)
    try:
        yield
    finally:
        sys.setprofile(before)
        _seen.blocks.remove(seen)
        if collects:
            gc.enable()
    if seen:
        raise Forbidden(f"an orchestrator did {', '.join(seen)}")


def _look(frame: FrameType, event: str, called: Any) -> None:
    """Sees every call: of builtin functions, and of Python's own ones that read the environment."""
    if event == "c_call" and _forbidden(called):
        _note(called.__qualname__, frame)
    elif event == "call" and frame.f_code.co_qualname == "_Environ.__getitem__":
        _note("os.environ", frame)


def _forbidden(called: Any) -> bool:
    name, owner = str(called.__name__), getattr(called, "__self__", None)
    match getattr(called, "__module__", None) or type(owner).__module__:
        case "time":
            return name in CLOCKS or name == "sleep"
        case "_thread":
            return name.startswith("start_")
        case "random" | "_random" | "secrets":
            return True
        case "posix":
            return name == "urandom"
        case _:
            return name in TODAY and getattr(owner, "__module__", "") == "datetime"


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Sees what Python reports of files, sockets and processes."""
    if _seen.blocks and event.startswith(EVENTS):
        _note(event, sys._getframe(1))


sys.addaudithook(_audit)


def _note(what: str, frame: FrameType | None) -> None:
    """Notes it, unless the platform itself asked: who is the first above Python's own library."""
    while frame is not None and frame.f_code.co_filename.startswith(LIBRARY) and "site-packages" not in _file(frame):
        if any(part in _file(frame) for part in READERS):
            return
        frame = frame.f_back
    if frame is not None and not any(part in _file(frame) for part in SPARED):
        _seen.blocks[-1].append(f"{what} in {_file(frame)}:{frame.f_lineno}")


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename
