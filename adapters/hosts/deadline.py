"""Ends work that takes too long, from inside the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Expired(BaseException):
    """Raised inside work whose time is over. No `Exception`, so that the work does not take it for an error."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Runs `work`. Raises Expired when it takes longer than `seconds`, whatever it does about that itself.

    In the main thread the work is interrupted where it stands, and tidies up first; in any other it is left to itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return _in_a_thread(seconds, work)
    expired = False

    def ring(signum: int, frame: Any) -> None:
        nonlocal expired
        expired = True
        raise Expired

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if expired:
                raise Expired
    finally:
        signal.signal(signal.SIGALRM, before)


def _in_a_thread(seconds: float, work: Callable[[], T]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if results:
        return results[0]
    raise errors[0] if errors else Expired
