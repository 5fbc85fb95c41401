"""What signals do to a run. The first SIGINT or SIGTERM stops it in order, as a cancelled one; it can be resumed. The
second one does not wait for anything.

The run's own handler of SIGTERM wakes the event loop. Prefect would put another in its place for as long as a flow run
lasts, which raises an exception in whatever the process is doing, the event loop itself not excepted; `is_handled` says
when it must not (`prefect_sigterm.py`).
"""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from skyloom.errors import FlowCancelled
from skyloom.flows.coroutines import run_to_end

T = TypeVar("T")

_STOPPING_SECONDS, _STOPPING_ROUNDS = 5.0, 3


class Terminated(FlowCancelled):
    """The process was asked to end. Its run has stopped, and can be resumed."""


@dataclass(slots=True)
class Termination:
    """Whether the process was asked to end while a run ran."""

    asked: bool = False


def run_stoppable(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """As `run_to_end`, but that a second SIGINT leaves at once. asyncio would still wait for all tasks to stop."""
    if threading.current_thread() is not threading.main_thread() or _has_loop():
        return run_to_end(make)
    work, runner, left = make(), asyncio.Runner(), False
    try:
        return runner.run(work)
    except KeyboardInterrupt:
        left = inspect.getcoroutinestate(work) != inspect.CORO_CLOSED
        raise
    finally:
        if not left:
            runner.close()


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_current: ContextVar[Termination | None] = ContextVar("skyloom_termination", default=None)


@contextmanager
def on_sigterm(termination: Termination) -> Iterator[asyncio.Future[None]]:
    """A future that is done when the first SIGTERM comes. The second one does at once what it did before the block.

    Where SIGTERM is ignored it stays so; and outside of the main thread Python has no signals.
    """
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()
    before = signal.getsignal(signal.SIGTERM)

    heard: list[int] = []

    def handle(number: int, frame: object) -> None:
        heard.append(number)
        if len(heard) > 1:
            signal.signal(signal.SIGTERM, before)
            signal.raise_signal(signal.SIGTERM)

    def ask() -> None:
        termination.asked = True
        if not asked.done():
            asked.set_result(None)

    is_main = threading.current_thread() is threading.main_thread()
    is_ours = is_main and before not in (signal.SIG_IGN, None)
    token = _current.set(termination)
    if is_ours:
        # This one is called whatever handler Python has, but only when the loop comes round.
        loop.add_signal_handler(signal.SIGTERM, ask)
        signal.signal(signal.SIGTERM, handle)
    try:
        yield asked
    finally:
        _current.reset(token)
        if is_ours:
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, before)


def is_handled() -> bool:
    """Whether this code belongs to a run, which handles SIGTERM itself."""
    return _current.get() is not None


async def stop(work: asyncio.Future[Any]) -> None:
    """Cancels the work and waits until it has stopped; again while it waits for an engine that does not answer."""
    for _ in range(_STOPPING_ROUNDS):
        if work.done():
            break
        work.cancel()
        await asyncio.wait({work}, timeout=_STOPPING_SECONDS)
    if work.done():
        with suppress(asyncio.CancelledError):
            work.exception()
