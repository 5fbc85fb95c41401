"""A command as a process: begun and ended without work that serves nobody."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

_MADE_BEFORE_A_LOOK = 50_000
"""New objects after which garbage is looked for among them. Python's own 700 look some hundred times while a large flow
is compiled, and find nothing: what a command makes it mostly keeps."""

_endings: list[Ending] = []
"""The one of this process, where it is a command and not another program that calls commands."""


@contextmanager
def loading() -> Iterator[None]:
    """Imports inside take a third less time: no garbage is looked for among what they make, which all stays."""
    if not _endings:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        look_seldom_for_garbage()


def look_seldom_for_garbage() -> None:
    """What is there now will not be looked at again, and what comes is looked at less often."""
    gc.freeze()
    gc.set_threshold(_MADE_BEFORE_A_LOOK, *gc.get_threshold()[1:])
    gc.enable()


def beside(work: Callable[[], T]) -> Future[T]:
    """Does the work in a thread that does not keep the process from ending."""
    from concurrent.futures import Future

    done: Future[T] = Future()

    def carry_out() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=carry_out, daemon=True).start()
    return done


class Ending:
    """Ends the process after everything else that is done at its exit. Python would take Prefect apart piece by piece,
    which takes half a second.

    Only what is registered first is called last: it has to be made before anything else is imported.
    """

    def __init__(self) -> None:
        self.code = 0
        _endings.append(self)
        atexit.register(self._end)

    def _end(self) -> None:
        if "prefect" in sys.modules:
            leave_now(self.code)


def leave_now(code: int) -> None:
    """Ends the process, with what it has printed, and nothing else."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
