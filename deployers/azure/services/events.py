"""An event arrives for the runs that wait for it: a message of the queue `skyloom-events`.

The message is a CloudEvent of the app's topic: its type is the event's name, its data `{"payload"?, "key"?, "run"?}`;
`skyloom.deployers.services.arrival` says who gets it. What the app itself has emitted answers none of its waits.

When nothing waits, the event is sent to the queue again, to come back later, at growing intervals for a day; then it
fails, and the queue keeps it among its dead letters. So an event that comes a little too early is not lost.

Environment: SKYLOOM_STORAGE, SKYLOOM_APP, SKYLOOM_ENV, and the bus.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from skyloom.deployers.azure.services import bus
from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.deployers.azure.services.surroundings import EVENTS_QUEUE, own_source, records
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.arrival import Arrival, NobodyWaits
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.log import log
from skyloom.deployers.services.starting_once import short_name

if TYPE_CHECKING:
    import azure.functions as func

Json = Any

ROUND = "skyloom-round"
"""The property that counts how often an event has come back."""
PAUSES = (1, 2, 5, 10, 30, 60, 120, 300, 600, *[1800] * 4, *[3600] * 21)
"""Seconds until an event that nobody waits for comes back: about a day in all."""


async def arrive(message: func.ServiceBusMessage, client: Any) -> None:
    """Hands an event to the runs that wait for it."""
    body, id_ = message.get_body(), message.message_id
    count = int((message.application_properties or {}).get(ROUND, 0))
    await in_thread(client, lambda runs: _arrive(body, id_, count, runs))


def _arrive(body: bytes, id_: str, count: int, runs: Instances) -> None:
    event = strict_json.loads(body)
    if event.get("source") == own_source():
        return
    detail = event.get("data")
    try:
        Arrival(records(), Delivery(records(), runs)).arrive(event["type"], detail if isinstance(detail, dict) else {})
    except NobodyWaits:
        log("nobody waits", message=id_, event=event["type"], round=count)
        if count >= len(PAUSES):
            raise
        later, name = time.time() + PAUSES[count], short_name(f"{event['source']}\n{event['id']}\n{count + 1}")
        bus.send(EVENTS_QUEUE, event, name=name, at=later, about={ROUND: str(count + 1)})
