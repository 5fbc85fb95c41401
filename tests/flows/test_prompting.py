"""Prompts: filling the template, finding the model, and checking the answer against its type."""
# mypy: disable-error-code="empty-body"

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator
from servers.openai_server import OpenAIServer, answer, failure

from skyloom.adapters.llm.base import Completion, Message, Usage
from skyloom.adapters.llm.scripted import ScriptedModel
from skyloom.errors import CheckFailed, ConfigError, PromptFailed, TaskTimedOut
from skyloom.flows import Retry, prompt
from skyloom.flows.definitions import Prompt
from skyloom.flows.frontend import compile_prompt
from skyloom.flows.prompting import ModelSource, PromptAnswer, ask


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Ticket(BaseModel):
    subject: str
    tags: list[str] = []


class Triage(BaseModel):
    urgency: Literal["low", "high"]
    topic_name: str = Field(alias="topicName")


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


@prompt("Sort this.\n\n{ticket.subject}\n{ticket.tags} for {who}", system="Be kind to {who}.", model="smart")
def triage(ticket: Ticket, who: str = "Ada") -> Triage: ...


@prompt("Say something about {thing}.", temperature=0.5, max_tokens=50, timeout=7)
def say(thing: str) -> str: ...


@prompt("Which colour has {thing}?")
def colour(thing: str) -> Colour: ...


@prompt("When was {thing}?")
def moment(thing: str) -> datetime: ...


@prompt("An even number, please.", repairs=2)
def even() -> Even: ...


@prompt("Encode {thing}.")
def encoded(thing: str) -> bytes: ...


@prompt("Is {thing} big?", model="nobody")
def unconfigured(thing: str) -> bool: ...


@prompt("Hello {nobody}.")
def broken(thing: str) -> str: ...


def ask_scripted(
    asked: Prompt[..., Any], arguments: dict[str, Any], *answers: Any
) -> tuple[PromptAnswer, ScriptedModel]:
    model = ScriptedModel(answers)
    source = ModelSource(models={asked.model: model})
    return asyncio.run(ask(compile_prompt(asked), asked, arguments, source)), model


def test_the_template_is_filled() -> None:
    right = {"urgency": "high", "topicName": "billing"}
    answered, model = ask_scripted(triage, {"ticket": {"subject": "Help", "tags": ["a", "b"]}}, right)
    (request,) = model.requests
    assert request.messages == (
        Message("system", "Be kind to Ada."),
        Message("user", 'Sort this.\n\nHelp\n["a", "b"] for Ada'),
    )
    assert request.output_schema is not None
    assert request.output_schema["required"] == ["urgency", "topicName"]
    assert answered.value == right


def test_the_prompts_settings_are_passed_on() -> None:
    answered, model = ask_scripted(say, {"thing": "rain"}, "It rains.")
    (request,) = model.requests
    assert (request.output_schema, request.temperature, request.max_tokens, request.timeout) == (None, 0.5, 50, 7)
    assert request.messages == (Message("user", "Say something about rain."),)
    assert answered.value == "It rains."


def test_what_an_answer_tells() -> None:
    first = Completion("purple", Usage(10, 2, estimated=False), "model-1")
    second = Completion('{"value": "red"}', Usage(20, 3, estimated=False), "model-1")
    answered, _ = ask_scripted(colour, {"thing": "blood"}, first, second)
    assert answered == PromptAnswer(
        value="red",
        usage={"input_tokens": 30, "output_tokens": 5},
        estimated=False,
        model="model-1",
        attempts=2,
    )


def test_the_value_is_canonical_json() -> None:
    answered, _ = ask_scripted(moment, {"thing": "it"}, {"value": "2024-05-01T12:00:00+02:00"})
    assert answered.value == "2024-05-01T10:00:00.000000Z"


def test_a_models_own_validators_ask_for_repairs() -> None:
    answered, model = ask_scripted(even, {}, {"number": 3}, {"number": "4"}, {"number": 4})
    assert (answered.value, answered.attempts) == ({"number": 4}, 3)
    assert "number: must be even" in model.requests[1].messages[-1].content


def test_no_valid_answer_names_the_prompt_and_the_reason() -> None:
    wrong = {"urgency": "middling", "topicName": "x"}
    with pytest.raises(PromptFailed) as caught:
        ask_scripted(triage, {"ticket": {"subject": "Help", "tags": []}}, wrong, wrong)
    assert type(caught.value) is PromptFailed
    assert str(caught.value) == (
        "triage: scripted gave no valid answer in 2 attempts: urgency: Input should be 'low' or 'high'"
    )


def test_an_alias_without_a_model(tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text('[models.local]\nfast = "offline"\n')
    models = ModelSource.for_file(str(tmp_path / "flow.py"))
    with pytest.raises(ConfigError) as caught:
        asyncio.run(ask(compile_prompt(unconfigured), unconfigured, {"thing": "it"}, models))
    assert caught.value.diagnostics[0].code == "SKY634"


def test_every_missing_model_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text('[models.local]\nfast = "offline"\n')
    with pytest.raises(ConfigError) as caught:
        ModelSource.for_file(tmp_path / "flow.py").require(["fast", "nobody", "nothing"])
    assert [d.message.split("`")[1] for d in caught.value.diagnostics] == ["nobody", "nothing"]


def test_adapters_are_made_once(tmp_path: Path) -> None:
    source = ModelSource.for_file(tmp_path / "flow.py", "dev")
    assert source.environment == "dev"
    assert source.model("fast")[0] is source.model("smart")[0]


@pytest.mark.parametrize("asked", [triage, say, colour, moment, encoded])
def test_the_offline_model_answers_every_type(asked: Prompt[..., Any], tmp_path: Path) -> None:
    arguments = (
        {"ticket": {"subject": "Charged twice", "tags": []}} if asked is triage else {"thing": "the parcel of Monday"}
    )
    source = ModelSource.for_file(tmp_path / "flow.py")
    answered = asyncio.run(ask(compile_prompt(asked), asked, arguments, source))
    assert (answered.model, answered.estimated, answered.attempts) == ("offline stand-in", True, 1)


# --- plain calls and a real server ------------------------------------------------------------------------------


def test_a_plain_call_gives_the_typed_value() -> None:
    answered = triage(Ticket(subject="My card was charged twice, I am urgent."))
    assert isinstance(answered, Triage)
    assert isinstance(colour("the sky"), Colour)


def test_a_plain_call_of_a_prompt_that_does_not_compile() -> None:
    with pytest.raises(CheckFailed) as caught:
        broken("x")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["SKY513"]


def test_a_definition_is_compiled_once() -> None:
    assert compile_prompt(say) is compile_prompt(say)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("SKYLOOM_MODEL_FAST", "openai:tiny")
    monkeypatch.setenv("SKYLOOM_MODEL_SMART", "openai:big")
    with OpenAIServer() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


def test_a_plain_call_asks_the_configured_server(server: OpenAIServer) -> None:
    assert say("rain") == "Answer to: Say something about rain."
    assert triage(Ticket(subject="Help")).urgency == "low"
    assert [request.body["model"] for request in server.requests] == ["tiny", "big"]


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (answer("rubbish"), "say_number: tiny gave no valid answer in 2 attempts: the answer is not JSON"),
        (answer(None, refusal="No."), "say_number: tiny refused to answer: No."),
        (answer("{", finish="length"), "say_number: the answer of tiny was cut off at the model's own limit"),
        (failure(401, "bad key"), "the key is not accepted (401): bad key"),
        (failure(404, "no model tiny"), "no such model or address (404): no model tiny"),
    ],
)
def test_a_failing_server_is_a_failed_prompt(server: OpenAIServer, behaviour: Any, told: str) -> None:
    @prompt("A number.")
    def say_number() -> int: ...

    server.then = behaviour
    with pytest.raises(PromptFailed) as caught:
        asyncio.run(ask(_numbered(say_number), say_number, {}, ModelSource()))
    assert type(caught.value) is PromptFailed
    assert str(caught.value).startswith("say_number: ")
    assert str(caught.value).endswith(told)


def _numbered(asked: Prompt[..., Any]) -> Any:
    """The definition of `even` with another name and type: prompts in functions cannot be compiled."""
    from dataclasses import replace

    return replace(compile_prompt(even), name=asked.name, output_schema={"type": "integer"}, repairs=1)


def test_wrong_types_are_sent_back(server: OpenAIServer) -> None:
    server.script = [answer(json.dumps({"number": "two"}))]
    server.then = answer(json.dumps({"number": 2}))
    assert even() == Even(number=2)
    assert "number: Input should be a valid integer" in server.requests[1].texts[-1]


def test_a_prompts_timeout_bounds_the_request(server: OpenAIServer) -> None:
    from dataclasses import replace

    server.then = answer("late", after=2)
    with pytest.raises(TaskTimedOut):
        asyncio.run(ask(replace(compile_prompt(say), timeout=0.2), say, {"thing": "x"}, ModelSource()))


def test_a_failed_prompt_is_retried(server: OpenAIServer) -> None:
    server.script = [failure(400, "not now"), answer("At last.")]
    assert patient() == "At last."


@prompt("Wait for it.", retry=Retry(attempts=2, delay=0, on=PromptFailed))
def patient() -> str: ...
