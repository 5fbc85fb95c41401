"""Which values are the same for an engine, and which can be values of a flow."""

from __future__ import annotations

import math
from typing import Any


def same(ours: Any, theirs: Any) -> bool:
    """Whether two JSON values are the same; of numbers only the value counts, true is no number."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    return ours == theirs and isinstance(ours, str) == isinstance(theirs, str)


def has_index(value: Any) -> bool:
    """Whether a dict has keys that look like the index of an array: JavaScript puts them in front of the others, in the
    order of numbers."""
    match value:
        case dict():
            return any(key.isascii() and key.isdecimal() for key in value) or any(map(has_index, value.values()))
        case list():
            return any(map(has_index, value))
        case _:
            return False


def carried(value: Any) -> Any:
    """The value as it comes out of a state: zero has no sign."""
    match value:
        case float():
            return value + 0.0
        case list():
            return [carried(inner) for inner in value]
        case dict():
            return {key: carried(inner) for key, inner in value.items()}
        case _:
            return value


def holdable(value: Any) -> bool:
    """Whether all numbers in the value are numbers of a flow: finite, and integers not beyond 2^53."""
    match value:
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) <= 2**53
        case list():
            return all(map(holdable, value))
        case dict():
            return all(map(holdable, value.values()))
        case _:
            return True
