"""Messages that could not be dealt with come back later: at growing intervals, for a day.

Service Bus by itself hands over a message that failed at once again, and after some attempts keeps it among its dead
letters: all of it in seconds.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from skyloom.deployers.azure.services import bus
from skyloom.deployers.services.starting_once import short_name

if TYPE_CHECKING:
    import azure.functions as func

ROUND = "skyloom-round"
"""The property that counts how often a message has come back."""
PAUSES = (1, 2, 5, 10, 30, 60, 120, 300, 600, *[1800] * 4, *[3600] * 21)
"""Seconds until a message comes back: about a day in all."""


def round_of(message: func.ServiceBusMessage) -> int:
    """How often the message has come back."""
    return int((message.application_properties or {}).get(ROUND, 0))


def again(queue: str, body: bytes, count: int) -> bool:
    """Sends a message to its queue again, to come back later; False where that was done often enough.

    Args:
        body: the message, which is JSON.
        count: how often it has come back already.
    """
    if count >= len(PAUSES):
        return False
    name = short_name(f"{short_name(body.decode())}\n{count + 1}\n{time.time()}")
    bus.send(queue, json.loads(body), name=name, at=time.time() + PAUSES[count], about={ROUND: str(count + 1)})
    return True
