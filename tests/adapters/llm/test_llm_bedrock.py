"""Amazon Bedrock: what is sent to Converse, and what its answers and errors become."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
from servers.bedrock_server import BedrockServer, answer, completion, failure, refusing, typed
from servers.model_server import Response

from skyloom.adapters.llm import bedrock
from skyloom.adapters.llm.base import Completion, CompletionRequest, Message, ModelError, Usage
from skyloom.adapters.llm.bedrock import BedrockModel
from skyloom.adapters.llm.bedrock_requests import first_form
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
CLAUDE, NOVA, LLAMA = "global.anthropic.claude-sonnet-4-6", "amazon.nova-lite-v1:0", "us.meta.llama3-3-70b-v1:0"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr(bedrock, "_FIRST_DELAY", 0.01)


def model_at(server: BedrockServer, **options: Any) -> BedrockModel:
    return BedrockModel(region="eu-central-1", endpoint_url=server.url, **options)


def complete(
    model: BedrockModel, schema: dict[str, Any] | None = None, name: str = CLAUDE, **options: Any
) -> Completion:
    return asyncio.run(model.complete(CompletionRequest(name, options.pop("messages", MESSAGES), schema, **options)))


def test_what_is_sent() -> None:
    with BedrockServer() as server:
        complete(model_at(server), temperature=0.25, max_tokens=64)
    (request,) = server.requests
    assert request.model == CLAUDE
    assert request.body == {
        "messages": [{"role": "user", "content": [{"text": "How many?"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"temperature": 0.25, "maxTokens": 64},
    }
    assert "eu-central-1/bedrock" in request.headers["authorization"]


def test_settings_left_out_are_not_sent() -> None:
    with BedrockServer() as server:
        complete(model_at(server), messages=(Message("user", "Hi"),))
    assert server.requests[0].body.keys() == {"messages"}


def test_a_conversation_keeps_its_turns_and_blank_ones_are_filled() -> None:
    turns = (Message("user", "Hi"), Message("assistant", " "), Message("user", "Again"))
    with BedrockServer() as server:
        complete(model_at(server), messages=turns)
    assert server.requests[0].body["messages"] == [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "(nothing)"}]},
        {"role": "user", "content": [{"text": "Again"}]},
    ]


def test_an_inference_profiles_arn_is_a_model_too() -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0"
    with BedrockServer() as server:
        complete(model_at(server), CLOSED, arn)
    assert server.requests[0].model == arn
    assert server.requests[0].tool is not None


# --- where and who ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "us-west-2")
    with BedrockServer() as server:
        complete(BedrockModel(endpoint_url=server.url))
    assert "us-west-2/bedrock" in server.requests[0].headers["authorization"]


def test_without_a_region_it_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        BedrockModel("aws-models")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("SKY604", "provider `aws-models`: no AWS region is set")


def test_without_credentials_it_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with BedrockServer() as server, pytest.raises(ModelError, match="no AWS credentials were found"):
        complete(model_at(server))


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        BedrockModel()
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("SKY603", 'pip install "skyloom[aws]"')


def test_the_module_loads_no_sdk() -> None:
    code = "import sys, skyloom.adapters.llm.bedrock; print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# --- answers ----------------------------------------------------------------------------------------------------


def test_usage_and_model_are_told() -> None:
    with BedrockServer(answer("Three.")) as server:
        assert complete(model_at(server)) == Completion("Three.", Usage(11, 7, estimated=False), CLAUDE, "stop")


def test_missing_usage_is_estimated() -> None:
    body = {"output": {"message": {"role": "assistant", "content": [{"text": "Three."}]}}, "stopReason": "end_turn"}
    with BedrockServer(lambda request: Response(body)) as server:
        assert complete(model_at(server)).usage == Usage(5, 2, estimated=True)


def test_thoughts_are_no_part_of_the_answer() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Let me see."}}}
    with BedrockServer(lambda request: completion([thought, {"text": "Th"}, {"text": "ree."}])) as server:
        assert complete(model_at(server)).text == "Three."


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "refusal"),
        ("content_filtered", "refusal"),
        ("malformed_model_output", "stop"),
        ("something new", "stop"),
    ],
)
def test_how_an_answer_ends(stop: str, finish: str) -> None:
    with BedrockServer(answer("x", stop=stop)) as server:
        assert complete(model_at(server)).finish == finish


def test_an_answer_without_content_is_empty_text() -> None:
    with BedrockServer(lambda request: completion([])) as server:
        assert complete(model_at(server)).text == ""


@pytest.mark.parametrize("body", [{}, {"output": {}}, b"<html>", b"{"])
def test_an_answer_that_is_no_completion(body: Any) -> None:
    with BedrockServer(then=lambda request: Response(body)) as server, pytest.raises(ModelError):
        complete(model_at(server))


# --- forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (CLAUDE, "schema"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "tool"),
        ("eu.amazon.nova-2-lite-v1:0", "tool"),
        (LLAMA, "text"),
        ("mistral.mistral-large-2402-v1:0", "schema"),
        ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", "schema"),
    ],
)
def test_the_first_form_of_a_model(name: str, form: str) -> None:
    assert first_form(name) == form


def test_a_closed_schema_is_enforced_by_the_service() -> None:
    with BedrockServer(typed({"n": 3})) as server:
        assert json.loads(complete(model_at(server), CLOSED).text) == {"n": 3}
    (request,) = server.requests
    form = request.body["outputConfig"]["textFormat"]
    assert (form["type"], form["structure"]["jsonSchema"]["name"]) == ("json_schema", "answer")
    assert request.schema == CLOSED


def test_a_schema_beyond_the_strict_subset_is_a_tools() -> None:
    with BedrockServer() as server:
        complete(model_at(server), FREE)
    assert server.requests[0].tool == {
        "name": "answer",
        "description": "Gives the answer.",
        "inputSchema": {"json": FREE},
    }


def test_a_tools_input_is_the_answer() -> None:
    said = [{"text": "I use the tool."}, {"toolUse": {"toolUseId": "1", "name": "answer", "input": {"n": 3}}}]
    with BedrockServer(lambda request: completion(said, stop="tool_use")) as server:
        done = complete(model_at(server), CLOSED, NOVA)
    assert (done.text, done.finish) == ('{"n": 3}', "stop")


def test_a_model_that_refuses_a_form_is_asked_in_the_next_and_remembered() -> None:
    with BedrockServer(then=refusing("outputConfig", "toolConfig.toolChoice.tool", then=answer('{"n": 3}'))) as server:
        model = model_at(server)
        assert complete(model, CLOSED).text == '{"n": 3}'
        assert complete(model, CLOSED).text == '{"n": 3}'
    assert ["".join(sorted(r.body.keys() - {"messages", "system"})) for r in server.requests] == [
        "outputConfig",
        "toolConfig",
        "",
        "",
    ]
    assert server.requests[3].system.startswith("Be brief.\n\nAnswer with nothing but JSON")
    assert '"additionalProperties": false' in server.requests[3].system


def test_a_request_that_no_form_mends_tells_the_first_reason() -> None:
    first, later = failure(400, "ValidationException", "first"), failure(400, "ValidationException", "later")
    with (
        BedrockServer(first, then=later) as server,
        pytest.raises(ModelError, match=r"request refused \(400\): first$"),
    ):
        complete(model_at(server), CLOSED)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "message", ["Input is too long for requested model.", "The provided model identifier is invalid."]
)
def test_what_another_form_cannot_mend_is_told_at_once(message: str) -> None:
    with BedrockServer(then=failure(400, "ValidationException", message)) as server, pytest.raises(ModelError):
        complete(model_at(server), CLOSED)
    assert len(server.requests) == 1


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        (403, "AccessDeniedException", r"access denied \(403\): why$"),
        (403, "ExpiredTokenException", r"access denied \(403\): why$"),
        (404, "ResourceNotFoundException", r"no such model or address \(404\): why$"),
        (400, "ValidationException", r"request refused \(400\): why$"),
        (424, "ModelErrorException", r"request refused \(424\): why$"),
    ],
)
def test_errors_that_waiting_does_not_mend(status: int, error: str, told: str) -> None:
    with BedrockServer(then=failure(status, error, "why")) as server, pytest.raises(ModelError, match=told) as caught:
        complete(model_at(server, provider="claude"))
    assert str(caught.value).startswith(f"claude: {CLAUDE} in eu-central-1: ")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, "ThrottlingException"),
        (429, "ModelNotReadyException"),
        (408, "ModelTimeoutException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
    ],
)
def test_a_passing_failure_is_tried_again(status: int, error: str) -> None:
    behaviour = failure(status, error, "later")
    with BedrockServer(behaviour, behaviour) as server:
        assert complete(model_at(server)).text == "Answer to: How many?"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        (429, "ThrottlingException", "rate limit reached: slow down"),
        (500, "InternalServerException", "server error 500: slow down"),
    ],
)
def test_a_lasting_failure_is_told(status: int, error: str, told: str) -> None:
    with BedrockServer(then=failure(status, error, "slow down")) as server, pytest.raises(ModelError, match=told):
        complete(model_at(server))
    assert len(server.requests) == 3


def test_a_wait_beyond_the_timeout_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock, "_FIRST_DELAY", 60)
    started = time.monotonic()
    with (
        BedrockServer(then=failure(429, "ThrottlingException", "slow down")) as server,
        pytest.raises(ModelError, match="rate limit"),
    ):
        complete(model_at(server), timeout=5.0)
    assert time.monotonic() - started < 4


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = BedrockModel(region="eu-central-1", endpoint_url=f"http://127.0.0.1:{port}")
    with pytest.raises(ModelError, match=rf"no answer: Could not connect .*{port}"):
        complete(model)


def test_a_slow_answer_ends_at_the_timeout() -> None:
    with BedrockServer(answer("warm"), then=answer("late", after=3)) as server:
        model = model_at(server)
        complete(model)
        started = time.monotonic()
        with pytest.raises(TaskTimedOut, match=rf"^bedrock: {CLAUDE} gave no answer within 0.3 s$"):
            complete(model, timeout=0.3)
        assert time.monotonic() - started < 2.5


def test_the_keys_are_in_no_message() -> None:
    with BedrockServer(then=failure(500, "InternalServerException", "oops")) as server:
        with pytest.raises(ModelError) as caught:
            complete(model_at(server))
        assert "secret" not in str(caught.value)
