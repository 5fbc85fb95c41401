"""Annotations that have no JSON form: the refusal, its reason and the way out."""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import inspect
import pathlib
import typing
import uuid
from typing import Any


class Unsupported(Exception):
    """An annotation that a flow cannot carry: `message` says why, `hint` what to write instead."""

    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


RECORD_HINT = "use a pydantic model, a dataclass or a TypedDict"

_INSTEAD: dict[Any, str] = {
    set: "use a list",
    frozenset: "use a list",
    collections.abc.Set: "use a list",
    collections.abc.Iterator: "use a list",
    collections.abc.Generator: "use a list",
    collections.abc.Callable: "pass data, and call the function in a task",
    complex: "use a pair of floats",
    bytearray: "use bytes",
    memoryview: "use bytes",
    datetime.timedelta: "use a float of seconds",
    datetime.tzinfo: "use the zone's name, a str",
    decimal.Decimal: "use float, or str to keep every digit",
    uuid.UUID: "use str",
    pathlib.PurePath: "use str",
    object: "use Any",
    type: "pass data, not classes",
    BaseException: "pass the message, a str",
}


def why_not(annotation: Any) -> Unsupported:
    """The refusal of `annotation`, with its reason."""
    origin = typing.get_origin(annotation) or annotation
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation).removeprefix("typing.")
    if isinstance(annotation, typing.TypeVar):
        return Unsupported(f"the type variable `{name}` stands for no one type", "name the type")
    if annotation in (typing.Never, typing.NoReturn):
        return Unsupported("there is no value of this type", "annotate None")
    if not isinstance(origin, type):
        return Unsupported(f"`{name}` is no type that a flow can carry", RECORD_HINT)
    if origin is object:
        return Unsupported("`object` says nothing about the value", "use Any")
    if issubclass(origin, tuple) and hasattr(origin, "_fields"):
        return Unsupported(f"the named tuple `{name}` would become a plain array", "use a dataclass")
    for parent in inspect.getmro(origin):
        if parent in _INSTEAD and parent is not object:
            return Unsupported(f"`{name}` has no JSON form", _INSTEAD[parent])
    return Unsupported(f"`{name}` is a plain class: it has no JSON form", RECORD_HINT)
