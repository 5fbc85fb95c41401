"""The text of a workflow: YAML in the order of its steps, with the places of the flow's source as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from skyloom.deployers.gcp.steps import Step, Subworkflow, walk
from skyloom.deployers.gcp.structure import workflow_structure

Json = Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*|\$\{[^\n]*\}")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What YAML, old and new, takes for something else than a text."""


def workflow_source(subworkflows: Sequence[Subworkflow], heading: Sequence[str] = ()) -> str:
    """The whole text. `heading` are lines of comment above it."""
    lines = [f"# {line}" for line in heading]
    for one in subworkflows:
        places = {step.name: step.at for step in _all_steps(one) if step.at}
        if one.comment:
            lines += ["", f"# {one.comment}"] if lines else [f"# {one.comment}"]
        (body,) = workflow_structure([one]).values()
        lines.append(f"{one.name}:")
        lines += _mapping(body, 2, places)
    return "\n".join(lines) + "\n"


def _all_steps(one: Subworkflow) -> Iterator[Step]:
    yield from walk(one.steps)


def _mapping(value: Mapping[str, Json], depth: int, places: Mapping[str, str]) -> Iterator[str]:
    margin = " " * depth
    for key, item in value.items():
        yield from _entry(f"{margin}{_text(key)}:", item, depth + 2, places)


def _entry(head: str, value: Json, depth: int, places: Mapping[str, str]) -> Iterator[str]:
    match value:
        case dict() if value:
            yield head
            yield from _mapping(value, depth, places)
        case list() if value and not _is_short(value):
            yield head
            yield from _sequence(value, depth, places)
        case _:
            yield f"{head} {_flow(value)}"


def _sequence(value: Sequence[Json], depth: int, places: Mapping[str, str]) -> Iterator[str]:
    margin = " " * depth
    for item in value:
        match item:
            case dict() if len(item) == 1 and isinstance(next(iter(item.values())), dict) and next(iter(item.values())):
                (name, body) = next(iter(item.items()))
                place = places.get(name)
                yield f"{margin}- {_text(name)}:" + (f"  # {place}" if place else "")
                yield from _mapping(body, depth + 4, places)
            case dict() if item:
                first, *rest = _mapping(item, depth + 2, places)
                yield f"{margin}- {first.lstrip()}"
                yield from rest
            case list() if item and not _is_short(item):
                first, *rest = _sequence(item, depth + 2, places)
                yield f"{margin}- {first.lstrip()}"
                yield from rest
            case _:
                yield f"{margin}- {_flow(item)}"


def _is_short(value: Sequence[Json]) -> bool:
    """Whether a list stands in one line: names and numbers, nothing with commas or brackets of its own."""
    return all(
        item is None or isinstance(item, bool | int | float) or (isinstance(item, str) and re.fullmatch(r"\w+", item))
        for item in value
    )


def _flow(value: Json) -> str:
    match value:
        case None:
            return "null"
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_flow(item) for item in value)}]"
        case dict():
            return "{}"
        case float():
            # Versions of YAML disagree about exponents.
            text = format(Decimal(repr(value)), "f")
            return text if "." in text else f"{text}.0"
        case _:
            return json.dumps(value)


def _text(value: str) -> str:
    """A text as YAML: plain where nothing in it means something else."""
    plain = _PLAIN.fullmatch(value) and value.isascii() and value.isprintable()
    if plain and value.lower() not in _WORDS and ": " not in value and " #" not in value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    if value.isprintable() and "\\" in quoted and "'" not in value:
        return f"'{value}'"
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
