"""Python values to JSON and back: the canonical form, the strictness, the messages."""

from __future__ import annotations

import collections.abc
import math
import subprocess
import sys
import typing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Generic, Literal, NewType, NoReturn, Optional, TypedDict, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field
from pydantic import Field as PydanticField

from skyloom.flows.constructs import Decision
from skyloom.flows.values import (
    NotOfType,
    check_json,
    from_json,
    json_schema,
    object_schema,
    signature_types,
    to_json,
)

T = TypeVar("T")


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Plain(Enum):
    ON = True


class Line(BaseModel):
    price: float
    label: str = "none"


class Order(BaseModel):
    customer: str = Field(alias="Customer")
    lines: list[Line] = []
    meta: dict[str, Any] = {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> float:
        return sum(line.price for line in self.lines)


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


class Attachment(BaseModel):
    metadata: bytes
    type: str = "pdf"


@dataclass
class Point:
    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


@dataclass
class Pair(Generic[T]):
    left: T
    right: T


class Row(TypedDict, total=False):
    id: typing.Required[int]
    note: str
    inner: list[Line]


class Checked(BaseModel):
    count: int = Field(ge=1)


UserId = NewType("UserId", str)
EAST = timezone(timedelta(hours=2))

ROUND_TRIPS: list[tuple[Any, Any, Any]] = [
    (None, None, None),
    (True, bool, True),
    (7, int, 7),
    (2**53, int, 2**53),
    (-(2**53), int, -(2**53)),
    (1.5, float, 1.5),
    ("é€😀", str, "é€😀"),
    ("", str, ""),
    (UserId("u1"), UserId, "u1"),
    (b"\x00\xff\xfe", bytes, "AP/+"),
    (Colour.RED, Colour, "red"),
    (Level.LOW, Level, 1),
    (Plain.ON, Plain, True),
    ("a", Literal["a", "b"], "a"),
    (None, int | None, None),
    (3, int | str, 3),
    ("3", int | str, "3"),
    ([1, 2], list[int], [1, 2]),
    ((1, "a"), tuple[int, str], [1, "a"]),
    ((1, 2, 3), tuple[int, ...], [1, 2, 3]),
    ((), tuple[()], []),
    ({"b": 1, "a": 2}, dict[str, int], {"b": 1, "a": 2}),
    ({"a b": [None]}, Any, {"a b": [None]}),
    (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), datetime, "2024-01-02T03:04:05.000000Z"),
    (datetime(2024, 1, 2, 3, 4, 5, 678), datetime, "2024-01-02T03:04:05.000678"),
    (date(2024, 2, 29), date, "2024-02-29"),
    (time(1, 2, 3), time, "01:02:03.000000"),
    (Line(price=2.5), Line, {"price": 2.5, "label": "none"}),
    (
        Order(Customer="Ann", lines=[Line(price=1.0)], meta={"k": [1]}),
        Order,
        {"Customer": "Ann", "lines": [{"price": 1.0, "label": "none"}], "meta": {"k": [1]}},
    ),
    (
        Tree(value=1, children=[Tree(value=2)]),
        Tree,
        {"value": 1, "children": [{"value": 2, "children": []}]},
    ),
    (Attachment(metadata=b"\xff"), Attachment, {"metadata": "/w==", "type": "pdf"}),
    ([Attachment(metadata=b"")], list[Attachment], [{"metadata": "", "type": "pdf"}]),
    (Point(1.0, tags=["a"]), Point, {"x": 1.0, "y": 0.0, "tags": ["a"]}),
    (Pair(1, 2), Pair[int], {"left": 1, "right": 2}),
    ({"id": 1, "inner": [Line(price=0.5)]}, Row, {"id": 1, "inner": [{"price": 0.5, "label": "none"}]}),
    (
        Decision(approved=True, answer=Line(price=1.0)),
        Decision[Line],
        {"approved": True, "comment": "", "by": "", "answer": {"price": 1.0, "label": "none"}},
    ),
    (Decision(approved=False), Decision, {"approved": False, "comment": "", "by": "", "answer": None}),
    ({"a": Colour.RED}, dict[str, Colour | None], {"a": "red"}),
]


@pytest.mark.parametrize(("value", "annotation", "json"), ROUND_TRIPS, ids=lambda v: repr(v)[:40])
def test_a_value_survives_json(value: Any, annotation: Any, json: Any) -> None:
    written = to_json(value, annotation)
    assert written == json
    assert type(written) is type(json)
    back = from_json(written, annotation)
    assert back == value
    assert type(back) is type(value)
    assert to_json(back, annotation) == json


def test_an_aware_datetime_is_normalised_to_utc() -> None:
    moment = datetime(2024, 1, 1, 1, 30, 0, 5, tzinfo=EAST)
    assert to_json(moment, datetime) == "2023-12-31T23:30:00.000005Z"
    assert from_json("2023-12-31T23:30:00.000005Z", datetime) == moment


def test_an_integer_stands_for_a_float_and_becomes_one() -> None:
    assert repr(to_json(1, float)) == "1.0"
    assert repr(to_json(Point(1), Point)) == "{'x': 1.0, 'y': 0.0, 'tags': []}"
    assert repr(from_json(1, float)) == "1.0"


def test_zero_has_no_sign() -> None:
    assert math.copysign(1, typing.cast(float, to_json(-0.0, float))) == 1
    assert math.copysign(1, from_json(-0.0, float)) == 1
    assert math.copysign(1, from_json({"price": -0.0}, Line).price) == 1


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (1.0, int | float, "1"),
        (1.5, int | float, "1.5"),
        (1.0, typing.Any, "1"),
        ({"a": [2.0, -0.0, 1e300]}, typing.Any, "{'a': [2, 0, 1e+300]}"),
        ([1.0], list[int] | list[float], "[1]"),
        ([1.0, 0.5], list[int] | list[float], "[1.0, 0.5]"),
        (1.0, float | str, "1.0"),
        (2.0, float | None, "2.0"),
        ({"a": 2.0}, dict[str, float | list[float]], "{'a': 2.0}"),
        ({"a": 2.0}, dict[str, typing.Any], "{'a': 2}"),
    ],
)
def test_where_the_type_leaves_it_open_a_whole_number_is_an_int(
    value: object, annotation: typing.Any, expected: str
) -> None:
    assert repr(to_json(value, annotation)) == expected
    assert repr(from_json(typing.cast(typing.Any, value), annotation)) == expected


def test_an_iterable_is_a_list() -> None:
    assert to_json([1, 2], typing.Iterable[int]) == [1, 2]
    assert from_json([1, 2], collections.abc.Iterable[int]) == [1, 2]


def test_aliases_of_annotations() -> None:
    assert to_json(5, Annotated[int, PydanticField(ge=1, json_schema_extra={"unhashable": []})]) == 5
    with pytest.raises(NotOfType, match="greater than or equal to 1"):
        to_json(0, Annotated[int, PydanticField(ge=1)])
    assert to_json(None, Optional[Line]) is None  # noqa: UP045


WRONG: list[tuple[Any, Any, str]] = [
    ("5", int, "Input should be a valid integer"),
    (True, int, "Input should be a valid integer"),
    (1, bool, "Input should be a valid boolean"),
    (1.0, int, "Input should be a valid integer"),
    (True, float, "Input should be a valid number"),
    (1, str, "Input should be a valid string"),
    (None, str, "Input should be a valid string"),
    ("c", Literal["a", "b"], "Input should be 'a' or 'b'"),
    (2**53 + 1, int, "the integer is larger than 2**53, the largest that JSON carries safely"),
    ([1, -(2**53) - 1], list[int], "[1]: the integer is larger than 2**53, the largest that JSON carries safely"),
    (math.nan, float, "nan is not a finite number"),
    ({"a": [math.inf]}, dict[str, list[float]], "a[0]: inf is not a finite number"),
    ("\ud800", str, "a lone surrogate at position 0 is no Unicode text"),
    ({"k\udc00": 1}, dict[str, int], "a lone surrogate at position 1 is no Unicode text"),
]
WRONG_PYTHON: list[tuple[Any, Any, str]] = [
    ("red", Colour, "Input should be an instance of Colour"),
    ((1, 2), list[int], "Input should be a valid list"),
    ([1, "a"], tuple[int, str], "Input should be a valid tuple"),
    ({"x": 1.0}, Point, "Input should be an instance of Point"),
    ({"a": {1: 2}}, dict[str, dict[str, int]], "a: the key 1: Input should be a valid string"),
    ({1}, Any, "a value of type set is not JSON"),
    ((1,), Any, "a value of type tuple is not JSON"),
    ({"a": {"b c": [Colour.RED]}}, Any, 'a["b c"][0]: a value of type Colour is not JSON'),
    ({1: 2}, Any, "the key 1 is not a string"),
    (Line(price=1.0), Any, "a value of type Line is not JSON"),
    (datetime(2024, 1, 1, tzinfo=UTC), Any, "a value of type datetime is not JSON"),
    (Order(Customer="x", meta={"s": {1, 2}}), Order, "meta.s: a value of type set is not JSON"),
    (datetime.min.replace(tzinfo=EAST), datetime, "the datetime has no equivalent in UTC"),
    (1, NoReturn, "the annotation typing.NoReturn has no JSON form: Unable to generate pydantic-core schema"),
]
WRONG_JSON: list[tuple[Any, Any, str]] = [
    ({}, Order, "Customer: Field required"),
    (
        {"Customer": 1, "lines": [{"price": "1"}, {"price": 1, "label": None}]},
        Order,
        "Customer: Input should be a valid string; lines[0].price: Input should be a valid number; "
        "lines[1].label: Input should be a valid string",
    ),
    ({"value": 1, "children": [{"value": 1, "children": [{}]}]}, Tree, "children[0].children[0].value: Field required"),
    ({"y": 1.0}, Point, "x: Field required"),
    ({"note": "n"}, Row, "id: Field required"),
    ({"id": 1, "inner": [{"price": None}]}, Row, "inner[0].price: Input should be a valid number"),
    ("blue", Colour, "Input should be 'red'"),
    ("2024", datetime, "Input should be a text like 2024-12-31T23:59:59Z"),
    ("2024-01-01", datetime, "Input should be a text like 2024-12-31T23:59:59Z"),
    ("1704067200", date, "Input should be a text like 2024-12-31"),
    ("2024-02-30", date, "Input should be a text like 2024-12-31"),
    ("9", time, "Input should be a text like 23:59:59"),
    (0, None, "Input should be null"),
    (5, datetime, "Input should be a valid datetime"),
    ("#", bytes, "Only base64 data is allowed"),
    ({"metadata": "a"}, Attachment, "metadata: Invalid base64-encoded string"),
    ([1], tuple[int, str], "[1]: Field required"),
    ({"count": 0}, Checked, "count: Input should be greater than or equal to 1"),
    ([["x"]], list[list[int | Line]], "[0][0]: Input should be a valid integer or an object"),
]


@pytest.mark.parametrize(("value", "annotation", "message"), [*WRONG, *WRONG_PYTHON], ids=lambda v: repr(v)[:40])
def test_a_wrong_value_is_refused_with_its_place(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(NotOfType) as refusal:
        to_json(value, annotation)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(("value", "annotation", "message"), [*WRONG, *WRONG_JSON], ids=lambda v: repr(v)[:40])
def test_wrong_json_is_refused_with_its_place(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(NotOfType) as refusal:
        from_json(value, annotation)
    assert str(refusal.value).startswith(message)


def test_the_problems_come_one_by_one() -> None:
    with pytest.raises(NotOfType) as refusal:
        from_json({"lines": [{}]}, Order)
    assert refusal.value.problems == (("Customer", "Field required"), ("lines[0].price", "Field required"))


def test_an_instance_that_was_changed_is_checked_again() -> None:
    order = Order(Customer="Ann", lines=[Line(price=1.0)])
    order.lines[0].price = "expensive"  # type: ignore[assignment]
    with pytest.raises(NotOfType, match=r"^lines\[0\]\.price: Input should be a valid number"):
        to_json(order, Order)
    checked = Checked(count=1)
    checked.count = 0
    with pytest.raises(NotOfType, match=r"^count: Input should be greater than or equal to 1$"):
        to_json(checked, Checked)
    with pytest.raises(NotOfType, match=r"^x: Input should be a valid number"):
        to_json(Point("1"), Point)  # type: ignore[arg-type]


def test_no_field_is_lost() -> None:
    class Discount(Line):
        percent: int = 5

    @dataclass
    class Point3(Point):
        z: float = 0.0

    with pytest.raises(NotOfType) as refusal:
        to_json(Order(Customer="Ann", lines=[Line(price=1.0), Discount(price=1.0)]), Order)
    assert str(refusal.value) == (
        "lines[1].percent: the annotated type has no such field; annotate the subclass, or a union"
    )
    with pytest.raises(NotOfType, match=r"^z: the annotated type has no such field"):
        to_json(Point3(1.0), Point)
    assert to_json([Discount(price=1)], list[Line | Discount]) == [{"price": 1.0, "label": "none", "percent": 5}]
    assert from_json([{"price": 1.0, "percent": 7}], list[Line | Discount]) == [Discount(price=1.0, percent=7)]


def test_nothing_is_shared() -> None:
    inner = {"k": [1]}
    order = Order(Customer="Ann", meta=inner)
    written = to_json(order, Order)
    back = from_json(written, Order)
    inner["k"].append(2)
    order.meta["k"].append(3)
    assert written == {"Customer": "Ann", "lines": [], "meta": {"k": [1]}}
    written["meta"]["k"].append(4)
    assert back.meta == {"k": [1]}
    outer = [inner]
    for copy in (check_json(outer), to_json(outer, Any), from_json(outer, Any), to_json(outer, list[dict[str, Any]])):
        assert copy == outer
        assert copy[0] is not inner
        assert copy[0]["k"] is not inner["k"]


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotOfType, match="nested too deeply, or contains itself"):
        check_json(loop)


def test_subclasses_of_json_types_become_them() -> None:
    class Text(str):
        pass

    class Whole(int):
        pass

    class Real(float):
        pass

    copy = typing.cast(list[Any], check_json([Text("a"), Whole(1), Real(0.5)]))
    assert [type(item) for item in copy] == [str, int, float]
    assert copy == ["a", 1, 0.5]


def test_schemas() -> None:
    assert json_schema(int) == {"type": "integer"}
    assert json_schema(Any) == {}
    assert json_schema(bytes) == {"type": "string", "contentEncoding": "base64"}
    assert json_schema(Row)["required"] == ["id"]
    assert set(json_schema(Order)["properties"]) == {"Customer", "lines", "meta"}


def test_the_schema_of_an_object() -> None:
    schema = object_schema("answer", {"json": str, "_limit": int}, {"_limit": 3})
    assert schema == {
        "title": "answer",
        "type": "object",
        "properties": {
            "json": {"title": "Json", "type": "string"},
            "_limit": {"title": "Limit", "type": "integer", "default": 3},
        },
        "required": ["json"],
        "additionalProperties": False,
    }
    assert "required" not in object_schema("none", {}, {})


def test_extra_keys_of_a_forbidding_model() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int

    with pytest.raises(NotOfType, match=r"^b: Extra inputs are not permitted$"):
        from_json({"a": 1, "b": 2}, Closed)


def test_signature_types_are_resolved_and_cached() -> None:
    def function(order: Order, limit: Annotated[int, "x"] = 3) -> list[Order]:
        return [order] * limit

    found = signature_types(function)
    assert found == {"order": Order, "limit": Annotated[int, "x"], "return": list[Order]}
    assert signature_types(function) is found


def test_the_module_loads_without_pydantic() -> None:
    script = "import sys, skyloom.flows.values; print(any(m.startswith('pydantic') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
