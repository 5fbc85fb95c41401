"""Service `webhook`: posts notifications to a web address, as a chat or a ticket system takes them.

Called by push subscriptions of the topics of approvals and of alarms. Posts `{"text", "app", "environment"}`, for an
approval also `run`, `step`, `to` and `url`, the link. The address is kept in a secret, for who knows it can post
there. An answer other than 2xx, or none within ten seconds, is answered with 502: Pub/Sub tries again and then keeps
the message in the dead-letter topic.

Environment: SKYLOOM_WEBHOOK (the secret's version), SKYLOOM_APP, SKYLOOM_ENV.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from skyloom.adapters.google_apis import APIS
from skyloom.deployers.gcp.services.requests import Answer, Message, json_answer, message_of
from skyloom.deployers.gcp.services.surroundings import variable
from skyloom.deployers.services.log import log
from skyloom.deployers.services.posting import NotTaken, asked, post

Json = Any


def handler(request: Any) -> Answer:
    """The entry point."""
    message = message_of(request)
    try:
        post(_address(), document(message))
    except NotTaken as problem:
        log("notification not taken", message=message.id, reason=str(problem))
        return json_answer({"message": "not taken"}, 502)
    return json_answer({})


def _address() -> str:
    # Read each time: a notification is rare, and the address may be changed.
    version = APIS.call("secretmanager", "GET", f"v1/{variable('WEBHOOK')}:access").json()
    return base64.b64decode(version["payload"]["data"]).decode().strip()


def document(message: Message) -> dict[str, Json]:
    """What is posted."""
    origin = {"app": variable("APP"), "environment": variable("ENV")}
    try:
        told = json.loads(message.data)
    except ValueError:
        told = {}
    if isinstance(told, dict) and "link" in told:
        return asked(told) | origin
    if isinstance(told, dict) and "incident" in told:
        # https://cloud.google.com/monitoring/support/notification-options#pubsub
        incident = told["incident"]
        return {
            "text": f"{incident.get('policy_name')} is {incident.get('state')}: {incident.get('summary')}",
            **origin,
        }
    return {"text": message.data.decode(errors="replace"), **origin}
