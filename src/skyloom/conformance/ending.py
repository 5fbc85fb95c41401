"""Calls of somebody else's code, which may never end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class NotEnded(Exception):
    """A call took longer than it may."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """What the call gives, or raises. It runs in a thread of its own, which is left behind where it takes longer.

    Raises:
        NotEnded: after so many seconds.
    """
    given: Future[T] = Future()

    def work() -> None:
        try:
            given.set_result(call())
        except BaseException as problem:  # whatever it is, it belongs to whoever asked for the call
            given.set_exception(problem)

    Thread(target=work, daemon=True).start()
    wait([given], seconds)
    if not given.done():
        raise NotEnded(f"it has not ended after {seconds:g} s")
    return given.result()
