"""The form of an approval: fields from the schema of a model, and back."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from skyloom.deployers.services import form
from skyloom.deployers.services.question import _expected
from skyloom.deployers.services.schema import Misfit
from skyloom.flows.values import json_schema


class Level(Enum):
    ONE = 1
    TWO = 2


class Address(BaseModel):
    street: str
    number: int = 1


class Correction(BaseModel):
    text: str = Field(min_length=3, title="New text", description="What is sent.")
    amount: float
    count: int = 2
    urgent: bool
    silent: bool = False
    speed: Literal["slow", "fast"] = "slow"
    level: Level | None = None
    note: str | None = None
    remark: str = "none"
    day: date | None = None
    address: Address | None = None
    tags: list[str] = []


SCHEMA = json_schema(Correction)
TYPED = {"text": "hello", "amount": "1.5", "urgent": "no"}
FILLED: dict[str, Any] = {
    "text": "hello",
    "amount": 1.5,
    "count": 2,
    "urgent": False,
    "silent": False,
    "speed": "slow",
    "level": None,
    "note": None,
    "remark": "none",
    "day": None,
    "address": None,
    "tags": [],
}


def test_a_field_of_each_kind() -> None:
    found = {field.name: field for field in form.fields(SCHEMA)}
    assert list(found) == list(Correction.model_fields)
    kinds = {name: field.kind for name, field in found.items()}
    assert kinds == {
        "text": "text",
        "amount": "number",
        "count": "number",
        "urgent": "boolean",
        "silent": "boolean",
        "speed": "choice",
        "level": "choice",
        "note": "text",
        "remark": "text",
        "day": "text",
        "address": "json",
        "tags": "json",
    }
    assert found["text"].label == "New text"
    assert found["text"].description == "What is sent."
    assert found["text"].limits == (("minlength", "3"),)
    assert found["text"].required and not found["count"].required
    assert found["level"].choices == (1, 2)
    assert found["level"].nullable and found["address"].nullable and not found["tags"].nullable
    assert found["count"].whole and not found["amount"].whole
    assert found["day"].format == "date"


def test_what_is_not_sent_takes_its_default() -> None:
    assert form.read(SCHEMA, TYPED) == FILLED


@pytest.mark.parametrize(
    ("typed", "change"),
    [
        ({"amount": " +3 "}, {"amount": 3.0}),
        ({"amount": "1e2"}, {"amount": 100.0}),
        ({"count": "-7"}, {"count": -7}),
        ({"urgent": "yes"}, {"urgent": True}),
        ({"speed": "1"}, {"speed": "fast"}),
        ({"level": "1"}, {"level": 2}),
        ({"level": ""}, {"level": None}),
        ({"note": "  "}, {"note": None}),
        ({"note": "0"}, {"note": "0"}),
        ({"remark": ""}, {"remark": ""}),
        ({"count": ""}, {"count": 2}),
        ({"day": "2026-11-21"}, {"day": "2026-11-21"}),
        ({"address": '{"street": "Elm"}'}, {"address": {"street": "Elm", "number": 1}}),
        ({"tags": '["a", "b"]'}, {"tags": ["a", "b"]}),
    ],
)
def test_what_is_typed_becomes_json(typed: dict[str, str], change: dict[str, Any]) -> None:
    assert form.read(SCHEMA, TYPED | typed) == FILLED | change


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({"text": ""}, {"text": "is missing"}),
        ({"text": "ab"}, {"text": "must have at least 3 characters"}),
        ({"amount": ""}, {"amount": "is missing"}),
        ({"amount": "much"}, {"amount": "must be a number"}),
        ({"amount": "NaN"}, {"amount": "must be a number"}),
        ({"amount": "1e999"}, {"amount": "must be a number"}),
        ({"amount": "true"}, {"amount": "must be a number"}),
        ({"count": "1.5"}, {"count": "must be a whole number"}),
        ({"urgent": "maybe"}, {"urgent": "must be yes or no"}),
        ({"urgent": ""}, {"urgent": "is missing"}),
        ({"speed": "fast"}, {"speed": "must be one of the choices"}),
        ({"day": "31.1."}, {"day": "must be a date such as 2026-01-31"}),
        ({"tags": "a, b"}, {"tags": "must be JSON"}),
        ({"tags": "[" * 100_000}, {"tags": "must be JSON"}),
        ({"tags": "[1, 2]"}, {"tags": "[0] must be text; [1] must be text"}),
        ({"address": '{"number": 1}'}, {"address": "street is missing"}),
        ({"amount": "x", "text": "ab"}, {"amount": "must be a number", "text": "must have at least 3 characters"}),
    ],
)
def test_what_is_wrong_is_told_field_by_field(typed: dict[str, str], problems: dict[str, str]) -> None:
    with pytest.raises(Misfit) as raised:
        form.read(SCHEMA, TYPED | typed)
    assert form.by_field(SCHEMA, raised.value.problems) == problems


def test_values_stand_in_their_inputs_as_they_are_typed() -> None:
    found = {field.name: field for field in form.fields(SCHEMA)}
    for name, value in (("amount", 1.5), ("level", 2), ("silent", True), ("tags", ["a"]), ("note", None)):
        typed = {name: form.shown(found[name], value)}
        assert form.read(SCHEMA, TYPED | typed)[name] == value
    assert form.shown(found["text"], found["text"].default) == ""


def test_names_of_fields_that_look_like_paths() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "a.b": {"type": "integer"}}}
    assert form.by_field(schema, [("a.b", "is odd"), ("", "is long")]) == {"a.b": "is odd", "": "is long"}


class Bounded(BaseModel):
    """How much, and to whom."""

    amount: float = Field(gt=0, le=500, title="Amount to pay back", description="In euros.")
    parts: int = Field(default=1, ge=1, multiple_of=2)
    iban: str = Field(pattern="^[A-Z]{2}", min_length=4)
    tags: list[str] = Field(default_factory=list, max_length=3)


def test_what_a_model_says_of_its_fields_is_said_to_people() -> None:
    found = {field.name: field for field in form.fields(json_schema(Bounded))}
    assert (found["amount"].label, found["amount"].description) == ("Amount to pay back", "In euros.")
    assert {name: field.bounds for name, field in found.items()} == {
        "amount": ("more than 0", "at most 500"),
        "parts": ("at least 1", "a multiple of 2"),
        "iban": ("at least 4 characters", "matching ^[A-Z]{2}"),
        "tags": ("at most 3 entries",),
    }
    assert _expected(found["amount"]) == "A number, more than 0, at most 500."
    assert _expected(found["iban"]) == "At least 4 characters, matching ^[A-Z]{2}."
    assert found["tags"].default == []


def test_what_a_model_refuses_is_refused() -> None:
    with pytest.raises(Misfit) as raised:
        form.read(json_schema(Bounded), {"amount": "0", "parts": "3", "iban": "de12"})
    assert raised.value.problems == (
        ("amount", "must be more than 0"),
        ("parts", "must be a multiple of 2"),
        ("iban", "must match the pattern ^[A-Z]{2}"),
    )
