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
