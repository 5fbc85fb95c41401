"""Points in time as text: what is read from JSON, and how it is written there. Standard library only."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Literal, assert_never

What = Literal["datetime", "date", "time"]

_SHAPES: dict[What, str] = {
    "datetime": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d",
}
"""How a text begins that is read; `fromisoformat` alone would also take weeks, and numbers without separators."""


def read(what: What, text: str) -> datetime | date | time:
    """The moment that a text names.

    Raises:
        ValueError: it names none.
    """
    if re.match(_SHAPES[what], text) is None:
        raise ValueError(f"{text!r} is no {what}")
    match what:
        case "datetime":
            return datetime.fromisoformat(text.upper())
        case "date":
            return date.fromisoformat(text.upper())
        case "time":
            return time.fromisoformat(text.upper())
        case _:
            assert_never(what)


def written(moment: datetime | date | time) -> str:
    """The canonical text of a moment: six digits of a second; an aware datetime in UTC, with `Z`.

    Raises:
        OverflowError: the datetime has no equivalent in UTC.
    """
    if not isinstance(moment, datetime | time):
        return moment.isoformat()
    if isinstance(moment, time) or moment.tzinfo is None:
        return moment.isoformat(timespec="microseconds")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
