"""What types and declarations say of the size of values: no value is smaller or larger."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from skyloom.deployers.sizes.extent import Extent, Schema, exactly, size_of
from skyloom.deployers.sizes.schemas import extent_of, part_of
from skyloom.deployers.sizes.types import extent_of_type
from skyloom.flows import values
from skyloom.flows.frontend.annotations import TypeTable


class Color(StrEnum):
    RED = "red"
    OFF_WHITE = "off white"


class Rank(Enum):
    LOW = 1
    HIGH = 100


class Line(BaseModel):
    text: str = Field(max_length=5)
    amount: float
    color: Color = Color.RED
    note: str | None = Field(None, max_length=3, alias="Note")


@dataclasses.dataclass
class Page:
    lines: Annotated[list[Line], Field(max_length=3)]
    kind: Literal["a", "page", 7]
    rank: Rank
    at: datetime
    day: date
    hour: time
    place: tuple[int, bool]
    names: Annotated[dict[Annotated[str, Field(max_length=4)], int], Field(max_length=2)]
    limited: Annotated[int, Field(ge=-5, le=1000)]


class Tree(BaseModel):
    branches: list[Tree] = Field(max_length=2)


def extent(annotation: Any) -> Extent:
    return extent_of(Schema.of(values.json_schema(annotation)))


def bounds(annotation: Any) -> tuple[int, int | None]:
    found = extent(annotation)
    return found.least, found.most


@pytest.mark.parametrize(
    ("annotation", "least", "most"),
    [
        (None, 4, 4),
        (bool, 4, 5),
        (int, 1, 19),
        (Annotated[int, Field(ge=0, le=9)], 1, 3),
        (Literal["yes", "perhaps"], 5, 9),
        (Rank, 1, 5),
        (Annotated[str, Field(max_length=10)], 2, 62),
        (Annotated[str, Field(min_length=3, max_length=10)], 5, 62),
        (Annotated[list[bool], Field(max_length=3)], 2, 19),
        (Annotated[list[bool], Field(min_length=2, max_length=3)], 11, 19),
        (Annotated[list[bool], Field(max_length=0)], 2, 2),
        (tuple[bool, None], 11, 12),
        (bool | None, 4, 5),
        (Annotated[dict[Annotated[str, Field(max_length=1)], bool], Field(max_length=2)], 2, 31),
    ],
)
def test_what_is_declared_bounds_a_value(annotation: Any, least: int, most: int) -> None:
    assert bounds(annotation) == (least, most)


@pytest.mark.parametrize(
    "annotation",
    [str, list[int], dict[str, int], bytes, Any, list[Annotated[str, Field(max_length=3)]], Tree, list[Any] | None],
)
def test_what_is_not_declared_has_no_bound(annotation: Any) -> None:
    assert extent(annotation).most is None


def test_a_field_and_an_element_have_extents_of_their_own() -> None:
    page = extent(Page).schema
    assert page is not None
    lines = part_of(page, "lines")
    assert lines.schema is not None
    line = part_of(lines.schema, None)
    assert line.schema is not None
    assert part_of(line.schema, "text") == Extent(2, 32, part_of(line.schema, "text").schema)
    assert part_of(line.schema, "Note").most == 20
    assert part_of(page, "place").schema is not None
    assert part_of(part_of(page, "place").schema or page, 1).most == len("false")
    assert part_of(page, "nothing") == Extent(1, None)


LINES = st.builds(
    lambda text, amount, color, note: Line(text=text, amount=amount, color=color, Note=note),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53).map(float),
    st.sampled_from(Color),
    st.none() | st.text(max_size=3),
)
PAGES = st.builds(
    Page,
    lines=st.lists(LINES, max_size=3),
    kind=st.sampled_from(["a", "page", 7]),
    rank=st.sampled_from(Rank),
    at=st.datetimes() | st.datetimes(timezones=st.just(UTC)),
    day=st.dates(),
    hour=st.times(),
    place=st.tuples(st.integers(-(2**53), 2**53), st.booleans()),
    names=st.dictionaries(st.text(max_size=4), st.integers(-(2**53), 2**53), max_size=2),
    limited=st.integers(-5, 1000),
)


@settings(max_examples=300, deadline=None)
@given(PAGES)
def test_no_value_is_larger_or_smaller(page: Page) -> None:
    written = values.to_json(page, Page)
    declared, typed = extent(Page), extent_of_type(TABLE.resolve(Page), TABLE.models)
    assert declared.most is not None
    assert declared.least <= size_of(written) <= declared.most
    assert typed.least <= size_of(written)
    assert typed.most is None


TABLE = TypeTable()


def test_types_alone_bound_what_has_no_text() -> None:
    pair = TABLE.resolve(tuple[int, Literal["a"]])
    assert extent_of_type(pair, TABLE.models) == Extent(2 + 1 + 1 + 3, 2 + 19 + 1 + 3)


def test_a_constant_is_as_large_as_it_is() -> None:
    assert exactly("é\n") == Extent(6, 6)
    assert exactly([1.0, {"a": None}]) == Extent(len('[1,{"a":null}]'), len('[1.0,{"a":null}]'))
