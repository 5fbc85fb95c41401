"""An event arrives for the runs that wait for it: a message of the queue `skyloom-events`.

The message is a CloudEvent of the app's topic: its type is the event's name, its data `{"payload"?, "key"?, "run"?}`;
`skyloom.deployers.services.arrival` says who gets it. What the app itself has emitted answers none of its waits.

When nothing waits, the event comes back later (`later`), for a day; then it fails, and the queue keeps it among its
dead letters. So an event that comes a little too early is not lost.

Environment: SKYLOOM_STORAGE, SKYLOOM_APP, SKYLOOM_ENV, and the bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.deployers.azure.services.later import again, round_of
from skyloom.deployers.azure.services.surroundings import EVENTS_QUEUE, own_source, records
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.arrival import Arrival, NobodyWaits
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.log import log

if TYPE_CHECKING:
    import azure.functions as func

Json = Any


async def arrive(message: func.ServiceBusMessage, client: Any) -> None:
    """Hands an event to the runs that wait for it."""
    body, id_, count = message.get_body(), message.message_id, round_of(message)
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
        if not again(EVENTS_QUEUE, body, count):
            raise
