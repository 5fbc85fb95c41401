"""Azure's APIs as an app calls them: tokens of its identity, blobs and their conditions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.azure_server import AzureServer

from skyloom.adapters import azure_apis, web_apis
from skyloom.adapters.azure_apis import APIS, ApiFailed, Blobs, token_for


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(azure_apis, "_tokens", {})
    with AzureServer() as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_token_is_kept_for_each_resource(server: AzureServer) -> None:
    assert token_for("storage") == token_for("https://storage.azure.com") == "token for https://storage.azure.com"
    assert token_for("vault") == "token for https://vault.azure.net"
    assert server.tokens == ["https://storage.azure.com", "https://vault.azure.net"]


def test_a_token_that_ends_soon_is_renewed(server: AzureServer) -> None:
    server.seconds = 30
    token_for("storage")
    token_for("storage")
    assert server.tokens == ["https://storage.azure.com"] * 2


def test_an_identity_that_is_not_the_apps(server: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "somebody-else")
    with pytest.raises(OSError, match=r"gets no token for https://vault\.azure\.net: 400 no such identity"):
        token_for("vault")


def test_no_identity_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_apis, "_tokens", {})
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    with pytest.raises(OSError, match="there is no managed identity here"):
        token_for("storage")


def test_blobs_are_written_read_and_taken_away(server: AzureServer) -> None:
    blobs = Blobs("waits")
    assert blobs.get("a b/ü.json") is None
    assert blobs.put("a b/ü.json", b"1")
    found = blobs.get("a b/ü.json")
    assert found is not None
    assert (found.body, server.blobs) == (b"1", {("waits", "a b/ü.json"): b"1"})
    blobs.delete("a b/ü.json")
    blobs.delete("a b/ü.json")
    assert blobs.get("a b/ü.json") is None


def test_a_condition_that_does_not_hold_changes_nothing(server: AzureServer) -> None:
    blobs = Blobs("waits")
    assert blobs.put("w", b"open", {"If-None-Match": "*"})
    assert not blobs.put("w", b"again", {"If-None-Match": "*"})
    found = blobs.get("w")
    assert found is not None
    assert blobs.put("w", b"closed", {"If-Match": found.headers["etag"]})
    assert not blobs.put("w", b"reopened", {"If-Match": found.headers["etag"]})
    assert server.blobs == {("waits", "w"): b"closed"}


def test_what_failed_in_passing_is_tried_again_and_what_did_not_is_told(server: AzureServer) -> None:
    server.statuses = [503, 429, 500]
    assert Blobs("waits").put("w", b"x")
    server.statuses = [403]
    with pytest.raises(ApiFailed, match="storage GET: 403") as failed:
        APIS.call("storage", "GET", "waits/w", headers={"x-ms-version": "2023-11-03"})
    assert failed.value.status == 403
