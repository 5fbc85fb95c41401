"""Event Grid: events of flows and of the world outside, and new objects. All of them go to queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skyloom.deployers.azure.resources.arm import Address, Expression, Json, Resources, value
from skyloom.deployers.azure.resources.identities import (
    EVENT_GRID,
    MAIN_APP,
    grant,
    has_identity,
    identity,
)
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.names import plain_name
from skyloom.deployers.azure.resources.queues import own_queues, start_queue
from skyloom.deployers.azure.resources.words import (
    BLOB_CONTRIBUTOR,
    BUS_SENDER,
    DEAD_LETTERS,
    EVENT_SENDER,
    bucket_container,
)
from skyloom.deployers.azure.services.surroundings import EVENTS_QUEUE, NOTICES_QUEUE
from skyloom.deployers.declared import merged
from skyloom.flows.triggers import ObjectCreated

_ATTEMPTS, _MINUTES = 30, 1440
"""Event Grid tries a day at most, and 30 times. https://learn.microsoft.com/azure/event-grid/delivery-and-retry"""
MOST_TYPES = 25
"""Values that one filter takes. https://learn.microsoft.com/azure/event-grid/event-filtering#limitations"""
_CLOUD_EVENTS = "CloudEventSchemaV1_0"


def events(layout: Layout) -> Resources:
    """The topic and what new objects tell, each with its subscriptions."""
    if not (layout.has_topic or layout.objects):
        return {}
    targets = [name for name in own_queues(layout) if name != NOTICES_QUEUE]
    if not targets:
        return _topic(layout)
    return merged(
        identity(layout, EVENT_GRID),
        *(_delivers(layout, name) for name in targets),
        _sets_aside(layout),
        _topic(layout) if layout.has_topic else {},
        _new_objects(layout) if layout.objects else {},
        *_waiting(layout),
        *(
            _subscription(layout, layout.topic, start_queue(trigger), {"includedEventTypes": [value(trigger.event)]})
            for trigger in layout.on_events
        ),
    )


def source(layout: Layout) -> str:
    """The source of the events that flows of the app emit."""
    return f"/skyloom/{layout.app.name}/{layout.parts.environment}"


def _topic(layout: Layout) -> Resources:
    properties = {
        "inputSchema": _CLOUD_EVENTS,
        "disableLocalAuth": True,
        "minimumTlsVersionAllowed": "1.2",
        "publicNetworkAccess": "Enabled",
    }
    delivers = has_identity(layout, EVENT_GRID) if layout.listens or layout.on_events else None
    return merged(
        layout.made(layout.topic, "events", properties, identity=delivers),
        grant(
            layout,
            MAIN_APP,
            EVENT_SENDER,
            layout.topic,
            "tells of what flows emit, and sends what operators send",
        ),
    )


def _waiting(layout: Layout) -> Iterator[Resources]:
    """What comes from outside goes to the runs that wait for it. What a flow emits is for the world outside."""
    if not layout.listens:
        return
    names = sorted({wait.event for wait in layout.waits if wait.kind == "event" and wait.event is not None})
    known = all(wait.event is not None for wait in layout.waits if wait.kind == "event")
    outside = {"operatorType": "StringNotIn", "key": "source", "values": [source(layout)]}
    filters: Json = {"advancedFilters": [outside], "enableAdvancedFilteringOnArrays": False}
    if known and len(names) <= MOST_TYPES:
        filters["includedEventTypes"] = [value(name) for name in names]
    yield _subscription(layout, layout.topic, EVENTS_QUEUE, filters)


def _new_objects(layout: Layout) -> Resources:
    properties = {"source": value(layout.storage.id), "topicType": "Microsoft.Storage.StorageAccounts"}
    by = has_identity(layout, EVENT_GRID)
    return merged(
        layout.made(layout.system_topic, "objects", properties, identity=by),
        *(_objects(layout, trigger) for trigger in layout.objects),
    )


def _objects(layout: Layout, trigger: ObjectCreated) -> Resources:
    """https://learn.microsoft.com/azure/storage/blobs/storage-blob-event-overview#filtering-events"""
    container = bucket_container(trigger.bucket.name)
    filters: Json = {
        "includedEventTypes": ["Microsoft.Storage.BlobCreated"],
        "subjectBeginsWith": f"/blobServices/default/containers/{container}/blobs/{trigger.prefix}",
        "isSubjectCaseSensitive": True,
    }
    if trigger.suffix:
        filters["subjectEndsWith"] = value(trigger.suffix)
    return _subscription(layout, layout.system_topic, start_queue(trigger), filters)


def _subscription(layout: Layout, topic: Address, queue: str, filters: Json) -> Resources:
    """What fits goes to a queue; what cannot be delivered is set aside as a blob."""
    by = {"type": "UserAssigned", "userAssignedIdentity": value(layout.acts(EVENT_GRID).id)}
    to = {"endpointType": "ServiceBusQueue", "properties": {"resourceId": value(layout.queue(queue).id)}}
    lost = {
        "endpointType": "StorageBlob",
        "properties": {"resourceId": value(layout.storage.id), "blobContainerName": DEAD_LETTERS},
    }
    properties = {
        "deliveryWithResourceIdentity": {"identity": by, "destination": to},
        "deadLetterWithResourceIdentity": {"identity": by, "deadLetterDestination": lost},
        "eventDeliverySchema": _CLOUD_EVENTS,
        "filter": filters,
        "retryPolicy": {"maxDeliveryAttempts": _ATTEMPTS, "eventTimeToLiveInMinutes": _MINUTES},
    }
    return layout.made(
        topic.below("eventSubscriptions", plain_name(queue, 64)), queue, properties, after=_granted(layout, queue)
    )


def _granted(layout: Layout, queue: str) -> Sequence[Expression]:
    """What is delivered by an identity is delivered once the identity may."""
    rights = merged(_delivers(layout, queue), _sets_aside(layout))
    return [Expression(id_) for id_ in rights]


def _delivers(layout: Layout, queue: str) -> Resources:
    return grant(layout, EVENT_GRID, BUS_SENDER, layout.queue(queue), f"delivers to {queue}")


def _sets_aside(layout: Layout) -> Resources:
    letters = layout.container(DEAD_LETTERS)
    return grant(layout, EVENT_GRID, BLOB_CONTRIBUTOR, letters, "sets events aside that cannot be delivered")
