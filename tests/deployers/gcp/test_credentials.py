"""Credentials that cannot be used, and a Google that is not reached: a sentence for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from skyloom.deployers.gcp.client import Google, translated
from skyloom.errors import ConfigError, EngineError

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


def account(**changes: Any) -> str:
    fields = {"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "token_uri": f"{NOBODY}/token"}
    return json.dumps(fields | {"private_key_id": "1", "project_id": "p"} | changes)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "{not json",
            "no usable Google Cloud credentials were found: File .*credentials.json is not a valid json file",
        ),
        (account(private_key="x"), "no usable Google Cloud credentials were found: Failed to load service account"),
        ("{}", "no usable Google Cloud credentials were found: The file .*credentials.json does not have a valid type"),
        ("[]", "the file of the credentials is none of Google's"),
        ('"a text"', "the file of the credentials is none of Google's"),
    ],
)
def test_a_file_that_holds_no_credentials(
    content: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(ConfigError, match=f"SKY641 {says}") as raised:
        Google("europe-west1", "p")
    (diagnostic,) = raised.value.diagnostics
    assert "Error(" not in diagnostic.message


def test_what_is_not_reached_is_named_with_its_reason_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = tmp_path / "credentials.json"
    file.write_text(account(private_key=text))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING", NOBODY)
    google = Google("europe-west1", "p")
    for ask in (google.token, lambda: google.call("logging", "GET", "v2/entries"), lambda: google.fetch(NOBODY)):
        with pytest.raises(EngineError) as raised, translated():
            ask()
        told = str(raised.value)
        assert "Google Cloud does not answer: " in told
        assert "Connection refused" in told and "127.0.0.1" in told
        assert "Max retries" not in told and "Caused by" not in told
