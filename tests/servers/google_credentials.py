"""Credentials as a program outside of Google Cloud has them: the key file of a service account, whose tokens come from
a server of the test."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def key_file(folder: Path, token_url: str, project: str = "test-project") -> Path:
    """Writes a key file for `GOOGLE_APPLICATION_CREDENTIALS`; tokens are asked for at `token_url`."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "key.json"
    content = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "1",
        "private_key": _private_key(),
        "client_email": f"tests@{project}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_url,
    }
    place.write_text(json.dumps(content), encoding="utf-8")
    return place


@functools.cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
