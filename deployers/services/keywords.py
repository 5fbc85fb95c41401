"""The keywords of JSON Schemas: what is wrong with one value, its parts not looked at; and its canonical form."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from skyloom.flows import moments

Json = Any
Schema = Mapping[str, Any]

LARGEST = 2**53
"""The largest integer that every engine carries exactly."""


def is_number(value: Json, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


_TYPES: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "null": ("must be null", lambda value: value is None),
    "boolean": ("must be true or false", lambda value: isinstance(value, bool)),
    "integer": ("must be a whole number", lambda value: is_number(value, int) and abs(value) <= LARGEST),
    "number": ("must be a number", lambda value: is_number(value, (int, float))),
    "string": ("must be text", lambda value: isinstance(value, str)),
    "array": ("must be a list", lambda value: isinstance(value, list)),
    "object": ("must be an object", lambda value: isinstance(value, dict)),
}


def problem(value: Json, schema: Schema) -> str | None:
    """What is wrong with the value itself; its parts are not looked at."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind][1](value) for kind in kinds):
        return " or ".join(_TYPES[kind][0] for kind in kinds)
    for keyword, check in _CHECKS.items():
        if keyword in schema:
            found = check(value, schema[keyword])
            if found:
                return found
    return None


def canonical(value: Json, schema: Schema) -> Json:
    """A plain value that fits its schema, in canonical form. Raises OverflowError for a moment that UTC has not."""
    if is_number(value, (int, float)) and schema.get("type") == "number":
        return float(value) or 0.0
    if isinstance(value, str) and schema.get("format") in _FORMATS:
        return moments.written(moments.read(_FORMATS[schema["format"]][0], value))
    if isinstance(value, str) and schema.get("contentEncoding") == "base64":
        return base64.b64encode(base64.b64decode(value, validate=True)).decode()
    return value


def is_near(value: Json, schema: Schema) -> bool:
    """Whether the value could be of a more telling type: an integer that stands for a float, a text that may also be a
    moment."""
    if is_number(value, int):
        return schema.get("type") == "number"
    plain = not schema.keys() & {"format", "contentEncoding", "enum", "const"}
    return isinstance(value, str) and schema.get("type") == "string" and plain


def chosen(value: Json, schema: Schema) -> Json:
    """The choice of an `enum` or `const` that a plain value stands for; the value itself where it stands for none. As
    in Python, a value stands for what it is equal to: 1.0 for 1."""
    choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    equal = [choice for choice in choices if choice == value]
    return next((choice for choice in equal if type(choice) is type(value)), equal[0]) if equal else value


def _one_of(value: Json, choices: list[Json]) -> str | None:
    if any(value == choice for choice in choices):
        return None
    return f"must be one of {', '.join(str(choice) for choice in choices)}"


def _bound(holds: Callable[[float, float], bool], words: str) -> Callable[[Json, Any], str | None]:
    def check(value: Json, bound: Any) -> str | None:
        return None if not is_number(value, (int, float)) or holds(value, bound) else f"must be {words} {bound}"

    return check


_Sized = type[str] | type[list[Json]] | type[dict[str, Json]]


def _size(kind: _Sized, holds: Callable[[int, int], bool], words: str) -> Callable[[Json, Any], str | None]:
    def check(value: Json, bound: Any) -> str | None:
        return None if not isinstance(value, kind) or holds(len(value), bound) else words.format(bound)

    return check


def _multiple(value: Json, of: Any) -> str | None:
    if not is_number(value, (int, float)):
        return None
    if isinstance(value, int) and isinstance(of, int):
        fits = value % of == 0
    else:
        # Of floats pydantic takes what is a multiple up to rounding.
        quotient = value / of
        fits = math.isfinite(quotient) and abs(quotient - round(quotient)) < 1e-9
    return None if fits else f"must be a multiple of {of}"


def _pattern(value: Json, pattern: str) -> str | None:
    fits = not isinstance(value, str) or re.search(_ended(pattern), value)
    return None if fits else f"must match the pattern {pattern}"


def _ended(pattern: str) -> str:
    """The pattern with `$` as pydantic's own expressions mean it: the very end, and not before a last line break."""
    return _DOLLAR.sub(lambda found: found[1] or r"\Z", pattern)


_DOLLAR = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|\$", re.DOTALL)
"""A dollar that is neither escaped nor one of a set's characters; what it is not, is the group."""


_FORMATS: dict[str, tuple[moments.What, str]] = {
    "date": ("date", "must be a date such as 2026-01-31"),
    "time": ("time", "must be a time of day such as 14:30:00"),
    "date-time": ("datetime", "must be a date and time such as 2026-01-31T14:30:00Z"),
}


def _format(value: Json, name: str) -> str | None:
    if not isinstance(value, str) or name not in _FORMATS:
        return None
    what, words = _FORMATS[name]
    try:
        moments.read(what, value)
    except ValueError:
        return words
    return None


def _encoding(value: Json, name: str) -> str | None:
    if isinstance(value, str) and name == "base64":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return "must be base64"
    return None


_CHECKS: dict[str, Callable[[Json, Any], str | None]] = {
    "enum": _one_of,
    "const": lambda value, only: _one_of(value, [only]),
    "minimum": _bound(lambda value, bound: value >= bound, "at least"),
    "maximum": _bound(lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": _bound(lambda value, bound: value > bound, "more than"),
    "exclusiveMaximum": _bound(lambda value, bound: value < bound, "less than"),
    "multipleOf": _multiple,
    "minLength": _size(str, lambda size, bound: size >= bound, "must have at least {} characters"),
    "maxLength": _size(str, lambda size, bound: size <= bound, "must have at most {} characters"),
    "minItems": _size(list, lambda size, bound: size >= bound, "must have at least {} entries"),
    "maxItems": _size(list, lambda size, bound: size <= bound, "must have at most {} entries"),
    "minProperties": _size(dict, lambda size, bound: size >= bound, "must have at least {} entries"),
    "maxProperties": _size(dict, lambda size, bound: size <= bound, "must have at most {} entries"),
    "pattern": _pattern,
    "format": _format,
    "contentEncoding": _encoding,
}

KEYWORDS = frozenset(
    {"$ref", "type", "properties", "required", "additionalProperties", "propertyNames", "items", "prefixItems"}
    | {"anyOf", "oneOf", "allOf"}
    | set(_CHECKS)
)
"""Keywords that are checked."""
