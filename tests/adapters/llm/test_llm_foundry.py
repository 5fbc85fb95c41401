"""Microsoft Foundry: what is sent, who asks, and what goes wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from servers.azure_server import AzureServer
from servers.openai_server import OpenAIServer, failure

from skyloom.adapters import azure_apis
from skyloom.adapters.llm.azure_foundry import FoundryModel
from skyloom.adapters.llm.base import Completion, CompletionRequest, Message, ModelError
from skyloom.errors import ConfigError


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    monkeypatch.setattr(azure_apis, "_tokens", {})
    with AzureServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def endpoint(server: OpenAIServer) -> str:
    return server.url.removesuffix("/v1")


def complete(model: FoundryModel) -> Completion:
    request = CompletionRequest("my-deployment", (Message("user", "How many?"),), max_tokens=64)
    return asyncio.run(model.complete(request))


def test_what_is_sent(around: AzureServer, server: OpenAIServer) -> None:
    complete(FoundryModel(endpoint=endpoint(server)))
    (request,) = server.requests
    assert request.path == "/openai/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer token for https://ai.azure.com"
    assert request.body["model"] == "my-deployment"
    # Reasoning models take no other limit.
    assert request.body["max_completion_tokens"] == 64
    assert "max_tokens" not in request.body


@pytest.mark.parametrize("tail", ["", "/", "/openai/v1", "/openai/v1/"])
def test_an_endpoint_is_taken_as_people_copy_it(around: AzureServer, server: OpenAIServer, tail: str) -> None:
    assert complete(FoundryModel(endpoint=endpoint(server) + tail)).text


def test_the_endpoint_of_the_app(around: AzureServer, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_MODELS", endpoint(server))
    assert complete(FoundryModel(resource="/subscriptions/s/accounts/x")).text


def test_one_token_serves_many_requests(around: AzureServer, server: OpenAIServer) -> None:
    model = FoundryModel(endpoint=endpoint(server))
    for _ in range(3):
        complete(model)
    assert around.tokens == ["https://ai.azure.com"]


@pytest.mark.parametrize("url", [None, "not an address"])
def test_no_endpoint(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    monkeypatch.delenv("SKYLOOM_MODELS", raising=False)
    with pytest.raises(ConfigError, match="SKY604 provider `ours`: no endpoint of Microsoft Foundry is known"):
        FoundryModel(provider="ours", endpoint=url)


def test_an_identity_that_gets_no_token(
    around: AzureServer, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(ModelError, match=r"foundry: no token for .*: 400 no such identity"):
        complete(FoundryModel(endpoint=endpoint(server)))
    assert server.requests == []


def test_a_deployment_that_is_not_there(around: AzureServer, server: OpenAIServer) -> None:
    server.script = [failure(404, "The API deployment for this resource does not exist.", code="DeploymentNotFound")]
    with pytest.raises(ModelError, match=r"my-deployment at .*: no such model or address \(404\): The API deployment"):
        complete(FoundryModel(endpoint=endpoint(server)))


def test_an_identity_without_the_role(around: AzureServer, server: OpenAIServer) -> None:
    server.script = [failure(401, "The principal lacks the required data action")]
    with pytest.raises(ModelError, match=r"is not accepted \(401\): the role `Cognitive Services OpenAI User` .*lacks"):
        complete(FoundryModel(endpoint=endpoint(server)))


def test_in_an_app_nothing_of_azures_own_libraries_is_loaded(around: AzureServer) -> None:
    code = (
        "import os, sys\n"
        "from skyloom.adapters.llm.azure_foundry import FoundryModel, _tokens\n"
        "FoundryModel(endpoint='https://x.services.ai.azure.com')\n"
        "_tokens('foundry')()\n"
        "print([name for name in sys.modules if name.startswith(('azure', 'msal'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
