"""OpenAI-compatible servers: what is sent to them, and what their errors become."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import warnings
from typing import Any

import pytest
from servers.model_server import Response
from servers.openai_server import OpenAIServer, answer, failure, refusing_formats

from skyloom.adapters.llm import openai_compatible
from skyloom.adapters.llm.base import Completion, CompletionRequest, Message, ModelError, Usage
from skyloom.adapters.llm.openai_compatible import OpenAICompatibleModel
from skyloom.errors import ConfigError, TaskTimedOut

MESSAGES = (Message("system", "Be brief."), Message("user", "How many?"))
CLOSED: dict[str, Any] = {
    "type": "object",
    "title": "Number of items",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
FREE: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "integer"}}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(openai_compatible, "_FIRST_DELAY", 0.01)


def complete(model: OpenAICompatibleModel, schema: dict[str, Any] | None = None, **options: Any) -> Completion:
    return asyncio.run(model.complete(CompletionRequest("llama3.2", MESSAGES, schema, **options)))


def test_what_is_sent() -> None:
    with OpenAIServer() as server:
        complete(OpenAICompatibleModel(server.url), temperature=0.25, max_tokens=64)
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body == {
        "model": "llama3.2",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How many?"}],
        "temperature": 0.25,
        "max_tokens": 64,
    }


def test_settings_left_out_are_not_sent() -> None:
    with OpenAIServer() as server:
        complete(OpenAICompatibleModel(server.url))
    assert server.requests[0].body.keys() == {"model", "messages"}


def test_the_key_of_the_named_variable_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "secret-1")
    with OpenAIServer() as server:
        complete(OpenAICompatibleModel(server.url, api_key_env="MY_KEY"))
    assert server.requests[0].headers["authorization"] == "Bearer secret-1"


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert complete(OpenAICompatibleModel()).text == "Answer to: How many?"


def test_a_public_server_without_a_key_is_a_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAICompatibleModel("https://api.example.com/v1", "OTHER_KEY", "other")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SKY604"
    assert diagnostic.message == "provider `other` at https://api.example.com/v1 needs a key, and $OTHER_KEY is not set"


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_compatible, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        OpenAICompatibleModel("http://127.0.0.1:1/v1")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("SKY603", 'pip install "skyloom[openai]"')


def test_usage_and_model_are_the_servers() -> None:
    with OpenAIServer(answer("Three.")) as server:
        completion = complete(OpenAICompatibleModel(server.url))
    assert completion == Completion("Three.", Usage(11, 7, estimated=False), "llama3.2", "stop")


def test_missing_usage_is_estimated() -> None:
    with OpenAIServer(answer("Three.", usage=False)) as server:
        completion = complete(OpenAICompatibleModel(server.url))
    assert completion.usage == Usage(5, 2, estimated=True)


# --- forms ------------------------------------------------------------------------------------------------------


def test_a_closed_schema_is_asked_for_strictly() -> None:
    with OpenAIServer() as server:
        complete(OpenAICompatibleModel(server.url), CLOSED)
    assert server.requests[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "Number_of_items", "schema": CLOSED, "strict": True},
    }


def test_a_schema_beyond_the_strict_subset_is_sent_as_it_is() -> None:
    with OpenAIServer() as server:
        complete(OpenAICompatibleModel(server.url), FREE)
    sent = server.requests[0].body["response_format"]["json_schema"]
    assert (sent["schema"], sent["strict"]) == (FREE, False)


def test_a_server_without_schemas_gets_them_in_words_and_is_remembered() -> None:
    with OpenAIServer(then=refusing_formats("json_schema")) as server:
        model = OpenAICompatibleModel(server.url)
        assert complete(model, CLOSED).text == '{"n": 3}'
        assert complete(model, CLOSED).text == '{"n": 3}'
    assert [request.body["response_format"]["type"] for request in server.requests] == [
        "json_schema",
        "json_object",
        "json_object",
    ]
    assert server.requests[1].texts[0].startswith("Be brief.\n\nAnswer with nothing but JSON")
    assert '"additionalProperties": false' in server.requests[1].texts[0]


def test_a_server_without_any_format_is_asked_plainly() -> None:
    with OpenAIServer(then=refusing_formats("json_schema", "json_object")) as server:
        assert complete(OpenAICompatibleModel(server.url), CLOSED).text == '{"n": 3}'
    assert "response_format" not in server.requests[2].body
    assert "Answer with nothing but JSON" in server.requests[2].texts[0]


def test_a_request_that_no_form_mends_tells_the_first_reason() -> None:
    with (
        OpenAIServer(failure(400, "first"), then=failure(400, "later")) as server,
        pytest.raises(ModelError, match=r"request refused \(400\): first$"),
    ):
        complete(OpenAICompatibleModel(server.url), CLOSED)
    assert len(server.requests) == 3


def test_a_text_that_is_too_long_is_not_asked_for_in_other_forms() -> None:
    with (
        OpenAIServer(then=failure(400, "too long", code="context_length_exceeded")) as server,
        pytest.raises(ModelError, match="too long"),
    ):
        complete(OpenAICompatibleModel(server.url), CLOSED)
    assert len(server.requests) == 1


# --- endings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "finish", "text"),
    [
        (answer('{"n": ', finish="length"), "length", '{"n": '),
        (answer(None, refusal="I will not."), "refusal", "I will not."),
        (answer("", finish="content_filter"), "refusal", ""),
        (answer(None), "stop", ""),
        (answer("x", finish="something new"), "stop", "x"),
    ],
)
def test_how_an_answer_ends(behaviour: Any, finish: str, text: str) -> None:
    with OpenAIServer(behaviour) as server:
        completion = complete(OpenAICompatibleModel(server.url))
    assert (completion.finish, completion.text) == (finish, text)


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, r"the key is not accepted \(401\): why$"),
        (403, r"the key is not accepted \(403\): why$"),
        (404, r"no such model or address \(404\): why$"),
        (400, r"request refused \(400\): why$"),
        (418, r"request refused \(418\): why$"),
    ],
)
def test_errors_that_waiting_does_not_mend(status: int, told: str) -> None:
    with OpenAIServer(then=failure(status, "why")) as server, pytest.raises(ModelError, match=told) as caught:
        complete(OpenAICompatibleModel(server.url, provider="ollama"))
    assert str(caught.value).startswith(f"ollama: llama3.2 at {server.url}: ")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "behaviour", [failure(500, "oops"), failure(503, "busy"), failure(429, "slow down", retry_after="0.01")]
)
def test_a_passing_failure_is_tried_again(behaviour: Any) -> None:
    with OpenAIServer(behaviour, behaviour) as server:
        assert complete(OpenAICompatibleModel(server.url)).text == "Answer to: How many?"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (failure(500, "oops"), "server error 500: oops"),
        (failure(429, "slow down"), "rate limit reached: slow down"),
        (failure(429, "slow down", retry_after="0.01"), r"\(the server asks to wait 0.01 s\): slow down"),
    ],
)
def test_a_lasting_failure_is_told(behaviour: Any, told: str) -> None:
    with OpenAIServer(then=behaviour) as server, pytest.raises(ModelError, match=told):
        complete(OpenAICompatibleModel(server.url))
    assert len(server.requests) == 3


def test_an_exhausted_quota_is_told_at_once() -> None:
    behaviour = failure(429, "no money", code="insufficient_quota")
    with OpenAIServer(then=behaviour) as server, pytest.raises(ModelError, match="no money"):
        complete(OpenAICompatibleModel(server.url))
    assert len(server.requests) == 1


def test_a_wait_beyond_the_timeout_is_not_begun() -> None:
    started = time.monotonic()
    behaviour = failure(429, "slow down", retry_after="60")
    with OpenAIServer(then=behaviour) as server, pytest.raises(ModelError, match="wait 60 s"):
        complete(OpenAICompatibleModel(server.url), timeout=5.0)
    assert time.monotonic() - started < 4


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=rf"^openai: llama3.2 at http://127.0.0.1:{port}/v1: connection failed: "):
        complete(OpenAICompatibleModel(f"http://127.0.0.1:{port}/v1"))


def test_a_slow_answer_ends_at_the_timeout() -> None:
    started = time.monotonic()
    with OpenAIServer(then=answer("late", after=3)) as server:
        with pytest.raises(TaskTimedOut, match=r"^openai: llama3.2 gave no answer within 0.3 s$"):
            complete(OpenAICompatibleModel(server.url), timeout=0.3)
        assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "body", [b"<html>not json", {}, {"choices": []}, {"choices": None}, [], "text", {"choices": [{"index": 0}]}]
)
def test_an_answer_that_is_no_completion(body: Any) -> None:
    with OpenAIServer(then=lambda request: Response(body)) as server, pytest.raises(ModelError):
        complete(OpenAICompatibleModel(server.url))


def test_the_key_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with OpenAIServer(then=failure(500, "oops")) as server, pytest.raises(ModelError) as caught:
        complete(OpenAICompatibleModel(server.url))
    assert "sk-very-secret" not in str(caught.value)


def test_clients_are_closed_with_their_event_loop() -> None:
    with OpenAIServer() as server, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        model = OpenAICompatibleModel(server.url)
        for _ in range(3):
            complete(model)
    assert len(server.requests) == 3


def test_the_module_loads_no_sdk() -> None:
    import subprocess

    code = "import sys, skyloom.adapters.llm.openai_compatible; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
