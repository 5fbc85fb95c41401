"""Compares a template with the schemas of its resources: what it says that they do not know, and what it leaves out."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

from gates.arm.schemas import known

Json = Any

_TEMPLATE = {"type", "apiVersion", "name", "scope", "dependsOn", "comments", "condition"}
"""What every resource may say, whatever its type.
https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-declaration"""
_PLAIN: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}


def problems(template: Json) -> Iterator[str]:
    """What a template says that the schemas do not know."""
    schemas = known()
    for found in template["resources"]:
        place = f"{found['type']} {found['name']}"
        told = schemas["types"].get(found["type"])
        if told is None:
            yield f"{place}: no schema of this type"
            continue
        if found["apiVersion"] != told["apiVersion"]:
            yield f"{place}: version {found['apiVersion']}, not {told['apiVersion']}"
        given = {key: one for key, one in found.items() if key not in _TEMPLATE}
        checked = _Checked(schemas["models"][told["of"]])
        yield from checked.object(checked.models[told["model"]], given, place)


_REFERENCE = re.compile(
    r"reference\((?:extensionR|r)esourceId\('([^']+)'(?:[^()]|\([^()]*\))*\), '([^']+)'\)\.([\w.]+)"
)


def references(template: Json) -> Iterator[tuple[str, str, str]]:
    """What a template reads of resources: the type, the version, the path."""
    yield from _REFERENCE.findall(json.dumps(template, ensure_ascii=False))


def unread(template: Json) -> Iterator[str]:
    """What a template reads of resources that these do not have."""
    schemas = known()
    for type_, version, path in sorted(set(references(template))):
        told = schemas["types"].get(type_)
        if told is None or told["apiVersion"] != version:
            yield f"{type_} {version} is not known"
            continue
        models = schemas["models"][told["of"]]
        schema: Json = models[told["reads"]]["properties"].get("properties", {})
        for step in path.split("."):
            inner = models[schema["model"]] if "model" in schema else schema
            schema = inner.get("properties", {}).get(step)
            if schema is None:
                yield f"{type_} has no {path}"
                break


def is_expression(given: Json) -> bool:
    """Whether ARM finds the value when it deploys."""
    return isinstance(given, str) and given.startswith("[") and given.endswith("]") and not given.startswith("[[")


class _Checked:
    """A value beside the models of a package."""

    def __init__(self, models: dict[str, Json]) -> None:
        self.models = models

    def object(self, schema: Json, given: Json, place: str) -> Iterator[str]:
        if not isinstance(given, dict):
            if not is_expression(given):
                yield f"{place} is no object"
            return
        schema = yield from self._kind(schema, given, place)
        properties = schema["properties"]
        for name in sorted(given.keys() - properties.keys()):
            yield f"{place}: no property {name}"
        for name, inner in properties.items():
            if name in given and inner.get("readOnly"):
                yield f"{place}: {name} can only be read"
            elif name in given:
                yield from self._value(inner, given[name], f"{place}.{name}")
            elif inner.get("required"):
                yield f"{place}: {name} is missing"

    def _kind(self, schema: Json, given: Json, place: str) -> Generator[str, None, Json]:
        """The schema of the kind that is meant, where there are several."""
        if "kinds" not in schema:
            return schema
        kind = schema["kinds"].get(given.get(schema["by"]))
        if kind is None:
            yield f"{place}.{schema['by']} is none of {', '.join(schema['kinds'])}"
            return {"properties": {key: {"type": "any"} for key in given}}
        return self.models[kind]

    def _value(self, schema: Json, given: Json, place: str) -> Iterator[str]:
        match schema["type"]:
            case _ if is_expression(given):
                return
            case "any":
                return
            case "model":
                yield from self.object(self.models[schema["model"]], given, place)
            case "object":
                yield from self.object(schema, given, place)
            case "array" if isinstance(given, list):
                for index, item in enumerate(given):
                    yield from self._value(schema["items"], item, f"{place}[{index}]")
            case "map" if isinstance(given, dict):
                for name, item in given.items():
                    yield from self._value(schema["items"], item, f"{place}.{name}")
            case plain if plain in _PLAIN and _is(given, plain):
                yield from _limits(schema, given, place)
            case other:
                yield f"{place} is no {other}"


def _is(given: Json, plain: str) -> bool:
    return isinstance(given, _PLAIN[plain]) and (plain == "boolean" or not isinstance(given, bool))


def _limits(schema: Json, given: Json, place: str) -> Iterator[str]:
    if "enum" in schema and given not in schema["enum"]:
        yield f"{place} is none of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.search(schema["pattern"], given):
        yield f"{place} does not fit {schema['pattern']}"
    if len(str(given)) > schema.get("max_length", len(str(given))):
        yield f"{place} is longer than {schema['max_length']}"
