"""Checks JSON values against the JSON Schemas that Skyloom writes, and brings them to canonical form.

The same meaning as `skyloom.flows.ir.conform` on types: defaults are filled in, entries that a model does not have are
left out, an integer is taken for a number and never a float for an integer. All problems are found, not only the first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

Json = Any
Schema = Mapping[str, Any]

ANNOTATIONS = frozenset(
    {"$defs", "$schema", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"discriminator"}
)
"""Keywords that say nothing about which values fit."""


class Misfit(ValueError):
    """A value does not fit its schema. `problems` holds (path, message) pairs; the path of the value itself is ""."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {message}" if path else message for path, message in self.problems))


def fitted(value: Json, schema: Schema) -> Json:
    """A copy of `value` in the canonical form of `schema`.

    Raises:
        Misfit: the value is not of the schema.
    """
    fitting = _Fitting(schema)
    result = fitting.fit(value, schema, "")
    if fitting.problems:
        raise Misfit(fitting.problems)
    return result


def unknown_keywords(schema: Any) -> set[str]:
    """The keywords in `schema`, at any depth, that `fitted` does not know and would pass over."""
    if not isinstance(schema, Mapping):
        return set()
    found = set(schema) - ANNOTATIONS - KEYWORDS
    for key, inner in schema.items():
        if key in ("$defs", "properties") and isinstance(inner, Mapping):
            found |= {name for below in inner.values() for name in unknown_keywords(below)}
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            found |= {name for below in inner for name in unknown_keywords(below)}
        elif key in ("items", "additionalProperties", "propertyNames"):
            found |= unknown_keywords(inner)
    return found


def resolved(schema: Schema, root: Schema) -> Schema:
    """`schema` with its reference followed; keywords beside the reference win."""
    while "$ref" in schema:
        found: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{key: inner for key, inner in schema.items() if key != "$ref"}}
    return schema


class _Fitting:
    """One check of one value: collects the problems."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.problems: list[tuple[str, str]] = []

    def fit(self, value: Json, schema: Schema, path: str) -> Json:
        schema = resolved(schema, self.root)
        for part in schema.get("allOf", ()):
            value = self.fit(value, part, path)
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives:
            return self._alternative(value, alternatives, path)
        problem = _problem(value, schema)
        if problem:
            self.problems.append((path, problem))
            return value
        if isinstance(value, dict):
            return self._object(value, schema, path)
        if isinstance(value, list):
            return self._array(value, schema, path)
        return float(value) if schema.get("type") == "number" and _is_number(value, int) else value

    def _object(self, value: dict[str, Json], schema: Schema, path: str) -> dict[str, Json]:
        known: Mapping[str, Schema] = schema.get("properties", {})
        required = schema.get("required", ())
        result: dict[str, Json] = {}
        for name, inner in known.items():
            if name in value:
                result[name] = self.fit(value[name], inner, join(path, name))
            elif name in required:
                self.problems.append((join(path, name), "is missing"))
            elif "default" in inner:
                result[name] = self.fit(inner["default"], inner, join(path, name))
        for name in (name for name in value if name not in known):
            result |= self._other_entry(name, value[name], schema, join(path, name))
        return result

    def _other_entry(self, name: str, value: Json, schema: Schema, path: str) -> dict[str, Json]:
        """An entry that is no property: kept, left out or refused as the schema says."""
        if "propertyNames" in schema:
            self.fit(name, schema["propertyNames"], path)
        others = schema.get("additionalProperties", "properties" not in schema)
        if isinstance(others, Mapping):
            return {name: self.fit(value, others, path)}
        if others:
            return {name: value}
        if "additionalProperties" in schema:
            self.problems.append((path, "is not expected"))
        return {}

    def _array(self, value: list[Json], schema: Schema, path: str) -> list[Json]:
        first: list[Schema] = list(schema.get("prefixItems", ()))
        rest = schema.get("items")
        result = []
        for index, item in enumerate(value):
            inner = first[index] if index < len(first) else rest
            place = f"{path}[{index}]"
            result.append(self.fit(item, inner, place) if isinstance(inner, Mapping) else item)
        return result

    def _alternative(self, value: Json, alternatives: list[Schema], path: str) -> Json:
        """The alternative that takes the value as it is; else the first that takes it at all."""
        fitting, refusals = [], []
        for alternative in alternatives:
            trial = _Fitting(self.root)
            result = trial.fit(value, alternative, path)
            if trial.problems:
                refusals += [trial.problems] if alternative.get("type") != "null" else []
            elif result == value and type(result) is type(value):
                return result
            else:
                fitting.append(result)
        if fitting:
            return fitting[0]
        deep = [problems for problems in refusals if any(place != path for place, _ in problems)]
        if len(deep) == 1:
            self.problems += deep[0]
        else:
            here = dict.fromkeys(message for problems in refusals for place, message in problems if place == path)
            self.problems.append((path, " or ".join(here) or "must be null"))
        return value


def join(path: str, name: str) -> str:
    """The path of the entry `name` below `path`."""
    return f"{path}.{name}" if path else name


# --- one value against the keywords of one schema -----------------------------------------------------------------

LARGEST = 2**53
"""The largest integer that every engine carries exactly."""


def _is_number(value: Json, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


_TYPES: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "null": ("must be null", lambda value: value is None),
    "boolean": ("must be true or false", lambda value: isinstance(value, bool)),
    "integer": ("must be a whole number", lambda value: _is_number(value, int) and abs(value) <= LARGEST),
    "number": ("must be a number", lambda value: _is_number(value, (int, float))),
    "string": ("must be text", lambda value: isinstance(value, str)),
    "array": ("must be a list", lambda value: isinstance(value, list)),
    "object": ("must be an object", lambda value: isinstance(value, dict)),
}


def _problem(value: Json, schema: Schema) -> str | None:
    """What is wrong with the value itself; its parts are not looked at."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind][1](value) for kind in kinds):
        return " or ".join(_TYPES[kind][0] for kind in kinds)
    for keyword, check in _CHECKS.items():
        if keyword in schema:
            problem = check(value, schema[keyword])
            if problem:
                return problem
    return None


def _same(left: Json, right: Json) -> bool:
    return type(left) is type(right) and bool(left == right)


def _one_of(value: Json, choices: list[Json]) -> str | None:
    if any(_same(value, choice) for choice in choices):
        return None
    return f"must be one of {', '.join(str(choice) for choice in choices)}"


def _bound(holds: Callable[[float, float], bool], words: str) -> Callable[[Json, Any], str | None]:
    def check(value: Json, bound: Any) -> str | None:
        return None if not _is_number(value, (int, float)) or holds(value, bound) else f"must be {words} {bound}"

    return check


_Sized = type[str] | type[list[Json]] | type[dict[str, Json]]


def _size(kind: _Sized, holds: Callable[[int, int], bool], words: str) -> Callable[[Json, Any], str | None]:
    def check(value: Json, bound: Any) -> str | None:
        return None if not isinstance(value, kind) or holds(len(value), bound) else words.format(bound)

    return check


def _multiple(value: Json, of: Any) -> str | None:
    if not _is_number(value, (int, float)):
        return None
    quotient = value / of
    return None if abs(quotient - round(quotient)) < 1e-9 else f"must be a multiple of {of}"


def _pattern(value: Json, pattern: str) -> str | None:
    fits = not isinstance(value, str) or re.search(pattern, value)
    return None if fits else f"must match the pattern {pattern}"


_DAY, _TIME, _ZONE = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(:\d\d([.]\d{1,6})?)?", r"([Zz]|[+-]\d\d:\d\d)?"
_FORMATS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "date": ("must be a date such as 2026-01-31", _DAY, date.fromisoformat),
    "time": ("must be a time of day such as 14:30:00", _TIME + _ZONE, time.fromisoformat),
    "date-time": (
        "must be a date and time such as 2026-01-31T14:30:00Z",
        f"{_DAY}[Tt ]{_TIME}{_ZONE}",
        datetime.fromisoformat,
    ),
}


def _format(value: Json, name: str) -> str | None:
    if not isinstance(value, str) or name not in _FORMATS:
        return None
    words, shape, read = _FORMATS[name]
    if re.fullmatch(shape, value, re.ASCII) is None:
        return words
    try:
        read(value.upper())
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
