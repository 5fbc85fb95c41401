"""The module time: https://cloud.google.com/workflows/docs/reference/stdlib/time/format and .../parse."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engines.gcp.errors import Undocumented, Value, type_error, value_error
from engines.gcp.expressions.numbers import is_number
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.function import Function, Surroundings

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def format_time(around: Surroundings, seconds: Value, timezone: Value) -> str:
    """A moment in ISO 8601 with six digits: `2024-07-12T12:50:33.000000Z`, `...T14:50:33.000000+02:00`."""
    if not is_number(seconds):
        raise type_error(f"time.format takes a number, not {type_name(seconds)}")
    moment = datetime.fromtimestamp(seconds, zone(timezone))
    text = moment.isoformat(timespec="microseconds")
    return text[: -len("+00:00")] + "Z" if text.endswith("+00:00") else text


def zone(name: Value) -> tzinfo:
    """A time zone of the tz database; UTC when none is given."""
    if name in (None, "", "UTC", "GMT"):
        return UTC
    if not isinstance(name, str):
        raise type_error("a time zone is a text")
    if name == "Europe/London":
        raise Undocumented("how a moment in a zone that is at UTC for half of the year is written")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise value_error(f"no time zone: {name}") from None


def parse_time(around: Surroundings, value: Value) -> float:
    """Seconds since the epoch of an RFC 3339 text."""
    if not isinstance(value, str):
        raise type_error(f"time.parse takes a text, not {type_name(value)}")
    if not RFC3339.fullmatch(value):
        raise value_error(f"no RFC 3339 timestamp: {value}")
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError as problem:
        raise value_error(str(problem)) from None


FUNCTIONS: dict[str, Function] = {
    "time.format": Function(("seconds", "timezone"), 1, format_time, "time/format"),
    "time.parse": Function(("value",), 1, parse_time, "time/parse"),
}
