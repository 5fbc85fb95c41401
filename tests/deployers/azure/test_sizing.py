"""Sizes as Durable counts them: as the host of a run counts, and never more than what is declared allows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skyloom.adapters.hosts.durable_texts import MOST_BYTES, input_text, output_text, too_large
from skyloom.deployers.azure.sizing import CHARACTER, ROOMS
from skyloom.deployers.sizes.extent import Schema
from skyloom.deployers.sizes.payloads import What
from skyloom.deployers.sizes.schemas import extent_of

LARGE = [
    {"text": "x" * 1_100_000},
    {"text": "ü" * 200_000},
    {"text": '"' * 300_000},
    ["\U0001f600" * 90_000, {"a": [1.5, None] * 50_000}],
]
TEXTS = extent_of(
    Schema.of({"type": "array", "maxItems": 4, "items": {"type": "string", "maxLength": 6}}, character=CHARACTER)
)
_AROUND = 16
"""Bytes of the quotation marks around all."""


@pytest.mark.parametrize("value", LARGE)
def test_sizes_are_those_by_which_runs_fail(value: Any) -> None:
    assert ROOMS.by_value["given"].size(value) == too_large(json.dumps(value, ensure_ascii=False), times=2)
    assert ROOMS.by_value["result"].size(value) == too_large(output_text(value), times=1) > MOST_BYTES
    assert ROOMS.by_value["input"].size(value) == len(input_text(value).encode())


@pytest.mark.parametrize("what", ROOMS.by_value)
@given(texts=st.lists(st.text(max_size=6), max_size=4))
@example(texts=["\U0001f600" * 6] * 4)
@example(texts=['"' * 6] * 4)
@example(texts=["\x01" * 6] * 4)
@example(texts=["ü" * 6] * 4)
def test_no_value_counts_more_than_is_declared(what: What, texts: list[str]) -> None:
    room = ROOMS.by_value[what]
    assert TEXTS.most is not None
    assert room.size(texts) <= TEXTS.most * room.growth + _AROUND
