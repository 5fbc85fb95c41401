"""A value in a few words, for the messages of errors."""

from __future__ import annotations

import reprlib


def shortened(value: object) -> str:
    """The value as Python writes it, long parts left out; of an instance only its class."""
    return _short.repr(value)


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxstring = 2, 4, 4, 4, 60

    def repr_instance(self, x: object, level: int) -> str:
        """What is no JSON: its own text may be long, differ from run to run, or fail."""
        return super().repr_instance(x, level) if x is None or type(x) in (bool, float) else f"{type(x).__name__}(...)"


_short = _Short()
