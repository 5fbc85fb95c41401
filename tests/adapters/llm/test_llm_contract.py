"""What every language model must do, whoever is behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from servers.azure_server import AzureServer
from servers.bedrock_server import BedrockServer
from servers.google_credentials import key_file
from servers.model_server import instance
from servers.openai_server import OpenAIServer
from servers.vertex_server import VertexServer

from skyloom.adapters.llm.azure_foundry import FoundryModel
from skyloom.adapters.llm.base import Completion, CompletionRequest, LanguageModel, Message
from skyloom.adapters.llm.bedrock import BedrockModel
from skyloom.adapters.llm.offline import OfflineModel
from skyloom.adapters.llm.openai_compatible import OpenAICompatibleModel
from skyloom.adapters.llm.scripted import ScriptedModel
from skyloom.adapters.llm.typed import complete_typed
from skyloom.adapters.llm.vertex import VertexModel

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "urgency": {"enum": ["low", "high"]},
        "count": {"type": "integer", "minimum": 1},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
    },
    "required": ["urgency", "count", "lines"],
    "$defs": {"Line": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
}
MESSAGES = (Message("system", "You sort tickets."), Message("user", "Sort this.\n\nMy card was charged twice."))


def _scripted_answer(request: CompletionRequest) -> Any:
    return "Some text." if request.output_schema is None else instance(request.output_schema, request.output_schema)


@pytest.fixture(params=["offline", "scripted", "openai", "bedrock", "vertex", "foundry"])
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LanguageModel]:
    match request.param:
        case "offline":
            yield OfflineModel()
        case "scripted":
            yield ScriptedModel(_scripted_answer)
        case "bedrock":
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                monkeypatch.setenv(name, "test")
            with BedrockServer() as server:
                yield BedrockModel(region="eu-central-1", endpoint_url=server.url)
        case "vertex":
            with VertexServer() as server:
                key = key_file(tmp_path, server.token_url)
                monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
                yield VertexModel(project="p", location="europe-west4", endpoint_url=server.url)
        case "foundry":
            with AzureServer() as around, OpenAIServer() as server:
                for name, value in around.variables.items():
                    monkeypatch.setenv(name, value)
                yield FoundryModel(endpoint=server.url.removesuffix("/v1"))
        case _:
            with OpenAIServer() as server:
                yield OpenAICompatibleModel(base_url=server.url)


def complete(model: LanguageModel, **options: Any) -> Completion:
    return asyncio.run(model.complete(CompletionRequest("m", MESSAGES, **options)))


def test_text_is_answered_with_text(model: LanguageModel) -> None:
    completion = complete(model)
    assert completion.text.strip()
    assert completion.finish == "stop"


def test_a_schema_is_answered_with_json_that_fits(model: LanguageModel) -> None:
    completion = complete(model, output_schema=SCHEMA)
    jsonschema.validate(json.loads(completion.text), SCHEMA)
    assert completion.finish == "stop"


def test_the_answer_names_its_model_and_counts_tokens(model: LanguageModel) -> None:
    completion = complete(model)
    assert completion.model
    assert completion.usage.input_tokens > 0
    assert completion.usage.output_tokens > 0


def test_one_instance_serves_several_event_loops(model: LanguageModel) -> None:
    assert complete(model).text == complete(model).text


def test_many_requests_at_once(model: LanguageModel) -> None:
    async def all_at_once() -> list[Completion]:
        request = CompletionRequest("m", MESSAGES, SCHEMA)
        return await asyncio.gather(*(model.complete(request) for _ in range(20)))

    completions = asyncio.run(all_at_once())
    assert len(completions) == 20
    for completion in completions:
        jsonschema.validate(json.loads(completion.text), SCHEMA)


def test_a_request_is_not_changed(model: LanguageModel) -> None:
    before = json.dumps(SCHEMA)
    complete(model, output_schema=SCHEMA, temperature=0.5, max_tokens=400)
    assert json.dumps(SCHEMA) == before


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "boolean"}, bool),
        ({"type": "integer"}, int),
        ({"type": "array", "items": {"type": "string"}}, list),
        ({"enum": ["a", "b"]}, str),
    ],
)
def test_typed_answers_need_not_be_objects(model: LanguageModel, schema: dict[str, Any], kind: type) -> None:
    def validate(value: Any) -> Any:
        try:
            jsonschema.validate(value, schema)
        except jsonschema.ValidationError as error:
            raise ValueError(error.message) from None
        return value

    request = CompletionRequest("m", MESSAGES, schema)
    typed = asyncio.run(complete_typed(model, request, validate, repairs=0))
    assert type(typed.value) is kind
    assert typed.attempts == 1
