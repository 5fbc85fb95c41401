"""Writes an answer that fits a JSON Schema and depends on the text: one rule for each keyword of the schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from skyloom.adapters.llm.base import Json
from skyloom.adapters.llm.extractive import numbers
from skyloom.adapters.llm.extractive.options import ranked_options, truth
from skyloom.adapters.llm.extractive.passage import Passage
from skyloom.adapters.llm.extractive.place import Place
from skyloom.adapters.llm.extractive.seed import Seed
from skyloom.adapters.llm.extractive.strings import available, string

Schema = dict[str, Any]

_SAME_REFERENCE = 2
"""How deep a recursive type is followed before the shortest way out is taken."""

_ENDLESS = 1_000_000
"""The height of a schema that has no finite value."""


class AnswerWriter:
    """Writes the answer to one request."""

    def __init__(self, schema: Schema, passage: Passage, guidance: str, seed: Seed) -> None:
        self._schema = schema
        self._definitions: dict[str, Any] = schema.get("$defs", {})
        self._passage = passage
        self._guidance = guidance
        self._seed = seed
        self._inside: list[str] = []
        self._heights: dict[str, int] | None = None

    def answer(self) -> Json:
        """The answer. Always the same for the same schema and prompt."""
        return self._value(self._schema, Place(), self._passage)

    def _value(self, schema: Any, place: Place, passage: Passage) -> Json:
        if not isinstance(schema, dict):
            schema = {}
        if "$ref" in schema:
            return self._reference(schema, place, passage)
        place = place.described(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"], place, passage)
        if "allOf" in schema:
            return self._value(self._merged(schema), place, passage)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._alternative(schema[union], place, passage)
        match kind_of(schema):
            case "object":
                return self._object(schema, place, passage)
            case "array":
                return self._array(schema, place, passage)
            case "integer":
                return numbers.integer(schema, place, passage, self._seed)
            case "number":
                return numbers.number(schema, place, passage, self._seed)
            case "boolean":
                return truth(place, passage, self._guidance, self._seed)
            case "null":
                return None
            case _:
                return string(schema, place, passage, self._seed)

    # --- references and choices ---------------------------------------------------------------------------------

    def _reference(self, schema: Schema, place: Place, passage: Passage) -> Json:
        name = schema["$ref"]
        beside = {key: value for key, value in schema.items() if key not in ("$ref", "$defs")}
        self._inside.append(name)
        try:
            return self._value({**self._target(name), **beside}, place, passage)
        finally:
            self._inside.pop()

    def _target(self, reference: str) -> Schema:
        if reference == "#":
            return {key: value for key, value in self._schema.items() if key != "$defs"}
        found = self._definitions.get(reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~"), {})
        return found if isinstance(found, dict) else {}

    def _merged(self, schema: Schema) -> Schema:
        """An `allOf` as one schema: keywords side by side, properties and requirements joined."""
        merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            plain = {**self._target(part["$ref"]), **part} if "$ref" in part else part
            for key, value in plain.items():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **value}
                elif key == "required":
                    merged[key] = [*merged.get(key, []), *value]
                elif key != "$ref":
                    merged[key] = value
        return merged

    def _choice(self, options: list[Json], place: Place, passage: Passage) -> Json:
        names = [option if isinstance(option, str) else json.dumps(option) for option in options]
        ranked = ranked_options(names, place, passage, self._guidance, self._seed)
        return options[ranked[place.rank % len(ranked)][0]]

    def _alternative(self, alternatives: list[Any], place: Place, passage: Passage) -> Json:
        """One of a union: not null where it can be helped, and the one whose name the text speaks for."""
        if self._is_deep():
            return self._value(min(alternatives, key=self._height), place, passage)
        choices = [a for a in alternatives if not (isinstance(a, dict) and self._is_null(a))] or alternatives
        if len(choices) == 1:
            return self._value(choices[0], place, passage)
        names = [self._name(choice) for choice in choices]
        if not all(names):
            return self._plain_alternative(choices, place, passage)
        ranked = ranked_options(names, place, passage, self._guidance, self._seed)
        chosen = choices[ranked[place.rank % len(choices)][0]]
        return self._value(chosen, replace(place, rank=place.rank // len(choices)), passage)

    def _plain_alternative(self, choices: list[Any], place: Place, passage: Passage) -> Json:
        """The first alternative as long as it has values left: nothing tells plain types apart."""
        rank = place.rank
        for choice in choices[:-1]:
            size = self._size(choice)
            if size is None or rank < size:
                return self._value(choice, replace(place, rank=rank), passage)
            rank -= size
        return self._value(choices[-1], replace(place, rank=rank), passage)

    def _size(self, schema: Any) -> int | None:
        """How many values a schema of few values has; None for any other."""
        target = self._plain(schema)
        if "const" in target or kind_of(target) == "null":
            return 1
        if "enum" in target:
            return len(target["enum"])
        return 2 if kind_of(target) == "boolean" else None

    def _is_null(self, schema: Schema) -> bool:
        return schema.get("type") == "null" or schema.get("const", 0) is None

    def _name(self, schema: Any) -> str:
        """What an alternative is called: its discriminating constants, else its title; empty for plain types."""
        if not isinstance(schema, dict):
            return ""
        target = self._target(schema["$ref"]) if "$ref" in schema else schema
        properties = target.get("properties", {})
        constants = [str(p["const"]) for p in properties.values() if isinstance(p, dict) and "const" in p]
        return " ".join(constants) or (str(target.get("title", "")) if properties else "")

    # --- recursion ----------------------------------------------------------------------------------------------

    def _is_deep(self) -> bool:
        return bool(self._inside) and self._inside.count(self._inside[-1]) > _SAME_REFERENCE

    def _height(self, schema: Any) -> int:
        """How many references deep the smallest value of `schema` is."""
        if self._heights is None:
            self._heights = dict.fromkeys((f"#/$defs/{name}" for name in self._definitions), _ENDLESS)
            for _ in self._definitions:
                for name, definition in self._definitions.items():
                    self._heights[f"#/$defs/{name}"] = 1 + self._height(definition)
        if not isinstance(schema, dict):
            return 0
        if "$ref" in schema:
            return self._heights.get(schema["$ref"], _ENDLESS)
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives:
            return min(map(self._height, alternatives))
        needed = [schema["properties"].get(name) for name in schema.get("required", ()) if "properties" in schema]
        needed += schema.get("prefixItems", ())
        if schema.get("minItems", 0) > 0:
            needed.append(schema.get("items"))
        if schema.get("minProperties", 0) > 0:
            needed.append(schema.get("additionalProperties"))
        return max(map(self._height, needed), default=0)

    # --- objects ------------------------------------------------------------------------------------------------

    def _object(self, schema: Schema, place: Place, passage: Passage) -> dict[str, Json]:
        required = schema.get("required", ())
        deep = self._is_deep()
        made = {
            name: self._value(inner, place.property(name), passage)
            for name, inner in schema.get("properties", {}).items()
            if name in required or not (deep or self._endless(inner))
        }
        least, most = schema.get("minProperties", 0), schema.get("maxProperties")
        values = schema.get("additionalProperties")
        keys: Schema = schema.get("propertyNames", {"type": "string", "maxLength": 40})
        for pattern, inner in schema.get("patternProperties", {}).items():
            keys, values = {"type": "string", "pattern": pattern}, inner
        if isinstance(values, dict) or least > len(made):
            some = min(place.width, available(place.key(0), passage))
            wanted = max(least, 0 if deep or self._endless(values) else some)
            self._free_entries(made, keys, values, wanted if most is None else min(wanted, most), place, passage)
        return made

    def _free_entries(
        self, made: dict[str, Json], keys: Schema, values: Any, wanted: int, place: Place, passage: Passage
    ) -> None:
        """Adds entries under made-up keys until there are `wanted`."""
        for rank in range(_tries(wanted)):
            if len(made) >= wanted:
                return
            key = self._value(keys, place.key(rank), passage)
            if isinstance(key, str) and key not in made:
                made[key] = self._value(values, replace(place.property(key), rank=rank), self._focus(rank, passage))

    def _endless(self, schema: Any) -> bool:
        """Whether a value of `schema` cannot be finite."""
        return bool(self._definitions) and self._height(schema) >= _ENDLESS

    # --- arrays -------------------------------------------------------------------------------------------------

    def _array(self, schema: Schema, place: Place, passage: Passage) -> list[Json]:
        first = [
            self._value(inner, replace(place.item(index, place.rank), element=False), passage)
            for index, inner in enumerate(schema.get("prefixItems", ()))
        ]
        items = schema.get("items", {} if not first else False)
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if items is False:
            return first
        wanted = 0 if self._is_deep() or self._endless(items) else self._count(items, place, passage)
        wanted = max(wanted, least)
        if most is not None:
            wanted = min(wanted, most)
        made = first + self._items(items, wanted - len(first), place, passage)
        if len(made) < least and not schema.get("uniqueItems"):
            made += [self._value(items, place.item(i, 0), passage) for i in range(len(made), least)]
        return made

    def _items(self, items: Any, wanted: int, place: Place, passage: Passage) -> list[Json]:
        """Distinct elements, at most `wanted`: each from a sentence of its own where it is a text or an object."""
        found: dict[str, Json] = {}
        whole = self._takes_whole_text(items)
        for rank in range(_tries(wanted)):
            if len(found) >= wanted:
                break
            focus = passage if whole else self._focus(rank, passage)
            turn = rank if whole or rank >= len(passage.sentences) else 0
            value = self._value(items, place.item(len(found), turn), focus)
            found.setdefault(json.dumps(value, sort_keys=True), value)
        return list(found.values())

    def _count(self, items: Any, place: Place, passage: Passage) -> int:
        """How many elements the text has something for."""
        target = self._plain(items)
        if "enum" in target:
            names = [option if isinstance(option, str) else json.dumps(option) for option in target["enum"]]
            ranked = ranked_options(names, place.item(0, 0), passage, self._guidance, self._seed)
            return min(place.width, max(1, sum(score > 0 for _, score in ranked)))
        if kind_of(target) in ("integer", "number"):
            return min(place.width, max(1, len(passage.numbers)))
        if kind_of(target) == "string":
            return min(place.width, available(place, passage))
        return min(place.width, max(1, len(passage.sentences)))

    def _plain(self, schema: Any) -> Schema:
        if not isinstance(schema, dict):
            return {}
        return self._target(schema["$ref"]) if "$ref" in schema else schema

    def _takes_whole_text(self, items: Any) -> bool:
        """Whether elements are told apart by rank in the whole text (phrases, options, numbers), not by sentence."""
        return kind_of(self._plain(items)) not in ("object", "array")

    def _focus(self, rank: int, passage: Passage) -> Passage:
        """The sentence that comes `rank`-th in importance, as a text of its own; the whole text when there is none."""
        if rank >= len(passage.ranked) or len(passage.sentences) < 2:
            return passage
        return Passage(passage.sentences[passage.ranked[rank]])


def kind_of(schema: Schema) -> str:
    """The JSON type that `schema` is for; "string" where it does not say."""
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((str(name) for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    for keyword, implied in _IMPLIED:
        if keyword in schema:
            return implied
    return "string"


_IMPLIED = (
    ("properties", "object"),
    ("additionalProperties", "object"),
    ("items", "array"),
    ("prefixItems", "array"),
    ("minimum", "number"),
    ("maximum", "number"),
)


def _tries(wanted: int) -> int:
    """How many candidates are looked at for so many distinct values."""
    return wanted * 4 + 16 if wanted > 0 else 0
