"""Service `events`: an event arrives for the runs that wait for it.

Called by a push subscription of the app's topic. The message's attribute `event` is the event's name, its data is

    {"payload"?, "key"?, "run"?}

as JSON; `skyloom.deployers.services.arrival` says who gets it. When nothing waits, the answer is 503: Pub/Sub sends the
message again, at growing intervals, and in the end to the dead-letter topic, so that an event that comes a little too
early is not lost.

Environment: SKYLOOM_BUCKET.
"""

from __future__ import annotations

import functools
from typing import Any

from skyloom.deployers.gcp.services.requests import Answer, json_answer, message_of
from skyloom.deployers.gcp.services.surroundings import delivery, records
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.arrival import Arrival, NobodyWaits
from skyloom.deployers.services.log import log


def handler(request: Any) -> Answer:
    """The entry point."""
    message = message_of(request)
    name = message.attributes.get("event", "")
    try:
        detail = strict_json.loads(message.data or b"{}")
        return json_answer(_arrival().arrive(name, detail if isinstance(detail, dict) else {}))
    except NobodyWaits:
        log("nobody waits", message=message.id, event=name)
        return json_answer({"message": "nobody waits"}, 503)


@functools.cache
def _arrival() -> Arrival:
    return Arrival(records(), delivery())
