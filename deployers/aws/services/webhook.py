"""Service `webhook`: posts notifications to a web address, as a chat or a ticket system takes them.

Invoked by the topics of approvals and of alarms. Posts `{"text", "app", "environment"}`, for an approval also `run`,
`step`, `to` and `url`, the link. The address is kept in a secret, for who knows it can post there. An answer other than
2xx, or none within ten seconds, fails the invocation: Lambda tries twice more and then keeps it in the dead-letter
queue.

Environment: SKYLOOM_WEBHOOK (the secret), SKYLOOM_APP, SKYLOOM_ENV.
"""

from __future__ import annotations

import json
import os
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.services.posting import asked, post

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    for record in event["Records"]:
        post(_address(), _document(record["Sns"]))
    return {}


def _address() -> str:
    # Read each time: a notification is rare, and the address may be changed.
    secret = client("secretsmanager").get_secret_value(SecretId=os.environ["SKYLOOM_WEBHOOK"])
    return str(secret["SecretString"]).strip()


def _document(notification: dict[str, Json]) -> dict[str, Json]:
    origin = {"app": os.environ["SKYLOOM_APP"], "environment": os.environ["SKYLOOM_ENV"]}
    try:
        told = json.loads(notification["Message"])
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    if "link" in told:
        return asked(told) | origin
    if "AlarmName" in told:
        text = f"{told['AlarmName']} is {told['NewStateValue']}: {told['NewStateReason']}"
        return {"text": text, **origin}
    return {"text": notification["Message"], **origin}
