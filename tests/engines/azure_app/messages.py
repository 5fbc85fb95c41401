"""Queues of Service Bus, which a host takes messages from, and a topic of Event Grid that fills them.

https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engines.azure_app.web import Request, Response

Json = Any

_PAUSE = 0.02


@dataclass
class Message:
    """A message in a queue: due at a time in seconds since 1970, delivered so many times; the queue has given it a
    number."""

    body: bytes
    id: str | None
    properties: dict[str, Json] = field(default_factory=dict)
    due: float = 0.0
    count: int = 0
    number: int = 0


@dataclass
class Queue:
    """A queue that tries a message `attempts` times and then keeps it among its dead letters."""

    attempts: int = 10
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)


class Bus:
    """Queues by name. A message is handed to whoever has the address `host`, where its app takes messages."""

    def __init__(self) -> None:
        self.queues: dict[str, Queue] = {}
        self.host: str | None = None
        self.taken: Callable[[str], bool] = lambda queue: True
        """Whether the host may take the messages of a queue."""
        self.earlier = 0.0
        """Seconds by which scheduled messages come earlier than they should, for tests that cannot wait."""
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._closed = False
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._closed = True

    def send(self, queue: str, body: bytes, name: str | None = None, due: float = 0.0, **properties: Json) -> None:
        """Puts a message into a queue; not every sender gives it an id. Raises KeyError where there is no queue."""
        with self._lock:
            number = next(self._numbers)
            self.queues[queue].messages.append(Message(body, name, properties, due, number=number))

    def respond(self, request: Request, path: str) -> Response:
        """The answer to a request that may be made: a message is sent to a queue."""
        queue, _, rest = path.strip("/").partition("/")
        if request.method != "POST" or rest != "messages" or queue not in self.queues:
            return Response(404)
        broker = json.loads(request.headers.get("brokerproperties", "{}"))
        when, due = broker.get("ScheduledEnqueueTimeUtc"), 0.0
        if when is not None:
            due = datetime.strptime(when, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp() - self.earlier
        own = {name: json.loads(told) for name, told in request.headers.items() if name.startswith("skyloom-")}
        self.send(queue, request.body, broker.get("MessageId"), due, **own)
        return Response(201)

    def _run(self) -> None:
        while not self._closed:
            for name, message in self._due():
                threading.Thread(target=self._deliver, args=(name, message), daemon=True).start()
            time.sleep(_PAUSE)

    def _due(self) -> list[tuple[str, Message]]:
        if self.host is None:
            return []
        found, now = [], time.time()
        with self._lock:
            for name, queue in self.queues.items():
                if not self.taken(name):
                    continue
                found += [(name, message) for message in queue.messages if message.due <= now]
                queue.messages = [message for message in queue.messages if message.due > now]
        return found

    def _deliver(self, name: str, message: Message) -> None:
        message.count += 1
        about = {"id": message.id, "count": message.count, "number": message.number, "properties": message.properties}
        headers = {"X-Message": json.dumps(about), "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self.host}/{name}", message.body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60):
                return
        except (urllib.error.URLError, OSError) as problem:
            with self._lock:
                queue = self.queues[name]
                if not isinstance(problem, urllib.error.HTTPError):
                    # A host takes messages by itself: one that is not there has tried none.
                    message.count -= 1
                (queue.dead if message.count >= queue.attempts else queue.messages).append(message)


@dataclass(frozen=True)
class Subscription:
    """Which events go to which queue: those of the app's topic, or with `system` those of Azure itself. No types are
    all; `unlike` is a source whose events do not go there."""

    queue: str
    types: tuple[str, ...] = ()
    unlike: str = ""
    begins: str = ""
    ends: str = ""
    system: bool = False

    def wants(self, event: dict[str, Json]) -> bool:
        """Whether the event goes there."""
        subject = event.get("subject", "")
        fits = subject.startswith(self.begins) and subject.endswith(self.ends)
        named = not self.types or event["type"] in self.types
        of_azure = event["type"].startswith("Microsoft.")
        return of_azure == self.system and named and event["source"] != self.unlike and fits


class Topic:
    """A topic for CloudEvents."""

    def __init__(self, bus: Bus) -> None:
        self.subscriptions: list[Subscription] = []
        self.published: list[dict[str, Json]] = []
        self.delivers: Callable[[str], bool] = lambda queue: True
        """Whether the topic may send to a queue."""
        self.lost: list[dict[str, Json]] = []
        self._bus = bus

    def respond(self, request: Request) -> Response:
        """The answer to a request that may be made: events are published."""
        if request.query.get("api-version") != "2018-01-01":
            return Response(400)
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind not in ("application/cloudevents+json", "application/cloudevents-batch+json"):
            return Response(400)
        told = request.json()
        for event in told if isinstance(told, list) else [told]:
            if not {"id", "source", "specversion", "type"} <= event.keys() or event["specversion"] != "1.0":
                return Response(400)
            self.publish(event)
        return Response(200)

    def publish(self, event: dict[str, Json]) -> None:
        """Hands an event on."""
        self.published.append(event)
        for one in self.subscriptions:
            if one.wants(event) and not self.delivers(one.queue):
                self.lost.append(event)
            elif one.wants(event):
                # The id of the message is the platform's own, and not that of the event.
                self._bus.send(one.queue, json.dumps(event).encode(), uuid.uuid4().hex)

    def created(self, account: str) -> Callable[[str, str, int], None]:
        """Tells of new blobs: https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage"""

        def tell(container: str, name: str, size: int) -> None:
            event = {
                "specversion": "1.0",
                "id": uuid.uuid4().hex,
                "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
                "type": "Microsoft.Storage.BlobCreated",
                "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
                "data": {"api": "PutBlob", "contentLength": size, "url": f"{account}/{container}/{name}"},
            }
            self.publish(event)

        return tell
