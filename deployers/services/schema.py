"""Checks JSON values against the JSON Schemas that Skyloom writes, and brings them to canonical form.

The same meaning as `skyloom.flows.values.from_json`, which needs pydantic: defaults are filled in, entries that a model
does not have are left out, moments are written one way, an integer is taken for a number and never a float for an
integer; where a number may be of either kind, a whole one is an integer. All problems are found, not only the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skyloom.deployers.services.keywords import (
    KEYWORDS,
    LARGEST,
    Json,
    Schema,
    canonical,
    chosen,
    is_near,
    is_number,
    problem,
)
from skyloom.flows.whole_numbers import whole

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
    return _fitted(value, schema, whole(value) if mixes_numbers(schema, schema) else value)


def fitted_arguments(value: Json, schema: Schema) -> Json:
    """As `fitted`, for the arguments of a flow: each of them is a value of its own.

    Raises:
        Misfit: the value is not of the schema.
    """
    if not isinstance(value, dict):
        return fitted(value, schema)
    mixed = {name for name, inner in schema.get("properties", {}).items() if mixes_numbers(inner, schema)}
    read = {name: whole(argument) if name in mixed else argument for name, argument in value.items()}
    return _fitted(value, schema, read)


def _fitted(value: Json, schema: Schema, read: Json) -> Json:
    problems = list(json_problems(value, ""))
    if problems:
        raise Misfit(problems)
    fitting = Fitting(schema)
    result = fitting.fit(read, schema, "")
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


_EXACT, _NEAR, _MADE = 2, 1, 0
"""How exactly a value is of its schema: as it is; as something plainer (`is_near`); a model was made of it."""


class Fitting:
    """One check of one value: collects the problems."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.given: int | None = None
        """How many fields of models the value names; None where there is no model."""
        self.exactness = _EXACT
        """How exactly the value is of its schema."""
        self.problems: list[tuple[str, str]] = []

    def fit(self, value: Json, schema: Schema, path: str) -> Json:
        """The value in the canonical form of the schema; what is wrong with it is noted."""
        schema = resolved(schema, self.root)
        for part in schema.get("allOf", ()):
            value = self.fit(value, part, path)
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives:
            return self.alternative(value, alternatives, path)
        value = chosen(value, schema)
        wrong = problem(value, schema)
        if wrong:
            self.problems.append((path, wrong))
            return value
        if isinstance(value, dict):
            return self._object(value, schema, path)
        if isinstance(value, list):
            return self._array(value, schema, path)
        if is_near(value, schema):
            self.exactness = min(self.exactness, _NEAR)
        return self.plain(value, schema, path)

    def plain(self, value: Json, schema: Schema, path: str) -> Json:
        """A plain value that fits, in canonical form."""
        try:
            return canonical(value, schema)
        except OverflowError:
            # It is a moment, so no other alternative may take it as plain text.
            raise Misfit([(path, "must be a moment that there is in UTC")]) from None

    def is_better(self, other: Fitting) -> bool:
        """Whether this one's alternative is to be chosen before another one's."""
        if self.given is not None and other.given is not None and self.given != other.given:
            return self.given > other.given
        return self.exactness > other.exactness

    def _object(self, value: dict[str, Json], schema: Schema, path: str) -> dict[str, Json]:
        known: Mapping[str, Schema] = schema.get("properties", {})
        required = schema.get("required", ())
        result: dict[str, Json] = {}
        if "properties" in schema:
            self.given, self.exactness = self.given or 0, _MADE
        for name, inner in known.items():
            if name in value:
                result[name] = self.fit(value[name], inner, join(path, name))
                self.given = (self.given or 0) + 1
            elif name in required:
                self.problems.append((join(path, name), "is missing"))
            elif "default" in inner:
                result[name] = type(self)(self.root).fit(inner["default"], inner, "")
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

    def alternative(self, value: Json, alternatives: list[Schema], path: str) -> Json:
        """Chooses as pydantic does: the first that takes the value exactly and has no fields; else, of those that take
        it, the one with the most fields given, then one that takes it exactly, then the first."""
        best: tuple[Fitting, Json] | None = None
        refusals = []
        for alternative in alternatives:
            trial = type(self)(self.root)
            result = trial.fit(value, alternative, path)
            if trial.problems:
                refusals += [trial.problems] if alternative.get("type") != "null" else []
            elif trial.exactness == _EXACT and trial.given is None:
                return result
            elif best is None or trial.is_better(best[0]):
                best = trial, result
        if best is not None:
            self.exactness = min(self.exactness, best[0].exactness)
            if best[0].given is not None:
                self.given = (self.given or 0) + best[0].given
            return best[1]
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


# --- numbers and texts that are no JSON of ours ---------------------------------------------------------------------


def json_problems(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """What no type takes: integers that lose digits, texts that are no Unicode."""
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        yield path, "must be Unicode text"
    elif is_number(value, int) and abs(value) > LARGEST:
        yield path, "must be at most 2**53"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from json_problems(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from json_problems(name, path)
            yield from json_problems(item, join(path, name))


def mixes_numbers(schema: Any, root: Schema, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a part of the values may be a number of either kind, integer or float."""
    if not isinstance(schema, Mapping) or schema.get("$ref") in seen:
        return False
    seen |= {schema["$ref"]} if "$ref" in schema else set()
    schema = resolved(schema, root)
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        kinds = [_kinds(inner, root) for inner in alternatives]
        joined = frozenset().union(*kinds)
        if "model" in joined or ("float" in joined and "int" in joined):
            return True
    elif not schema.keys() & {"type", "enum", "const", "allOf"} or (
        schema.get("additionalProperties") is True and "properties" not in schema
    ):
        return True
    return any(mixes_numbers(inner, root, seen) for inner in _below(schema))


def _kinds(schema: Any, root: Schema, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The kinds of numbers, and models, that occur in the values of a schema."""
    if not isinstance(schema, Mapping) or schema.get("$ref") in seen:
        return frozenset()
    seen |= {schema["$ref"]} if "$ref" in schema else set()
    schema = resolved(schema, root)
    choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    own = {"int"} if schema.get("type") == "integer" or any(is_number(choice, int) for choice in choices) else set()
    own |= {"float"} if schema.get("type") == "number" else set()
    own |= {"model"} if "properties" in schema else set()
    return frozenset(own).union(*(_kinds(inner, root, seen) for inner in _below(schema)))


def _below(schema: Schema) -> Iterator[Any]:
    yield from schema.get("properties", {}).values()
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        yield from schema.get(keyword, ())
    for keyword in ("items", "additionalProperties"):
        yield schema.get(keyword)
