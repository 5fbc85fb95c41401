"""Vertex AI: what is sent to `generateContent`, and what its answers and errors become."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.cloud_run_function import free_port
from servers.google_credentials import key_file
from servers.vertex_server import TOKEN, VertexServer, answer, failure, plainly, refusing

from skyloom.adapters.llm import vertex
from skyloom.adapters.llm.base import Completion, CompletionRequest, Message, ModelError, Usage
from skyloom.adapters.llm.vertex import VertexModel
from skyloom.adapters.llm.vertex_requests import known_schema
from skyloom.errors import ConfigError, TaskTimedOut

MESSAGES = (Message("system", "Be brief."), Message("user", "How many?"))
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "exclusiveMinimum": 0, "default": 1}, "kind": {"const": "a"}},
    "required": ["n", "kind"],
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[VertexServer]:
    monkeypatch.setattr(vertex, "_FIRST_DELAY", 0.01)
    for name in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "no-gcloud"))
    with VertexServer() as running:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file(tmp_path, running.token_url)))
        yield running


def model_at(server: VertexServer, **options: Any) -> VertexModel:
    return VertexModel(project="my-project", endpoint_url=server.url, **options)


def complete(model: VertexModel, schema: dict[str, Any] | None = None, **options: Any) -> Completion:
    given = options.pop("messages", MESSAGES)
    return asyncio.run(model.complete(CompletionRequest("gemini-x", given, schema, **options)))


def test_what_is_sent(server: VertexServer) -> None:
    messages = (*MESSAGES, Message("assistant", "Seven."), Message("user", "Sure?"))
    complete(model_at(server, location="europe-west4"), messages=messages, temperature=0.25, max_tokens=64)
    (request,) = server.requests
    assert (request.project, request.location, request.model) == ("my-project", "europe-west4", "gemini-x")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.system == "Be brief."
    assert request.turns == [("user", "How many?"), ("model", "Seven."), ("user", "Sure?")]
    assert request.settings == {"temperature": 0.25, "maxOutputTokens": 64}


def test_models_are_asked_everywhere_at_once_unless_a_location_is_named(server: VertexServer) -> None:
    complete(model_at(server))
    assert server.requests[0].location == "global"


def test_the_project_is_that_of_the_credentials(server: VertexServer) -> None:
    complete(VertexModel(location="global", endpoint_url=server.url))
    assert server.requests[0].project == "test-project"


def test_a_schema_is_enforced_by_the_service(server: VertexServer) -> None:
    complete(model_at(server), SCHEMA)
    (request,) = server.requests
    assert request.settings["responseMimeType"] == "application/json"
    assert request.settings["responseJsonSchema"] == {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "kind": {"enum": ["a"]}},
        "required": ["n", "kind"],
    }
    assert request.system == "Be brief."


def test_a_schema_keeps_what_the_service_knows() -> None:
    schema = {"$defs": {"L": {"items": {"$ref": "#/$defs/L"}}}, "anyOf": [{"const": 1}, {"type": "null"}], "not": {}}
    assert known_schema(schema) == {
        "$defs": {"L": {"items": {"$ref": "#/$defs/L"}}},
        "anyOf": [{"enum": [1]}, {"type": "null"}],
    }


def test_a_model_that_refuses_a_form_is_asked_in_the_next_and_not_in_the_first_again(server: VertexServer) -> None:
    server.then = refusing("responseJsonSchema", "responseMimeType")
    model = model_at(server)
    complete(model, SCHEMA)
    complete(model, SCHEMA)
    forms = [sorted(request.settings) for request in server.requests]
    assert forms == [["responseJsonSchema", "responseMimeType"], ["responseMimeType"], [], []]
    assert '"exclusiveMinimum": 0' in server.requests[-1].system


def test_what_comes_back(server: VertexServer) -> None:
    server.then = answer("Seven.", thoughts="Let me count.")
    completion = complete(model_at(server))
    assert completion == Completion("Seven.", Usage(11, 12, estimated=False), "gemini-x-001", "stop")


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("MAX_TOKENS", "length"), ("SAFETY", "refusal"), ("RECITATION", "refusal"), ("BLOCKLIST", "refusal")],
)
def test_why_an_answer_ended(server: VertexServer, finish: str, expected: str) -> None:
    server.then = answer("Sev", finish=finish)
    assert complete(model_at(server)).finish == expected


def test_a_question_that_is_blocked_is_refused(server: VertexServer) -> None:
    server.then = plainly({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    completion = complete(model_at(server))
    assert (completion.text, completion.finish, completion.usage.estimated) == ("", "refusal", True)


def test_an_answer_without_a_candidate_is_an_error(server: VertexServer) -> None:
    server.then = plainly({})
    with pytest.raises(ModelError, match="the answer holds no candidate"):
        complete(model_at(server))


def test_failures_that_may_pass_are_tried_again(server: VertexServer) -> None:
    server.script = [
        failure(429, "RESOURCE_EXHAUSTED", "Resource exhausted."),
        failure(503, "UNAVAILABLE", "Try later."),
    ]
    assert complete(model_at(server)).finish == "stop"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "name", "expected", "requests"),
    [
        (429, "RESOURCE_EXHAUSTED", "vertex: gemini-x in global: rate limit reached: no luck", 3),
        (500, "INTERNAL", "vertex: gemini-x in global: server error 500: no luck", 3),
        (403, "PERMISSION_DENIED", r"vertex: gemini-x in global: access denied \(403\): no luck", 1),
        (404, "NOT_FOUND", r"vertex: gemini-x in global: no such model or address \(404\): no luck", 1),
        (400, "INVALID_ARGUMENT", r"vertex: gemini-x in global: request refused \(400\): no luck", 1),
    ],
)
def test_errors_say_what_to_do(server: VertexServer, status: int, name: str, expected: str, requests: int) -> None:
    server.then = failure(status, name, "no luck")
    with pytest.raises(ModelError, match=f"^{expected}$"):
        complete(model_at(server))
    assert len(server.requests) == requests


def test_what_no_form_mends_is_reported_at_once(server: VertexServer) -> None:
    server.then = failure(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum (8).")
    with pytest.raises(ModelError, match="request refused"):
        complete(model_at(server), SCHEMA)
    assert len(server.requests) == 1


def test_time_runs_out(server: VertexServer) -> None:
    server.then = answer("late", after=5)
    began = time.monotonic()
    with pytest.raises(TaskTimedOut, match=r"vertex: gemini-x gave no answer within 0\.3 s"):
        complete(model_at(server), timeout=0.3)
    assert time.monotonic() - began < 2


def test_nobody_listens(server: VertexServer) -> None:
    model = VertexModel(project="p", location="global", endpoint_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ModelError, match="vertex: gemini-x in global: no answer"):
        complete(model)


def test_no_credentials(server: VertexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(ModelError, match=r"no credentials of Google Cloud.*gcloud auth application-default login"):
        complete(model_at(server))
    with pytest.raises(ConfigError, match="no project of Google Cloud is known"):
        VertexModel(endpoint_url=server.url)


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"skyloom\[gcp\]"):
        VertexModel(project="p")


def test_the_sdk_is_loaded_when_a_model_is_made() -> None:
    code = "import sys, skyloom.adapters.llm.vertex; print('google.genai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
