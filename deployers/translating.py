"""Errors of a cloud's SDK as errors that tell people what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skyloom.errors import EngineError, UserError


@contextmanager
def translating(meaning: Callable[[Exception], UserError | EngineError | None]) -> Iterator[None]:
    """Raises in the place of an error inside what it means. An error that means None passes, as it is."""
    try:
        yield
    except Exception as error:
        meant = meaning(error)
        if meant is None:
            raise
        raise meant from error
