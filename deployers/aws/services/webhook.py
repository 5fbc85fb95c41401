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
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.page import moment

Json = Any

_SECONDS = 10


class NotTaken(Exception):
    """The address did not take the notification."""


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
        text = f"{told['message']}\nUntil {moment(told['until'])}: {told['link']}"
        return {"text": text, **origin, "run": told["run"], "step": told["step"], "to": told["to"], "url": told["link"]}
    if "AlarmName" in told:
        text = f"{told['AlarmName']} is {told['NewStateValue']}: {told['NewStateReason']}"
        return {"text": text, **origin}
    return {"text": notification["Message"], **origin}


def post(address: str, document: dict[str, Json]) -> None:
    """Posts JSON. Raises NotTaken, which never names the address."""
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise NotTaken("the webhook's secret holds no https address")
    body, kind = json.dumps(document).encode(), {"Content-Type": "application/json", "User-Agent": "skyloom"}
    try:
        request = urllib.request.Request(address, data=body, headers=kind, method="POST")
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise NotTaken(f"the webhook answered {error.code}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise NotTaken(f"the webhook cannot be reached: {type(error).__name__}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection counts as a refusal: what is posted goes to the address in the secret, nowhere else."""

    def redirect_request(self, *arguments: Any) -> None:
        return None
