"""Service `rotate`: renews the key that signs links to approvals.

Invoked by Secrets Manager, step by step, with `{"Step", "SecretId", "ClientRequestToken"}`. The key before the current
one still counts (`skyloom.deployers.aws.services.keys`), so that links in people's mail stay good.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.keys import CURRENT

Json = Any

PENDING = "AWSPENDING"
_BYTES = 48


def handler(event: dict[str, Json], context: object) -> None:
    """The entry point."""
    secret, version = event["SecretId"], event["ClientRequestToken"]
    if secret != os.environ["SKYLOOM_LINK_KEY"]:
        raise ValueError("this function renews one secret only")
    match event["Step"]:
        case "createSecret":
            create(client("secretsmanager"), secret, version)
        case "finishSecret":
            finish(client("secretsmanager"), secret, version)
        case "setSecret" | "testSecret":
            # Nothing but this app knows the key: there is no other place to set it, and nothing to test.
            return
        case step:
            raise ValueError(f"{step} is no step of a rotation")


def create(manager: Any, secret: str, version: str) -> None:
    """Makes the new key, once."""
    try:
        manager.get_secret_value(SecretId=secret, VersionId=version, VersionStage=PENDING)
    except manager.exceptions.ResourceNotFoundException:
        manager.put_secret_value(
            SecretId=secret,
            ClientRequestToken=version,
            SecretString=secrets.token_urlsafe(_BYTES),
            VersionStages=[PENDING],
        )


def finish(manager: Any, secret: str, version: str) -> None:
    """Makes the new key the current one; Secrets Manager calls the one before it AWSPREVIOUS by itself."""
    stages: dict[str, list[str]] = manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
    current = next((found for found, names in stages.items() if CURRENT in names), None)
    if current != version:
        moved = {} if current is None else {"RemoveFromVersionId": current}
        manager.update_secret_version_stage(SecretId=secret, VersionStage=CURRENT, MoveToVersionId=version, **moved)
