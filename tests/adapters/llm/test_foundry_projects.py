"""Projects of Microsoft Foundry: what is deployed there, and what `skyloom doctor` makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.azure_account.answers import Token
from engines.azure_account.login import Login
from engines.azure_account.names import CLIENT, SECRET, TENANT, USER
from engines.gcp_account import certificates
from engines.gcp_account.front import ApiError, Front, Request, route
from servers.openai_server import OpenAIServer

from skyloom.adapters.llm.azure_foundry import FoundryModel
from skyloom.adapters.llm.azure_foundry_project import deployments, is_project
from skyloom.adapters.llm.base import CompletionRequest, Message, ModelError
from skyloom.cli.findings import configuration

DEPLOYED = [
    {"name": "gpt-5-mini", "type": "ModelDeployment", "modelName": "gpt-5-mini", "modelPublisher": "OpenAI"},
    {"name": "ours", "type": "ModelDeployment", "modelName": "gpt-5.2", "modelPublisher": "OpenAI"},
]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The endpoint of a project in which something is deployed."""

    def listed(request: Request) -> Any:
        if request.query.get("api-version") != "v1":
            raise ApiError(400, "no such version")
        Token.of(request, "https://ai.azure.com")
        return {"value": DEPLOYED}

    front = Front()
    address = front.listen("apis", tls=True)
    Login(front)
    front.add(route("GET", "/api/projects/p/deployments", listed))
    (tmp_path / "certificate.pem").write_bytes(certificates.authority())
    variables = {
        "AZURE_AUTHORITY_HOST": address,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": SECRET,
        "AZURE_TENANT_ID": TENANT,
        "REQUESTS_CA_BUNDLE": str(tmp_path / "certificate.pem"),
        "SSL_CERT_FILE": str(tmp_path / "certificate.pem"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield f"{address}/api/projects/p"
    front.close()


def test_only_projects_tell_what_they_have() -> None:
    assert is_project("https://x.services.ai.azure.com/api/projects/p")
    assert not is_project("https://x.services.ai.azure.com")


@pytest.mark.parametrize("tail", ["", "/", "/openai/v1"])
def test_what_is_deployed(project: str, tail: str) -> None:
    assert deployments(project + tail) == {"gpt-5-mini": "gpt-5-mini", "ours": "gpt-5.2"}


def test_a_project_that_is_not_there(project: str) -> None:
    with pytest.raises(ModelError, match=r"/api/projects/q does not tell its deployments: .*no GET /api/projects/q"):
        deployments(f"{project[:-1]}q")


def test_nobody_is_signed_in(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(ModelError, match="Invalid client secret provided"):
        deployments(project)


def test_doctor_tells_whether_a_model_is_deployed(
    project: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "skyloom.toml").write_text(
        f'[models.local]\nfast = "foundry:ours"\nsmart = "foundry:other"\nfar = "far:ours"\n'
        f'[providers.foundry]\nendpoint = "{project}"\n'
        f'[providers.far]\nkind = "foundry"\nendpoint = "https://x.services.ai.azure.com"\n'
    )
    monkeypatch.chdir(tmp_path)
    found = {one.check: one for one in configuration()}
    assert (found["model fast"].state, found["model fast"].found) == ("ok", "foundry:ours, deployed as gpt-5.2")
    smart = found["model smart"]
    assert (smart.state, smart.found) == ("fail", "foundry:other: the project has no such deployment")
    assert smart.hint == "it has: gpt-5-mini, ours"
    assert (found["model far"].state, found["model far"].found) == ("ok", "far:ours, not asked")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    found = {one.check: one for one in configuration()}
    assert (found["model fast"].state, found["model fast"].hint) == ("fail", "sign in: az login")


def test_on_ones_own_machine_whoever_is_signed_in_asks(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    with OpenAIServer() as server:
        model = FoundryModel(endpoint=server.url.removesuffix("/v1"))
        asyncio.run(model.complete(CompletionRequest("ours", (Message("user", "How many?"),))))
        asyncio.run(model.complete(CompletionRequest("ours", (Message("user", "Sure?"),))))
        assert {request.headers["authorization"] for request in server.requests} == {
            f"Bearer {Token(USER, 'https://ai.azure.com').text}"
        }
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
        with pytest.raises(ModelError, match=r"no token for .*Invalid client secret provided"):
            asyncio.run(
                FoundryModel(endpoint=server.url).complete(CompletionRequest("ours", (Message("user", "Again?"),)))
            )
