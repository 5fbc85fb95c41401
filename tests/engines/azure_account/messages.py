"""What templates say of queues and subscriptions, as the services around an app carry it out.

A subscription delivers only where its identity may send to the queue. Of its filter, types, sources that are left out,
and the beginning and end of subjects count.
"""

from __future__ import annotations

from engines.azure_account.resources import Resource, Resources
from engines.azure_app.messages import Queue, Subscription
from engines.azure_app.places import Places

_QUEUE = "microsoft.servicebus/namespaces/queues"
_SUBSCRIPTIONS = (
    "microsoft.eventgrid/topics/eventsubscriptions",
    "microsoft.eventgrid/systemtopics/eventsubscriptions",
)
_SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
"""Azure Service Bus Data Sender."""


class Messages:
    """Queues and subscriptions of all apps."""

    def __init__(self, resources: Resources, places: Places) -> None:
        self._resources, self._places = resources, places
        self._subscriptions: dict[str, Subscription] = {}
        resources.effects[_QUEUE] = self._queue
        for type_ in _SUBSCRIPTIONS:
            resources.effects[type_] = self._subscription

    def _queue(self, one: Resource, there: bool) -> None:
        queues = self._places.bus.queues
        if not there:
            queues.pop(one.name, None)
        elif one.name not in queues:
            queues[one.name] = Queue(int(one.properties.get("maxDeliveryCount", 10)))

    def _subscription(self, one: Resource, there: bool) -> None:
        known = self._subscriptions.pop(one.id.lower(), None)
        if known is not None:
            self._places.topic.subscriptions.remove(known)
        if not there:
            return
        properties, filter_ = one.properties, one.properties.get("filter") or {}
        delivery = properties["deliveryWithResourceIdentity"]
        queue = delivery["destination"]["properties"]["resourceId"]
        identity = self._resources.get(delivery["identity"]["userAssignedIdentity"])
        principal = identity.properties["principalId"] if identity is not None else ""
        if _SENDER not in self._resources.roles(principal, queue):
            return
        unlike = [value for rule in filter_.get("advancedFilters", []) for value in rule["values"]]
        made = Subscription(
            queue.rpartition("/")[2],
            tuple(filter_.get("includedEventTypes") or ()),
            unlike[0] if unlike else "",
            filter_.get("subjectBeginsWith", ""),
            filter_.get("subjectEndsWith", ""),
            "/systemtopics/" in one.id.lower(),
        )
        self._subscriptions[one.id.lower()] = made
        self._places.topic.subscriptions.append(made)
