"""Credentials that cannot be used, and an Azure that is not reached: a sentence for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clouds.azure_deploys import deploy, deployer
from clouds.azure_small_app import small_bundle
from engines.azure_account.account import AzureSubscription
from engines.azure_account.names import SUBSCRIPTION

from skyloom.deployers.azure.client import Azure, translated
from skyloom.errors import ConfigError, EngineError

NOBODY = "https://127.0.0.1:9"
"""Where nothing listens."""


def test_a_wrong_secret(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(ConfigError, match="SKY641 Azure does not accept the credentials: ") as raised:
        deployer().status()
    (diagnostic,) = raised.value.diagnostics
    assert "AADSTS7000215" in diagnostic.message and "\n" not in diagnostic.message
    assert "az login" in (diagnostic.hint or "")


def test_nobody_is_signed_in(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    # Neither Azure CLI nor anything else on this machine is signed in for the tests.
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")
    with pytest.raises(ConfigError, match="SKY641 Azure does not accept the credentials: ") as raised:
        deployer().status()
    assert "\n" not in raised.value.diagnostics[0].message


def test_endpoints_that_cannot_be_read(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (f"{NOBODY}/metadata/endpoints", f"{azure.address}/tests/inventory"):
        monkeypatch.setenv("ARM_CLOUD_METADATA_URL", address)
        with pytest.raises(ConfigError, match="the endpoints of the cloud cannot be read from") as raised:
            deployer().status()
        assert "ARM_CLOUD_METADATA_URL" in (raised.value.diagnostics[0].hint or "")


def test_what_is_not_allowed_is_said(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    azure.trouble("validate", "The client does not have authorization over scope /subscriptions", 403)
    with pytest.raises(ConfigError, match="SKY653 Azure does not allow this: The client does not have authorization"):
        deployer().plan(small_bundle(price="2"))


def test_what_is_not_reached_is_named_with_its_reason_alone(
    azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = Azure("westeurope", SUBSCRIPTION)
    with pytest.raises(EngineError) as raised, translated():
        reached.app("GET", f"{NOBODY}/admin/host/status", "a-key")
    told = str(raised.value)
    assert "Azure does not answer: " in told and "Connection refused" in told
    assert "Max retries" not in told and "Caused by" not in told and "a-key" not in told


def test_keys_are_shown_nowhere(azure: AzureSubscription) -> None:
    from skyloom.deployers.azure.sites import Keys

    assert "secret" not in repr(Keys("secret-1", "secret-2", "secret-3"))


def test_the_subscription_that_azure_cli_has_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)
    profile = tmp_path / "azureProfile.json"
    for content in (None, "no JSON", "[]", '{"subscriptions": [{"id": "first", "isDefault": false}]}'):
        if content is not None:
            profile.write_text(content)
        with pytest.raises(ConfigError, match="no Azure subscription is set"):
            Azure("westeurope")
    rows = [{"id": "first", "isDefault": False}, {"id": "second", "isDefault": True}]
    profile.write_text(json.dumps({"subscriptions": rows}), encoding="utf-8-sig")
    assert Azure("westeurope").subscription == "second"
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "third")
    assert Azure("westeurope").subscription == "third"
    assert Azure("westeurope", "third").place == "subscription third, westeurope"
