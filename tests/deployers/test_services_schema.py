"""What fits a JSON Schema: as the reference validator says, in the canonical form that the runner gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from skyloom.deployers.services.schema import Misfit, fitted, resolved, unknown_keywords
from skyloom.flows.values import NotOfType, from_json, json_schema, to_json


class Speed(Enum):
    SLOW = "slow"
    FAST = "fast"


class Level(Enum):
    ONE = 1
    TWO = 2.5


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
        ({"lines": [LINE | {"count": True}]}, [("lines[0].count", "must be a whole number")]),
        ({"lines": [LINE | {"count": 2**53 + 1}]}, [("lines[0].count", "must be at most 2**53")]),
        ({"notes": {"\udc00": 1}}, [("notes", "must be Unicode text")]),
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


def test_a_float_is_no_integer_unless_numbers_of_either_kind_stand_in_the_value() -> None:
    assert problems(LINE | {"count": 2.0}, json_schema(Line)) == [("count", "must be a whole number")]
    assert fitted({"lines": [LINE | {"count": 2.0}]}, SCHEMA) == FULL


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


# --- the same as a run on one's own machine gets ---------------------------------------------------------------------


class Circle(BaseModel):
    r: float = 1
    name: str = "c"


class Square(BaseModel):
    side: int = 1
    name: str = "s"
    at: list[float] = Field(default_factory=list)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    born: date | None = None


@dataclass
class Point:
    x: float
    y: float = 0
    tags: list[str] = field(default_factory=list)


class Options(TypedDict):
    depth: NotRequired[int]
    wide: bool


class Moments(BaseModel):
    when: datetime = datetime(2026, 1, 2, tzinfo=UTC)
    day: date | None = None
    at: time | None = None
    data: bytes = b"ab"


ANNOTATIONS: list[Any] = [
    Line,
    Order,
    Tree,
    Point,
    Options,
    Moments,
    Circle | Square,
    list[Square | Circle | None],
    Annotated[Cat | Dog, Field(discriminator="kind")],
    datetime,
    date | int,
    time | None,
    datetime | str,
    str | datetime,
    bytes | str,
    str | Speed,
    date | datetime,
    list[float] | list[int],
    dict[str, float] | Line | Point,
    Annotated[str, Field(pattern="^[a-z]*$")] | None,
    Annotated[int, Field(multiple_of=3)],
    Order | Moments | Tree,
    float,
    int | float,
    float | str | None,
    dict[str, float],
    dict[str, Any],
    tuple[float, bool],
    bytes,
    Speed,
    Literal["slow", 1, None],
    Level,
    Level | None,
    Any,
]
TEXTS = st.sampled_from(
    [
        *("", "ab", "ab\n", "slow", "cat", "dog", "2026-01-31", "2026-01-31T14:30:00+02:00", "2026-01-31 14:30"),
        *("14:30", "14:30:00Z", "0001-01-01T00:00:00+01:00", "20260131", "2026-13-01", "2026-01-31t14:30:00.5z"),
        *("YWI=", "YR==", "Y", "\ud800"),
    ]
)
KEYS = st.sampled_from(
    [
        *("sku", "count", "price", "lines", "speed", "pair", "kind", "r", "side", "name", "at", "x", "y", "tags"),
        *("wide", "depth", "when", "day", "data", "lives", "born", "below", "odd"),
    ]
)
NUMBERS = (
    st.integers(-3, 12) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.0, -0.0, 2**53 + 1])
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


def shaped(schema: Any, root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that come near to a schema."""
    if schema is True:
        return ANYTHING
    schema = resolved(schema, root)
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        near = st.one_of([shaped(inner, root) for inner in alternatives])
    elif "enum" in schema or "const" in schema:
        near = st.sampled_from(schema.get("enum") or [schema["const"]])
    elif "properties" in schema:
        fields = {name: _later(inner, root) for name, inner in schema["properties"].items()}
        near = st.fixed_dictionaries({}, optional=fields)
    else:
        near = _shaped(schema, root)
    return near | ANYTHING if "properties" not in schema else near


def _later(schema: Any, root: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: shaped(schema, root))


def _shaped(schema: Any, root: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return st.tuples(*(shaped(inner, root) for inner in schema["prefixItems"])).map(list)
        case "array":
            return st.lists(_later(schema.get("items", {}), root), max_size=2)
        case "object":
            return st.dictionaries(KEYS, shaped(schema.get("additionalProperties", {}), root), max_size=2)
        case "integer" | "number":
            return NUMBERS
        case "string":
            return TEXTS
        case _:
            return ANYTHING


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_value_is_taken_refused_and_made_canonical_as_on_ones_own_machine(data: st.DataObject) -> None:
    annotation = data.draw(st.sampled_from(ANNOTATIONS))
    schema = json_schema(annotation)
    assert unknown_keywords(schema) == set()
    value = data.draw(shaped(schema, schema))
    try:
        wanted = to_json(from_json(value, annotation), annotation)
    except NotOfType as refused:
        with pytest.raises(Misfit):
            raise AssertionError(f"took {fitted(value, schema)!r}, {refused}") from None
        return
    assert repr(fitted(value, schema)) == repr(wanted)
