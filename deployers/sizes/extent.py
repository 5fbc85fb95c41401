"""How large a value is as JSON: at least, at most, and of what form, as far as that is known."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.flows.whole_numbers import whole

Json = Any

SMALLEST = 1
"""Bytes of a digit."""
LARGEST_INTEGER, LARGEST_FLOAT = len("-9007199254740992.0"), len("-2.2250738585072014e-308")
"""Bytes of a number; an integer may stand where a float is wanted."""
LARGEST_MOMENT = len('"2026-11-22T09:30:00.000000+00:00"')
"""Bytes of a point in time, a date or a time of day."""
MOST_OF_A_CHARACTER = 6
"""Bytes of a character in JSON: one that is not printed is written as `\\u0001`; all others have four at most."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema with the definitions that it may refer to. `character`: bytes that one of a text counts at most."""

    node: Mapping[str, Json]
    definitions: Mapping[str, Json]
    character: int = MOST_OF_A_CHARACTER

    @classmethod
    def of(cls, document: Mapping[str, Json], character: int = MOST_OF_A_CHARACTER) -> Schema:
        """A whole document."""
        return cls(document, document.get("$defs", {}), character).resolved()

    def resolved(self) -> Schema:
        """What stands where it refers to a definition."""
        node = self.node
        while "$ref" in node:
            node = self.definitions[node["$ref"].rpartition("/")[2]]
        return self.at(node)

    def at(self, node: Mapping[str, Json]) -> Schema:
        """Another node of the same document."""
        return Schema(node, self.definitions, self.character)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many bytes of compact JSON in UTF-8 a value has.

    Attributes:
        least: no value has fewer.
        most: none has more; None: nothing bounds it.
        schema: the form of the value, where something declares it: its parts have extents of their own.
    """

    least: int = SMALLEST
    most: int | None = None
    schema: Schema | None = None

    def or_(self, other: Extent) -> Extent:
        """One of the two."""
        same = self.schema if self.schema == other.schema else None
        return Extent(min(self.least, other.least), at_most(max, (self.most, other.most)), same)

    def and_(self, other: Extent) -> Extent:
        """What both say of a value."""
        known = [most for most in (self.most, other.most) if most is not None]
        return Extent(max(self.least, other.least), min(known, default=None), self.schema or other.schema)

    def may_shrink(self, least: int = SMALLEST) -> Extent:
        """A value that was made of it by leaving something out."""
        return Extent(min(self.least, least), self.most)

    @property
    def inside(self) -> Extent:
        """Without the two bytes around it: quotation marks, brackets or braces."""
        return Extent(max(0, self.least - 2), None if self.most is None else max(0, self.most - 2))


NOTHING = Extent(0, 0)
UNKNOWN = Extent()


def at_most(pick: Any, parts: Iterable[int | None]) -> int | None:
    """`pick` of what parts have at most; None where one of them has no bound."""
    found = list(parts)
    return None if None in found else pick(found)


def exactly(value: Json) -> Extent:
    """The extent of a constant. A number without a fraction is written with one where it is a float: 2 or 2.0."""
    written = _written(value)
    return Extent(size_of(whole(value)), written)


def _written(value: Json) -> int:
    """The most bytes that a constant has."""
    match value:
        case bool() | None | str():
            return size_of(value)
        case int() | float():
            return max(size_of(value), size_of(float(value)))
        case list():
            return 2 + sum(map(_written, value)) + max(0, len(value) - 1)
        case _:
            entries = (size_of(key) + 1 + _written(of) for key, of in value.items())
            return 2 + sum(entries) + max(0, len(value) - 1)


def size_of(value: Json) -> int:
    """The bytes of a value as compact JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def in_a_row(parts: Iterable[Extent], around: int = 2) -> Extent:
    """What is written one behind the other, as the parts of a text are, with something around it."""
    every = tuple(parts)
    most = at_most(sum, (part.most for part in every))
    return Extent(around + sum(part.least for part in every), None if most is None else around + most)


def joined(parts: Iterable[Extent]) -> Extent:
    """A list, or an object, of these elements: commas between them."""
    every = tuple(parts)
    return in_a_row((*every, Extent(len(every) - 1, len(every) - 1)) if every else ())


def repeated(element: Extent, least: int, most: int | None) -> Extent:
    """A list of so many such elements."""
    fewest = 2 + least * element.least + max(0, least - 1)
    if most == 0:
        return Extent(2, 2)
    if most is None or element.most is None:
        return Extent(fewest)
    return Extent(fewest, 2 + most * element.most + most - 1)


def either(parts: Iterable[Extent]) -> Extent:
    """One of them."""
    return functools.reduce(Extent.or_, parts)
