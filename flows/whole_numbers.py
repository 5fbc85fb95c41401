"""Numbers whose type does not say whether they are ints or floats: a whole one is an int where it crosses."""

from __future__ import annotations

from typing import Any

Json = Any

_LARGEST = 2.0**53
"""The largest integer that crosses; larger floats stay floats."""


def whole(value: Json) -> Json:
    """A copy of a JSON value in which floats without a fraction are ints."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and -_LARGEST <= value <= _LARGEST else value
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return value


def as_written(value: Json) -> Json:
    """A copy of a JSON value in which integers beyond 2**53 are floats. None of them crosses, but state machines
    write large floats without an exponent: 1e16 as 10000000000000000."""
    if isinstance(value, int):
        return value if -_LARGEST <= value <= _LARGEST else _float(value)
    if isinstance(value, list):
        return [as_written(item) for item in value]
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    return value


def _float(value: int) -> float | int:
    try:
        return float(value)
    except OverflowError:
        return value
