"""What fits a JSON Schema: as the reference validator says, in the canonical form that the runner gives."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from skyloom.deployers.services.schema import Misfit, fitted, unknown_keywords
from skyloom.flows.values import json_schema


class Speed(Enum):
    SLOW = "slow"
    FAST = "fast"


class Line(BaseModel):
    sku: str = Field(min_length=2, pattern="^[a-z]+$")
    count: int = Field(gt=0, le=10)
    price: float = 1


class Tree(BaseModel):
    name: str
    below: list[Tree] = []


class Order(BaseModel):
    lines: list[Line]
    speed: Speed = Speed.SLOW
    kind: Literal["new", "old"] | None = None
    notes: dict[str, int] = {}
    pair: tuple[int, str] = (1, "a")
    when: datetime | None = None
    day: date | None = None
    more: Any = None


SCHEMA = json_schema(Order)
LINE = {"sku": "ab", "count": 2}
FULL: dict[str, Any] = {
    "lines": [{"sku": "ab", "count": 2, "price": 1.0}],
    "speed": "slow",
    "kind": None,
    "notes": {},
    "pair": [1, "a"],
    "when": None,
    "day": None,
    "more": None,
}


def problems(value: Any, schema: dict[str, Any] = SCHEMA) -> list[tuple[str, str]]:
    with pytest.raises(Misfit) as raised:
        fitted(value, schema)
    return list(raised.value.problems)


def test_defaults_are_filled_in_and_entries_of_no_field_left_out() -> None:
    assert fitted({"lines": [LINE | {"colour": "red"}]}, SCHEMA) == FULL
    assert isinstance(fitted({"lines": [LINE]}, SCHEMA)["lines"][0]["price"], float)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"lines": 3}, [("lines", "must be a list")]),
        ({"lines": [{}]}, [("lines[0].sku", "is missing"), ("lines[0].count", "is missing")]),
        ({"lines": [LINE | {"sku": "a"}]}, [("lines[0].sku", "must have at least 2 characters")]),
        ({"lines": [LINE | {"sku": "AB"}]}, [("lines[0].sku", "must match the pattern ^[a-z]+$")]),
        ({"lines": [LINE | {"count": 0}]}, [("lines[0].count", "must be more than 0")]),
        ({"lines": [LINE | {"count": 11}]}, [("lines[0].count", "must be at most 10")]),
        ({"lines": [LINE | {"count": 2.0}]}, [("lines[0].count", "must be a whole number")]),
        ({"lines": [LINE | {"count": True}]}, [("lines[0].count", "must be a whole number")]),
        ({"lines": [LINE | {"count": 2**53 + 1}]}, [("lines[0].count", "must be a whole number")]),
        ({"speed": "quick"}, [("speed", "must be one of slow, fast")]),
        ({"kind": "odd"}, [("kind", "must be one of new, old")]),
        ({"notes": {"a": "1"}}, [("notes.a", "must be a whole number")]),
        ({"pair": [1]}, [("pair", "must have at least 2 entries")]),
        ({"pair": ["a", 1]}, [("pair[0]", "must be a whole number"), ("pair[1]", "must be text")]),
        ({"day": "2026-02-30"}, [("day", "must be a date such as 2026-01-31")]),
        (
            {"when": "yesterday"},
            [("when", "must be a date and time such as 2026-01-31T14:30:00Z")],
        ),
    ],
)
def test_all_problems_are_found_with_their_places(change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert problems(FULL | change) == found


def test_a_problem_deep_in_the_only_alternative_that_looks_right_is_told() -> None:
    schema = json_schema(Line | None)
    assert problems({"sku": "ab", "count": 99}, schema) == [("count", "must be at most 10")]


def test_recursive_models() -> None:
    assert fitted({"name": "a", "below": [{"name": "b"}]}, json_schema(Tree)) == {
        "name": "a",
        "below": [{"name": "b", "below": []}],
    }
    assert problems({"name": "a", "below": [{"name": 1}]}, json_schema(Tree)) == [("below[0].name", "must be text")]


def test_objects_that_take_no_others_say_so() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    assert problems({"a": 1, "b": 2}, schema) == [("b", "is not expected")]


def test_what_is_not_checked_is_named() -> None:
    assert unknown_keywords(SCHEMA) == set()
    odd = {"properties": {"a": {"not": {}}}, "$defs": {"B": {"anyOf": [{"uniqueItems": True}]}}, "title": "x"}
    assert unknown_keywords(odd) == {"not", "uniqueItems"}


SCALARS = st.none() | st.booleans() | st.integers(-20, 20) | st.floats(-20, 20) | st.sampled_from(["", "ab", "slow"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sku", "count", "price", "lines", "speed", "pair", "kind"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
SCHEMAS = [
    json_schema(shape)
    for shape in (Line, Order, list[Line], Line | int, dict[str, int | str], tuple[int, str] | None, Speed, float, Tree)
] + [json_schema(Annotated[int, Field(multiple_of=3)] | Annotated[str, Field(max_length=1)])]


@given(st.sampled_from(SCHEMAS), VALUES)
def test_accepts_what_the_reference_validator_accepts(schema: dict[str, Any], value: Any) -> None:
    reference = jsonschema.Draft202012Validator(schema)
    try:
        result = fitted(value, schema)
    except Misfit:
        # Whole floats are no integers here, as they are none to the runner.
        assert not reference.is_valid(value) or "." in repr(value)
    else:
        assert reference.is_valid(value)
        assert reference.is_valid(result)
        assert fitted(result, schema) == result
