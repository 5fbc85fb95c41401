"""Five-field cron expressions, read and checked: `minute hour day-of-month month day-of-week`."""

from __future__ import annotations

from dataclasses import dataclass

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class NotCron(ValueError):
    """A text is no cron expression; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day of week", 0, 7, DAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """When something happens: the values of each field, ascending; None where the field is `*`.

    `weekdays` counts from 0, Sunday. Of `days` and `weekdays` one at least is None: what both together mean differs
    between schedulers.
    """

    minutes: tuple[int, ...] | None
    hours: tuple[int, ...] | None
    days: tuple[int, ...] | None
    months: tuple[int, ...] | None
    weekdays: tuple[int, ...] | None

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Reads `*/15 8-18 * * MON-FRI`. Raises NotCron."""
        parts = text.split()
        if len(parts) != len(_FIELDS):
            names = ", ".join(field.name for field in _FIELDS)
            raise NotCron(f"`{text}` has {len(parts)} fields; a cron expression has {len(_FIELDS)}: {names}")
        minutes, hours, days, months, weekdays = (
            _values(part, field) for part, field in zip(parts, _FIELDS, strict=True)
        )
        if weekdays is not None:
            weekdays = tuple(sorted({day % 7 for day in weekdays}))
        if days is not None and weekdays is not None:
            raise NotCron("a day of the month and a day of the week together mean different things to schedulers")
        if not _happens(days, months):
            raise NotCron(f"`{text}` never happens: no such month has such a day")
        return cls(minutes, hours, days, months, weekdays)


def _values(text: str, field: _Field) -> tuple[int, ...] | None:
    """The values that one field names; None for all of them."""
    found: set[int] = set()
    for part in text.split(","):
        range_text, slash, step_text = part.partition("/")
        if slash and not (step_text.isdecimal() and int(step_text) > 0):
            raise NotCron(f"`{part}` is no {field.name}: behind `/` stands a number above 0")
        step = int(step_text) if slash else 1
        if range_text == "*":
            first, last = field.first, min(field.last, 6) if field.words == DAYS else field.last
            if step == 1:
                return None
        else:
            start, dash, end = range_text.partition("-")
            first = _value(start, field)
            last = _value(end, field) if dash else field.last if slash else first
        if first > last:
            raise NotCron(f"`{part}` is no {field.name}: the range ends before it begins")
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def _value(text: str, field: _Field) -> int:
    if text.upper() in field.words:
        return field.words.index(text.upper()) + (1 if field.words == MONTHS else 0)
    if text.isdecimal() and text.isascii() and field.first <= int(text) <= field.last:
        return int(text)
    words = f" or {field.words[0]} to {field.words[-1]}" if field.words else ""
    raise NotCron(f"`{text}` is no {field.name}: it is {field.first} to {field.last}{words}")


_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _happens(days: tuple[int, ...] | None, months: tuple[int, ...] | None) -> bool:
    return days is None or any(days[0] <= _LONGEST[month - 1] for month in months or range(1, 13))
