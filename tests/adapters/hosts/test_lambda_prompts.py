"""Prompts in functions: what the model is asked, how its answer is checked, and what goes wrong."""

from __future__ import annotations

import pytest
from servers.bedrock_server import BedrockServer, answer, failure, typed
from servers.lambda_function import Answer, Packed, Start
from servers.openai_server import OpenAIServer

from skyloom.errors import CheckFailed

SOURCE = """
from pydantic import BaseModel

from skyloom.flows import Retry, flow, minutes, prompt, seconds


class Ticket(BaseModel):
    body: str
    lines: list[str] = []


class Triage(BaseModel):
    urgency: str
    score: float


@prompt("Classify.\\n\\n{ticket.body}\\n{ticket.lines}", model="fast", system="Be brief, {who}.", timeout=minutes(1))
def triage(ticket: Ticket, who: str = "clerk") -> Triage: ...


@prompt("Say {json} {list}", model="smart", max_tokens=9, temperature=0.5)
def say(json: str, list: int) -> str: ...


@prompt("Quick!", timeout=seconds(1))
def hurry() -> str: ...


@flow
def main(ticket: Ticket) -> str:
    triage(ticket)
    hurry()
    return say("a", 1)
"""


def ask(start: Start, packed: Packed, server: BedrockServer, name: str, **arguments: object) -> Answer:
    variables = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    return start(packed(SOURCE)[name], **variables).invoke({"prompt": name, "arguments": arguments})


def test_a_typed_answer(start: Start, packed: Packed) -> None:
    with BedrockServer(typed({"urgency": "high", "score": 1})) as server:
        done = ask(start, packed, server, "triage", ticket={"body": "Help!", "lines": ["a"]})
    assert done.result == {"urgency": "high", "score": 1.0}
    (request,) = server.requests
    assert request.model == "global.amazon.nova-2-lite-v1:0"
    assert (request.system, request.texts) == ("Be brief, clerk.", ['Classify.\n\nHelp!\n["a"]'])
    record = done.record
    assert (record["prompt"], record["answers"], record["input_tokens"], record["output_tokens"]) == (
        "triage",
        1,
        11,
        7,
    )
    assert "Help!" not in done.log


def test_an_answer_that_does_not_fit_is_sent_back(start: Start, packed: Packed) -> None:
    with BedrockServer(typed({"urgency": "high"}), typed({"urgency": "high", "score": 0.5})) as server:
        done = ask(start, packed, server, "triage", ticket={"body": "Help!", "lines": []})
    assert done.result == {"urgency": "high", "score": 0.5}
    assert done.record["answers"] == 2
    assert "score: Field required" in server.requests[1].texts[-1]


def test_text_needs_no_module_of_the_users(start: Start, packed: Packed) -> None:
    package = packed(SOURCE)["say"]
    assert "work.py" not in package.files
    assert not any(path.startswith("pydantic/") for path in package.files)
    with BedrockServer(answer("Hi.")) as server:
        done = ask(start, packed, server, "say", json="x", list=3)
    assert done.result == "Hi."
    assert server.requests[0].texts == ["Say x 3"]
    assert server.requests[0].body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0.5}


def test_a_service_that_fails(start: Start, packed: Packed) -> None:
    with BedrockServer(then=failure(403, "AccessDeniedException", "no")) as server:
        done = ask(start, packed, server, "say", json="x", list=3)
    model = "global.anthropic.claude-sonnet-4-6"
    assert done.error == {
        "type": "PromptFailed",
        "bases": ["FlowError", "SkyloomError", "Exception"],
        "message": f"say: bedrock: {model} in us-east-1: access denied (403): no",
    }


def test_a_model_that_is_too_slow(start: Start, packed: Packed) -> None:
    with BedrockServer(then=answer("late", after=4)) as server:
        done = ask(start, packed, server, "hurry")
    assert done.kind == "TaskTimedOut"


OPENAI = """
[models.aws]
fast = "openai:gpt-5"
smart = "lab:llama"

[providers.lab]
kind = "openai"
base_url = "http://127.0.0.1:1/v1"
"""


def test_the_key_of_a_provider_is_a_secret_of_the_app(packed: Packed) -> None:
    with pytest.raises(CheckFailed) as caught:
        packed(SOURCE, config=OPENAI)
    hurry, triage = caught.value.diagnostics
    assert {hurry.code, triage.code} == {"SKY529"}
    assert 'Secret("openai-api-key")' in (triage.hint or "")


def test_a_provider_in_a_private_network_needs_no_key(start: Start, packed: Packed) -> None:
    with OpenAIServer() as server:
        config = OPENAI.replace("openai:gpt-5", "lab:llama").replace("http://127.0.0.1:1/v1", server.url)
        function = start(packed(SOURCE, config=config)["say"])
        assert function.invoke({"prompt": "say", "arguments": {"json": "x", "list": 3}}).result == "Answer to: Say x 3"
