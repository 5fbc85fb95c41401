"""Converters without pydantic do and say what those with it do."""

from __future__ import annotations

import datetime
import decimal
import fractions
import subprocess
import sys
from collections import OrderedDict
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from skyloom.flows import values
from skyloom.flows.converters import converter_for
from skyloom.flows.mismatch import NotOfType
from skyloom.flows.plain_types import is_json, plain_converter


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Items(list[Any]):
    pass


class Colour(StrEnum):
    red = "a"


class Level(IntEnum):
    low = 1


class Model(BaseModel):
    x: int


class Entries(TypedDict):
    a: int


ANNOTATIONS: list[Any] = [
    int,
    float,
    str,
    bool,
    None,
    Any,
    list,
    dict,
    list[int],
    list[float],
    list[Any],
    list[str | None],
    list[list[int]],
    list[Literal["a", "b"]],
    dict[str, int],
    dict[str, float],
    dict[str, Any],
    dict[str, list[dict[str, int]]],
    int | None,
    list[str] | None,
    Literal["a"],
    Literal["a", "b"],
    Literal["a", "b", None],
]

ODD: list[Any] = [
    b"x",
    bytearray(b"x"),
    (1,),
    {1, 2},
    {1: 2},
    {None: 1},
    {True: 1},
    {1.5: "x"},
    {(1, 2): 1},
    {Text("k"): 1},
    {Colour.red: 1},
    {"x": {1: 2}},
    Text("s"),
    Number(3),
    Items([1]),
    OrderedDict(a=1),
    Colour.red,
    Level.low,
    [Level.low, Colour.red],
    10**400,
    2**60,
    float("nan"),
    float("inf"),
    datetime.datetime(2026, 1, 1),
    decimal.Decimal("1.5"),
    fractions.Fraction(1, 2),
    1j,
    object(),
    len,
    Model(x=1),
    [Model(x=1)],
    {"a": Model(x=1)},
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "a", "b", "it's"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c d"]), inner, max_size=3),
    max_leaves=6,
)


def outcome(converter: Any, method: str, value: Any) -> Any:
    """The value with its types, or what is wrong with it and what was found there."""
    try:
        checked = getattr(converter, method)(value)
    except NotOfType as problem:
        return problem.problems, problem.with_values()
    return type(checked), repr(checked)


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=str)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value).partition(" at 0x")[0])
def test_odd_values_are_taken_or_refused_in_the_same_words(annotation: Any, value: Any) -> None:
    plain = plain_converter(annotation)
    assert plain is not None
    assert outcome(plain, "validate_python", value) == outcome(converter_for(annotation), "validate_python", value)


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=str)
@settings(max_examples=60, deadline=None)
@given(value=JSON)
def test_json_is_taken_or_refused_in_the_same_words(annotation: Any, value: Any) -> None:
    plain, full = plain_converter(annotation), converter_for(annotation)
    assert plain is not None
    for method in ("validate_python", "validate_json"):
        assert outcome(plain, method, value) == outcome(full, method, value)


@pytest.mark.parametrize(
    "annotation",
    [
        Model,
        Entries,
        Colour,
        bytes,
        datetime.datetime,
        tuple[int, str],
        int | str,
        int | str | None,
        dict[int, str],
        list[Model],
        Literal[1],
        Literal["it's"],
        Literal["a", True],
        Annotated[int, "positive"],
        set[int],
        Enum,
    ],
    ids=str,
)
def test_other_annotations_are_left_to_pydantic(annotation: Any) -> None:
    assert plain_converter(annotation) is None


def test_what_may_be_anything_may_be_a_model() -> None:
    assert values.to_json([Model(x=1)], list[Any]) == [{"x": 1}]
    assert values.to_json({"a": (1, Colour.red)}, dict[str, Any]) == {"a": [1, "a"]}


def test_is_json_looks_into_everything() -> None:
    assert is_json([{"a": [1, 1.5, None, True, "x"]}])
    assert not is_json([{"a": (1,)}])
    assert not is_json(Text("x"))


def test_results_share_nothing_with_what_went_in() -> None:
    inner: list[Any] = [1]
    given_value = {"a": inner}
    taken = values.to_json(given_value, dict[str, list[int]])
    assert isinstance(taken, dict)
    inner.append(2)
    assert taken == {"a": [1]}


def test_pydantic_is_not_loaded_for_plain_types() -> None:
    code = (
        "import sys; from skyloom.flows import values;"
        "values.to_json({'a': [1]}, dict[str, list[float]]); values.from_json(['x'], list[str | None]);"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
