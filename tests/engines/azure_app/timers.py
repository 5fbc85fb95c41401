"""NCRONTAB expressions: when a timer of Azure Functions fires.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_FIELDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_WORDS = {word: n for n, word in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}


@dataclass(frozen=True)
class Ncrontab:
    """Six fields: second, minute, hour, day, month, day of the week. All of them must fit, also both days."""

    fields: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, text: str) -> Ncrontab:
        """Reads an expression. Raises ValueError."""
        parts = text.split()
        if len(parts) != len(_FIELDS):
            raise ValueError(f"{text!r} has {len(parts)} fields, not {len(_FIELDS)}")
        return cls(tuple(_values(part, *limits) for part, limits in zip(parts, _FIELDS, strict=True)))

    def fires(self, at: datetime) -> bool:
        """Whether it fires in that second, of UTC."""
        now = (at.second, at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
        return all(value in field for value, field in zip(now, self.fields, strict=True))


def _values(text: str, first: int, last: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = span.partition("-")
        low = first if begin == "*" else _number(begin)
        high = last if begin == "*" or (step and not end) else _number(end or begin)
        if not first <= low <= high <= last:
            raise ValueError(f"{part!r} is out of {first} to {last}")
        found |= set(range(low, high + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str) -> int:
    return _WORDS[text.upper()] if text.upper() in _WORDS else int(text)
