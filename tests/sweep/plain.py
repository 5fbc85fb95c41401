"""What plain Python says: the source of a form, evaluated on Python's own values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from expressions.comparing import carried
from expressions.samples import PLAIN, to_json
from sweep.forms import Form

from skyloom.flows.expr.types import (
    DateTimeType,
    DictType,
    EnumType,
    ErrorType,
    ListType,
    TupleType,
    Type,
    members,
)

Json = Any


class Level(Enum):
    """The enum of the sweep: a member is true although its value is not."""

    LOW = ""
    HIGH = "high"


class Boom(Exception):
    """The error that forms catch."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An error: its class and message."""

    error: str
    message: str


def plain(form: Form) -> Callable[[Mapping[str, Any]], Json | Raised]:
    """The function of the form from Python values to JSON, or to the error."""
    code = compile(form.source, form.source, "eval")

    def function(values: Mapping[str, Any]) -> Json | Raised:
        return outcome(lambda: as_json(eval(code, {**PLAIN, **values})))

    return function


def outcome(compute: Callable[[], Json]) -> Json | Raised:
    """The value, or the error."""
    try:
        return compute()
    except Exception as error:
        return Raised(type(error).__name__, str(error))


def as_json(value: Any) -> Json:
    """The value as flows carry it."""
    match value:
        case Level():
            return value.value
        case list() | tuple():
            return [as_json(inner) for inner in value]
        case dict():
            return {key: as_json(inner) for key, inner in value.items()}
        case _:
            return carried(to_json(value))


def as_python(value: Json, of: Type) -> Any:
    """The value of the type that a Python programmer has."""
    match of:
        case DateTimeType(what="datetime"):
            return datetime.fromisoformat(value)
        case DateTimeType(what="date"):
            return date.fromisoformat(value)
        case EnumType():
            return Level(value)
        case ErrorType():
            return type(value["type"], (Exception,), {})(value["message"])
        case ListType(item=item):
            return [as_python(inner, item) for inner in value]
        case TupleType(items=items):
            return tuple(as_python(inner, item) for inner, item in zip(value, items, strict=True))
        case DictType(value=item):
            return {key: as_python(inner, item) for key, inner in value.items()}
        case _ if len(members(of)) > 1 and value is not None:
            structured = [m for m in members(of) if isinstance(m, ListType | TupleType | DictType | EnumType)]
            return as_python(value, structured[0]) if structured and isinstance(value, list | dict) else value
        case _:
            return value


def exactly(value: Json) -> str:
    """JSON text that tells 1 from 1.0; zeros without a sign."""
    return json.dumps(carried(value))
