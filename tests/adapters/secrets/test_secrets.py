"""Secrets by reference: read where they are kept, kept for a while, and never told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from servers.azure_server import AzureServer
from servers.google_metadata import GoogleServer

from skyloom.adapters import azure_apis, secrets, web_apis
from skyloom.adapters.web_apis import Reply
from skyloom.errors import ConfigError
from skyloom.flows import Secret

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mail-key-AbCdEf"


class Vault:
    """Secrets Manager, with one call."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> Any:
        self.asked.append(SecretId)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault({"SecretString": "very-secret"})
    regions: list[str] = []

    def client(service: str, region_name: str) -> Vault:
        assert (service, region_name) == ("secretsmanager", "eu-central-1")
        regions.append(region_name)
        return made

    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setattr(secrets, "_known", {})
    return made


def test_a_task_reads_a_secret_where_it_is_kept(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret("mail-key")
    monkeypatch.setenv(secret.variable, ARN)
    assert secret.read() == "very-secret"
    assert vault.asked == [ARN]


def test_a_value_is_used_for_a_while_and_then_read_anew(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secrets.read_secret(ARN) == "very-secret"
    vault.answer = {"SecretString": "changed"}
    assert secrets.read_secret(ARN) == "very-secret"
    monkeypatch.setattr(secrets, "KEPT_SECONDS", 0.0)
    assert secrets.read_secret(ARN) == "changed"


@pytest.mark.parametrize(
    ("code", "told"),
    [("ResourceNotFoundException", "it has no value yet, or is gone"), ("AccessDeniedException", "AccessDenied")],
)
def test_a_secret_that_cannot_be_read(vault: Vault, code: str, told: str) -> None:
    vault.answer = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetSecretValue")
    with pytest.raises(ConfigError, match=f"SKY605 the secret {ARN} cannot be read: {told}"):
        secrets.read_secret(ARN)


# --- Google's Secret Manager ----------------------------------------------------------------------------------------

VERSION = "projects/p/secrets/everything-mail-key/versions/latest"


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleServer]:
    monkeypatch.setattr(secrets, "_known", {})
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    with GoogleServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_a_secret_of_google_cloud(google: GoogleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    google.secrets[VERSION] = "very-secret"
    google.statuses = [503]
    secret = Secret("mail-key")
    monkeypatch.setenv(secret.variable, VERSION)
    assert secret.read() == "very-secret"


def test_a_secret_of_google_cloud_that_cannot_be_read(google: GoogleServer) -> None:
    with pytest.raises(ConfigError, match=f"SKY605 the secret {VERSION} cannot be read: it has no value yet"):
        secrets.read_secret(VERSION)
    google.statuses = [403]
    with pytest.raises(ConfigError, match="Secret Manager answers 403"):
        secrets.read_secret(VERSION)


# --- Azure Key Vault ------------------------------------------------------------------------------------------------

ADDRESS = "https://everything.vault.azure.net/secrets/mail-key"


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    monkeypatch.setattr(secrets, "_known", {})
    monkeypatch.setattr(azure_apis, "_tokens", {})
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    with AzureServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_a_secret_of_azure(azure: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    azure.secrets["mail-key"] = "very-secret"
    azure.statuses = [503]
    secret = Secret("mail-key")
    monkeypatch.setenv(secret.variable, ADDRESS)
    assert secret.read() == "very-secret"
    assert azure.tokens == ["https://vault.azure.net"]


def test_a_secret_of_azure_that_cannot_be_read(azure: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=f"SKY605 the secret {ADDRESS} cannot be read: it has no value yet"):
        secrets.read_secret(ADDRESS)
    azure.statuses = [403]
    with pytest.raises(ConfigError, match="Key Vault answers 403"):
        secrets.read_secret(ADDRESS)
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.setattr(azure_apis, "_tokens", {})
    with pytest.raises(ConfigError, match="no credentials: there is no managed identity here"):
        secrets.read_secret(ADDRESS)


def test_a_reference_says_itself_where_its_vault_is(azure: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKYLOOM_VAULT")
    asked: list[str] = []

    def request(service: str, method: str, url: str) -> Reply:
        asked.append(url)
        return Reply(200, b'{"value": "there"}', {})

    monkeypatch.setattr(azure_apis.APIS, "request", request)
    assert secrets.read_secret(ADDRESS) == "there"
    assert asked == [f"{ADDRESS}?api-version=7.4"]


@pytest.mark.parametrize(
    "address", ["https://example.com/secrets/mail-key", "https://v.vault.azure.net.evil.org/secrets/k"]
)
def test_an_address_that_is_no_vaults_gets_no_token(azure: AzureServer, address: str) -> None:
    with pytest.raises(ConfigError, match="no address of a secret in a key vault"):
        secrets.read_secret(address)
    assert azure.tokens == []
