"""The extents that JSON Schemas declare: lengths of texts and lists, choices, numbers, and what is made of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skyloom.deployers.sizes.extent import (
    LARGEST_FLOAT,
    LARGEST_INTEGER,
    LARGEST_MOMENT,
    NOTHING,
    SMALLEST,
    UNKNOWN,
    Extent,
    Schema,
    either,
    exactly,
    in_a_row,
    joined,
    repeated,
)

Json = Any

_MOMENTS = ("date-time", "date", "time")


def extent_of(schema: Schema, around: tuple[int, ...] = ()) -> Extent:
    """The extent of every value that fits the schema. `around`: the definitions that are gone into already: what holds
    itself has no bound."""
    found = schema.resolved()
    if id(found.node) in around:
        return UNKNOWN
    extent = _extent(found, (*around, id(found.node)))
    return Extent(extent.least, extent.most, found)


def _extent(schema: Schema, around: tuple[int, ...]) -> Extent:
    node = schema.node
    if "const" in node:
        return exactly(node["const"])
    if "enum" in node:
        return either(map(exactly, node["enum"]))
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return either(extent_of(schema.at(one), around) for one in node[choice])
    match node.get("type"):
        case "null":
            return exactly(None)
        case "boolean":
            return Extent(len("true"), len("false"))
        case "integer":
            return _integer(node)
        case "number":
            return Extent(SMALLEST, LARGEST_FLOAT)
        case "string":
            return _text(schema)
        case "array":
            return _array(schema, around)
        case "object":
            return _object(schema, around)
        case _:
            return UNKNOWN


def _integer(node: Mapping[str, Json]) -> Extent:
    low, high = node.get("minimum"), node.get("maximum")
    if isinstance(low, int) and isinstance(high, int):
        return exactly(low).or_(exactly(high)).may_shrink()
    return Extent(SMALLEST, LARGEST_INTEGER)


def _text(schema: Schema) -> Extent:
    node = schema.node
    if node.get("format") in _MOMENTS:
        return Extent(2, LARGEST_MOMENT)
    longest = node.get("maxLength")
    return Extent(2 + node.get("minLength", 0), None if longest is None else 2 + schema.character * longest)


def _array(schema: Schema, around: tuple[int, ...]) -> Extent:
    node = schema.node
    if "prefixItems" in node:
        return joined(extent_of(schema.at(one), around) for one in node["prefixItems"])
    element = extent_of(schema.at(node.get("items", {})), around)
    return repeated(element, node.get("minItems", 0), node.get("maxItems"))


def _object(schema: Schema, around: tuple[int, ...]) -> Extent:
    node = schema.node
    named: Mapping[str, Json] = node.get("properties", {})
    required: Sequence[str] = node.get("required", ())
    entries = {key: _entry(exactly(key), extent_of(schema.at(of), around)) for key, of in named.items()}
    least = joined(one for key, one in entries.items() if key in required).least
    most = joined(entries.values()).most
    others = node.get("additionalProperties", "properties" not in node)
    if others is not False:
        most = None if named else _of_entries(schema, others, around)
    return Extent(least, most)


def _of_entries(schema: Schema, values: Json, around: tuple[int, ...]) -> int | None:
    """The most that an object has whose keys are not known."""
    key = extent_of(schema.at({"type": "string", **schema.node.get("propertyNames", {})}))
    value = extent_of(schema.at(values if isinstance(values, dict) else {}), around)
    return repeated(_entry(key, value), 0, schema.node.get("maxProperties")).most


def _entry(key: Extent, value: Extent) -> Extent:
    return in_a_row((key, value), around=1)


def part_of(schema: Schema, key: str | int | None) -> Extent:
    """The extent of a part: of a field by its key, an element by its position; of every part where that is None."""
    node = schema.node
    if choices := node.get("anyOf", node.get("oneOf")):
        found = [part_of(schema.at(one).resolved(), key) for one in choices if one.get("type") != "null"]
        return either(found) if found else NOTHING
    if isinstance(key, str) and key in node.get("properties", {}):
        return extent_of(schema.at(node["properties"][key]))
    if "prefixItems" in node:
        every = [extent_of(schema.at(one)) for one in node["prefixItems"]]
        known = isinstance(key, int) and 0 <= key < len(every)
        return every[key] if known and isinstance(key, int) else either(every) if every else UNKNOWN
    if isinstance(node.get("items"), dict):
        return extent_of(schema.at(node["items"]))
    if isinstance(node.get("additionalProperties"), dict) and not node.get("properties"):
        return extent_of(schema.at(node["additionalProperties"]))
    return UNKNOWN
