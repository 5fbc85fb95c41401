"""Secrets in Google's Secret Manager, by the name of a version: `projects/p/secrets/s/versions/latest`."""

from __future__ import annotations

import base64

from skyloom.adapters.google_apis import APIS, ApiFailed
from skyloom.adapters.secrets import unreadable


def read(version: str) -> str:
    """The text of the secret. Raises ConfigError (SKY605)."""
    try:
        answer = APIS.call("secretmanager", "GET", f"v1/{version}:access").json()
    except ApiFailed as problem:
        if problem.status == 404:
            raise unreadable(version, "it has no value yet, or is gone") from None
        raise unreadable(version, f"Secret Manager answers {problem.status}") from None
    except OSError as problem:
        # Outside of Google Cloud there is nobody to ask for a token.
        raise unreadable(version, f"no credentials: {problem}") from None
    return base64.b64decode(answer["payload"]["data"]).decode()
