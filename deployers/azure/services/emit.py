"""The activity `skyloom_emit`: publishes an event to the app's topic.

    {"event", "payload", "key"?, "run", "step"} -> {"value": null} or {"error": {"type", "bases", "message"}}

as JSON text. The event is a CloudEvent whose type is the event's name and whose data is `{"payload", "key"?}`. The same
step of a run gives the same id, so that whoever gets it twice can tell.
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from skyloom.adapters.azure_apis import APIS, Apis
from skyloom.deployers.azure.services.surroundings import own_source, variable
from skyloom.deployers.errors import task_failed

Json = Any

LONGEST = 190_000
"""Bytes of an event: it reaches functions through queues of Service Bus, whose messages have 256 KB in the Basic tier,
properties and the event's own words included.
https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas"""


class TooLarge(ValueError):
    """The event is larger than a message."""


def activity(call: str) -> str:
    """The activity."""
    return json.dumps(emit(json.loads(call)), ensure_ascii=False)


def emit(asked: Mapping[str, Json]) -> dict[str, Json]:
    """Publishes what a run emits, and says what came of it."""
    id_ = hashlib.sha256(f"{asked['run']}\n{asked['step']}".encode()).hexdigest()[:32]
    try:
        key = {} if asked.get("key") is None else {"key": asked["key"]}
        publish(asked["event"], {"payload": asked["payload"], **key}, id_, own_source())
    except TooLarge as problem:
        return {"error": task_failed(str(problem)).to_json()}
    return {"value": None}


def publish(event: str, data: Mapping[str, Json], id_: str, source: str, apis: Apis = APIS) -> None:
    """Publishes an event. Raises TooLarge."""
    message = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": event,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    if len(body) > LONGEST:
        raise TooLarge(f"event {event} is larger than {LONGEST} bytes")
    address = variable("TOPIC").rstrip("/").removesuffix("/api/events")
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    apis.request("eventgrid", "POST", f"{address}/api/events?api-version=2018-01-01", body, headers)
