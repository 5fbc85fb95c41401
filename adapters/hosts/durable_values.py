"""Numbers that cross from one flow to another: a float stays one, a whole number of no type becomes an int.

    yield from run.run_flow("share", share, as_float(total), each(as_float)(weights))

What does not fit is left as it is: a value that waits in the app's storage (`adapters.hosts.claims`) is no number.
(docs/decisions/0009)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skyloom.errors import TaskFailed
from skyloom.flows.outcome import Raised
from skyloom.flows.whole_numbers import whole

__all__ = [
    "Conversion",
    "as_float",
    "carried",
    "each",
    "entries",
    "exactly",
    "fields",
    "fitting",
    "items",
    "one_of",
    "result_of",
    "whole",
]

Json = Any
Conversion = Callable[[Json], Json]


def as_float(value: Json) -> Json:
    """A float where an integer stands for one; a zero without its sign."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) or 0.0
    return value


def each(convert: Conversion) -> Conversion:
    """The conversion of the elements of a list."""

    def converted(value: Json) -> Json:
        return [convert(item) for item in value] if isinstance(value, list) else value

    return converted


def entries(convert: Conversion) -> Conversion:
    """The conversion of the values of a dict."""

    def converted(value: Json) -> Json:
        return {key: convert(item) for key, item in value.items()} if isinstance(value, dict) else value

    return converted


def items(*converts: Conversion | None) -> Conversion:
    """The conversions of the parts of a tuple."""

    def converted(value: Json) -> Json:
        if not isinstance(value, list):
            return value
        return [convert(item) if convert else item for convert, item in zip(converts, value, strict=True)]

    return converted


def fields(**converts: Conversion) -> Conversion:
    """The conversions of some fields of a model."""
    return exactly(converts)


def exactly(converts: dict[str, Conversion]) -> Conversion:
    """The same, by JSON keys that are no names of Python."""

    def converted(value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        return {key: converts[key](item) if key in converts else item for key, item in value.items()}

    return converted


def one_of(*kinds: tuple[type, Conversion]) -> Conversion:
    """The conversion of a union, of whose members only one is a list, or an object."""

    def converted(value: Json) -> Json:
        for kind, convert in kinds:
            if isinstance(value, kind):
                return convert(value)
        return value

    return converted


def fitting(of: Any, models: dict[str, Any]) -> Conversion:
    """The conversion to a type of the IR, for unions whose members only their values tell apart."""

    def converted(value: Json) -> Json:
        from skyloom.flows.ir.conform import Mismatch, conformed

        try:
            return conformed(value, of, models)
        except Mismatch:
            return value

    return converted


def carried(value: Json, said: str) -> Json:
    """A copy of a value, which must be JSON. Raises Raised with TaskFailed; `said` tells what it is."""
    from skyloom.flows.values import NotOfType, check_json

    try:
        return check_json(value)
    except NotOfType as problem:
        raise Raised.of(TaskFailed(f"{said}: {problem.with_values()}")) from None


def result_of(flow: str, value: Json, convert: Conversion | None = None) -> Json:
    """What a flow returns, as it crosses. Raises Raised with TaskFailed where it is no JSON."""
    if value is None or isinstance(value, bool):
        return value
    from skyloom.flows.values import NotOfType, check_json

    try:
        checked = check_json(value)
    except NotOfType as problem:
        raise Raised.of(TaskFailed(f"{flow} returned a value that is not of its type: {problem}")) from None
    return convert(checked) if convert else checked
