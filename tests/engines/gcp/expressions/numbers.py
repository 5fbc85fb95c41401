"""Numbers: 64-bit integers, doubles, and doubles of which JSON does not tell that they are none."""

from __future__ import annotations

import math

from engines.gcp.errors import Undocumented, Value

SMALLEST, LARGEST = -(2**63), 2**63 - 1
EXACT = 2**53
"""Up to here every integer is a double."""


class JsonNumber(float):
    """A number that JSON writes as `2.0` or `2e3`: no page says whether it is an integer or a double then.

    As a value it is a double; everything that would tell the two apart is undocumented.
    """


def is_number(value: Value) -> bool:
    """Whether a value is an integer or a double."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def integer(value: int, what: str) -> int:
    """An integer that fits; what happens beyond 64 bits is not documented."""
    if not SMALLEST <= value <= LARGEST:
        raise Undocumented(f"{what}: an integer of more than 64 bits")
    return value


def double(value: float, what: str) -> float:
    """A double that JSON can carry; what becomes of others is not documented."""
    if math.isnan(value) or math.isinf(value):
        raise Undocumented(f"{what}: a double that is no finite number")
    return value


def as_double(value: Value, what: str) -> float:
    """An integer or double as a double, exactly."""
    if isinstance(value, int) and abs(value) > EXACT:
        raise Undocumented(f"{what}: {value} is no double")
    return float(value)


def certain(value: Value, what: str) -> Value:
    """A number whose type is known."""
    if isinstance(value, JsonNumber):
        raise Undocumented(f"{what}: whether JSON's {float(value)} is an integer or a double")
    return value


def spelled(value: Value, what: str) -> str:
    """A number as text: integers, and doubles as the pages show them (`1.7`, `1635892223.4459958`)."""
    certain(value, what)
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    if "e" in text or "n" in text or text.endswith(".0") or abs(value) < 0.001:
        raise Undocumented(f"{what}: how the double {text} is written as text")
    return text
