"""Messages to the app's own queues of Service Bus.

https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from skyloom.adapters.azure_apis import APIS, Apis
from skyloom.deployers.azure.services.surroundings import bus

Json = Any


def send(
    queue: str,
    document: Json,
    *,
    name: str | None = None,
    at: float | None = None,
    about: Mapping[str, str] | None = None,
    apis: Apis = APIS,
) -> None:
    """Sends JSON to a queue.

    Args:
        name: the message's id.
        at: when it is to be delivered, in seconds since 1970; at once by default.
        about: properties of the message.
    """
    broker: dict[str, Json] = {} if name is None else {"MessageId": name}
    if at is not None:
        # The form of dates in RFC 2616, as the service writes them.
        broker["ScheduledEnqueueTimeUtc"] = datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"Content-Type": "application/json", "BrokerProperties": json.dumps(broker)}
    headers |= {key: json.dumps(value) for key, value in (about or {}).items()}
    body = json.dumps(document, ensure_ascii=False).encode()
    apis.request("servicebus", "POST", f"{bus()}/{queue}/messages", body, headers)
