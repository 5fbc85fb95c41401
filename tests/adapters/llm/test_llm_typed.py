"""Typed answers: what is read from a model's text, what is sent back, and when it is given up."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from skyloom.adapters.llm.base import Completion, CompletionRequest, Message, ModelError, Usage
from skyloom.adapters.llm.scripted import ScriptedModel
from skyloom.adapters.llm.typed import REPAIR_OPENING, TypedCompletion, complete_typed
from skyloom.errors import PromptFailed

OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ASKED = Message("user", "How many?")


def number(value: Any) -> int:
    """Accepts `{"n": <int>}` and gives the number."""
    if not isinstance(value, dict) or type(value.get("n")) is not int:
        raise ValueError("n: Input should be a valid integer")
    return int(value["n"])


def ask(model: ScriptedModel, schema: dict[str, Any] | None = OBJECT, repairs: int = 1) -> TypedCompletion[int]:
    return asyncio.run(complete_typed(model, CompletionRequest("m", (ASKED,), schema), number, repairs))


def read(text: str, schema: dict[str, Any] | None = None) -> Any:
    """The value in one answer, unchecked."""
    request = CompletionRequest("m", (ASKED,), schema)
    return asyncio.run(complete_typed(ScriptedModel([text]), request, lambda value: value, 0)).value


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 3}',
        '  \n{"n": 3}\n',
        '```json\n{"n": 3}\n```',
        'Here you are:\n```\n{"n": 3}\n```\nAnything else?',
        'The answer is {"n": 3}, I think.',
        'Of the items [1] and {x} I found {"n": 3}.',
        '<think>Maybe {"n": 9}?</think>\n{"n": 3}',
        'First {"m": 1}, then {"n": 3}',
    ],
)
def test_json_is_found_in_what_models_write(text: str) -> None:
    assert ask(ScriptedModel([text]), repairs=0).value == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "three",
        '{"n": 3',
        '{"n": NaN}',
        '{"n": "3"}',
        "{" * 100_000,
        "[" * 100_000,
        '{"n": ' + "1" * 5000 + "}",
        '{"a":' * 20_000,
    ],
)
def test_rubbish_is_no_answer_and_no_crash(text: str) -> None:
    with pytest.raises(PromptFailed, match=r"scripted gave no valid answer in 1 attempt: "):
        ask(ScriptedModel([text]), repairs=0)


def test_an_answer_that_does_not_fit_is_sent_back_with_the_reason() -> None:
    model = ScriptedModel(['{"n": "three"}', '{"n": 3}'])
    typed = ask(model)
    assert (typed.value, typed.attempts) == (3, 2)
    first, second = model.requests
    assert first.messages == (ASKED,)
    assert second.messages[:2] == (ASKED, Message("assistant", '{"n": "three"}'))
    complaint = second.messages[2]
    assert complaint.role == "user"
    assert complaint.content.startswith(f"{REPAIR_OPENING}n: Input should be a valid integer\n")
    assert json.dumps(OBJECT) in complaint.content
    assert second.output_schema == OBJECT


def test_repairs_are_bounded_and_the_last_reason_is_told() -> None:
    model = ScriptedModel(["one", "two", '{"n": null}', '{"n": 3}'])
    with pytest.raises(PromptFailed) as caught:
        ask(model, repairs=2)
    assert str(caught.value) == "scripted gave no valid answer in 3 attempts: n: Input should be a valid integer"
    assert len(model.requests) == 3


def test_usage_is_that_of_all_attempts() -> None:
    model = ScriptedModel(
        [
            Completion("no", Usage(10, 2, estimated=False), "first"),
            Completion('{"n": 3}', Usage(30, 4, estimated=True), "second"),
        ]
    )
    typed = ask(model)
    assert typed.usage == Usage(40, 6, estimated=True)
    assert typed.model == "second"


def test_a_long_wrong_answer_is_not_sent_back_whole() -> None:
    model = ScriptedModel(["x" * 1_000_000, '{"n": 3}'])
    assert ask(model).value == 3
    assert len(model.requests[1].messages[1].content) < 50_000


def test_a_value_that_is_no_object_travels_in_one() -> None:
    schema = {"$defs": {"A": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/A"}}
    model = ScriptedModel([{"value": [1, 2]}])
    request = CompletionRequest("m", (ASKED,), schema)
    assert asyncio.run(complete_typed(model, request, lambda value: value, 0)).value == [1, 2]
    assert model.requests[0].output_schema == {
        "type": "object",
        "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/A"}}},
        "required": ["value"],
        "additionalProperties": False,
        "$defs": {"A": {"type": "integer"}},
    }


@pytest.mark.parametrize(("text", "value"), [("[1, 2]", [1, 2]), ('{"value": 7}', 7), ("7", 7), ("null", None)])
def test_the_wrapping_may_be_forgotten(text: str, value: Any) -> None:
    assert read(text, {"type": "array"}) == value


def test_an_object_with_the_key_value_is_not_unwrapped() -> None:
    schema = {"type": "object", "properties": {"value": {"type": "integer"}}}
    assert read('{"value": 7}', schema) == {"value": 7}


@pytest.mark.parametrize("schema", [None, {"type": "string"}])
def test_text_is_taken_as_it_is(schema: dict[str, Any] | None) -> None:
    assert read(' {"n": 3} says the text.\n', schema) == '{"n": 3} says the text.'
    assert read("<think>hm</think>Yes.", schema) == "Yes."


def test_a_string_with_limits_is_asked_for_as_json() -> None:
    assert read('{"value": "abc"}', {"type": "string", "maxLength": 3}) == "abc"


def test_an_empty_text_is_no_answer() -> None:
    model = ScriptedModel(["  ", "Yes."])
    request = CompletionRequest("m", (ASKED,))
    typed = asyncio.run(complete_typed(model, request, str, 1))
    assert (typed.value, typed.attempts) == ("Yes.", 2)
    assert "the answer is empty" in model.requests[1].messages[2].content


def test_a_refusal_is_final() -> None:
    model = ScriptedModel([Completion("I cannot do that.", Usage(1, 1, False), "m", "refusal"), '{"n": 3}'])
    with pytest.raises(ModelError) as caught:
        ask(model)
    assert str(caught.value) == "m refused to answer: I cannot do that."
    assert len(model.requests) == 1


@pytest.mark.parametrize(("limit", "told"), [(5, "max_tokens=5"), (None, "the model's own limit")])
def test_an_answer_that_was_cut_off_is_final(limit: int | None, told: str) -> None:
    model = ScriptedModel([Completion('{"n": ', Usage(1, 5, False), "m", "length"), '{"n": 3}'])
    request = CompletionRequest("m", (ASKED,), OBJECT, max_tokens=limit)
    with pytest.raises(ModelError) as caught:
        asyncio.run(complete_typed(model, request, number, 3))
    assert str(caught.value) == f"the answer of m was cut off at {told}"


def test_an_error_of_the_service_passes() -> None:
    model = ScriptedModel([ModelError("connection refused")])
    with pytest.raises(ModelError, match=r"^connection refused$"):
        ask(model, repairs=3)
