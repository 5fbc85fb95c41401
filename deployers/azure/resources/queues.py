"""Queues: everything that starts runs by itself comes through one, is tried again, and kept when nobody takes it.

Event Grid could call functions directly, but only those that are there already: the first deploy would fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skyloom.deployers.azure.resources.arm import Json, Resources
from skyloom.deployers.azure.resources.identities import MAIN_APP, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import BUS_RECEIVER, BUS_SENDER
from skyloom.deployers.azure.services.surroundings import EVENTS_QUEUE, NOTICES_QUEUE
from skyloom.deployers.declared import merged
from skyloom.deployers.services_package import object_start_key, start_key
from skyloom.flows.triggers import ObjectCreated, OnEvent

ATTEMPTS = 10
"""How often what comes is tried before it is set aside, where the app says nothing."""
MOST_ATTEMPTS = 2000
"""https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas"""
_LOCKED = "PT5M"
"""The longest time that a message can be kept from others while it is handled."""
_KEPT = "P14D"
"""The longest time that a message lives at the Basic tier."""


def queues(layout: Layout) -> Resources:
    """The namespace and its queues; nothing where nothing comes by a queue."""
    if not layout.has_bus:
        return {}
    properties = {
        "disableLocalAuth": True,
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Enabled",
    }
    sku = {"name": "Basic", "tier": "Basic"}
    return merged(
        layout.made(layout.bus, "queues", properties, sku=sku, keep=True),
        *(_queue(layout, name, attempts) for name, attempts in _wanted(layout)),
        *_received(layout),
    )


def start_queue(trigger: OnEvent | ObjectCreated) -> str:
    """The queue of what starts the runs of a trigger."""
    return object_start_key(trigger) if isinstance(trigger, ObjectCreated) else start_key(trigger)


def own_queues(layout: Layout) -> Sequence[str]:
    """The names of the queues that are the app's, and none of its resources."""
    triggers: list[OnEvent | ObjectCreated] = [*layout.on_events, *layout.objects]
    found = [start_queue(trigger) for trigger in triggers]
    found += [EVENTS_QUEUE] if layout.listens else []
    found += [NOTICES_QUEUE] if layout.tells else []
    return sorted(found)


def _wanted(layout: Layout) -> Iterator[tuple[str, int]]:
    yield from ((queue.name, queue.attempts) for queue in layout.own_queues)
    yield from ((name, ATTEMPTS) for name in own_queues(layout))


def _queue(layout: Layout, name: str, attempts: int) -> Resources:
    properties: Json = {
        "maxDeliveryCount": attempts,
        "lockDuration": _LOCKED,
        "defaultMessageTimeToLive": _KEPT,
        "deadLetteringOnMessageExpiration": True,
    }
    return layout.made(layout.queue(name), name, properties)


def _received(layout: Layout) -> Iterator[Resources]:
    """The main app takes from the queues that start runs, wake them or tell people, and fills two of them itself."""
    read = {trigger.queue.name for trigger in layout.messages}
    for name in sorted({*own_queues(layout), *read}):
        yield grant(layout, MAIN_APP, BUS_RECEIVER, layout.queue(name), f"takes what comes by {name}")
    if layout.listens:
        waiting = "an event that nobody waits for yet is tried again later"
        yield grant(layout, MAIN_APP, BUS_SENDER, layout.queue(EVENTS_QUEUE), waiting)
    if layout.tells:
        yield grant(layout, MAIN_APP, BUS_SENDER, layout.queue(NOTICES_QUEUE), "tells people of questions")
