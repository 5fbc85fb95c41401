"""Sends events to a deployed app: to the runs that wait for them, and to the flows that they start."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from skyloom.deployers.gcp.client import PLACE, Google
from skyloom.deployers.gcp.deployed import Deployed
from skyloom.errors import Diagnostic, InvalidInput, UserError
from skyloom.flows.outcome import Json

LONGEST = 7_000_000
"""Bytes of an event: a request to Pub/Sub has 10 MB, and its data is sent as base64.
https://cloud.google.com/pubsub/quotas"""


def send(google: Google, deployed: Deployed, app: str, event: str, detail: Mapping[str, Json]) -> str:
    """Publishes an event to the app's topic, and says where it went. It has no attribute `app`: what comes from the app
    itself answers none of its waits.

    Raises:
        UserError: SKY624, the app has no topic.
        InvalidInput: SKY611, the event is too large.
    """
    if deployed.topic is None:
        hint = "`wait_for`, `emit` and the trigger `OnEvent` are what events are for"
        raise UserError(Diagnostic("SKY624", f"no flow of {app} takes events", PLACE, hint=hint))
    known = {name: value for name, value in detail.items() if value is not None}
    data = json.dumps(known, ensure_ascii=False).encode()
    if len(data) > LONGEST:
        raise InvalidInput(Diagnostic("SKY611", f"event {event} is larger than {LONGEST} bytes", PLACE))
    message = {"data": base64.b64encode(data).decode(), "attributes": {"event": event}}
    google.call("pubsub", "POST", f"v1/{deployed.topic}:publish", {"messages": [message]})
    return f"topic {deployed.topic.rpartition('/')[2]}"
