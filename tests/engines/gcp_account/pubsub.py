"""Pub/Sub: topics that push to subscriptions, with retries, attributes, dead letters and identity tokens.

Not here: pull, ordering, schemas, snapshots, exactly-once. Of filters: attributes that are there or have a value, with
NOT, OR and AND. Waiting times of retries are a hundredth of what a subscription says.
https://cloud.google.com/pubsub/docs/push
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import queue
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engines.gcp_account.front import ApiError, Caller, Front, Json, Request, route
from engines.gcp_account.permissions import Permissions
from engines.gcp_account.storage import moment

_SHORTER = 0.01


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    data: str
    attributes: Mapping[str, str]
    published: str = field(default_factory=moment)


@dataclass
class Subscription:
    """A push subscription. `attempts` is how often a message is tried before it goes to `dead`."""

    name: str
    topic: str
    endpoint: str
    account: str
    audience: str
    attempts: int = 5
    dead: str = ""
    pause: float = 10.0
    seconds: float = 60.0
    filter: str = ""
    waiting: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    open: bool = True


class PubSub:
    """The topics and subscriptions of the project, by full name."""

    def __init__(self, front: Front, permissions: Permissions) -> None:
        self.topics: dict[str, dict[str, Any]] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.published: list[tuple[str, Message]] = []
        self._permissions = permissions
        self._ids = itertools.count(1)
        self.labels: dict[str, dict[str, str]] = {}
        """The labels of topics and subscriptions, by full name."""
        front.add(
            route("POST", "/v1/projects/{project}/topics/{topic}:publish", self._publish),
            route("GET", "/v1/projects/{project}/topics", lambda _: {"topics": self._listed("topics")}),
            route(
                "GET",
                "/v1/projects/{project}/subscriptions",
                lambda _: {"subscriptions": self._listed("subscriptions")},
            ),
            route("DELETE", "/v1/projects/{project}/topics/{topic}", lambda request: self._delete(request)),
            route("DELETE", "/v1/projects/{project}/subscriptions/{topic}", lambda request: self._delete(request)),
        )

    def _publish(self, request: Request) -> Json:
        topic = f"projects/{request.names['project']}/topics/{request.names['topic']}"
        self._permissions.require(request.caller.email, "pubsub.topics.publish", topic)
        sent = request.json()["messages"]
        return {"messageIds": [self.publish(topic, one.get("data", ""), one.get("attributes", {})) for one in sent]}

    def _listed(self, collection: str) -> list[Json]:
        found = self.labels.items()
        return [{"name": name, "labels": labels} for name, labels in found if f"/{collection}/" in name]

    def _delete(self, request: Request) -> Json:
        name = request.path.removeprefix("/v1/")
        if name not in self.labels:
            raise ApiError(404, f"Resource not found (resource={name})")
        self.topics.pop(name, None)
        self.unsubscribe(name)
        del self.labels[name]
        return {}

    def publish(self, topic: str, data: str, attributes: Mapping[str, str]) -> str:
        """Publishes a message, whose data is base64: its id."""
        if topic not in self.topics:
            raise ApiError(404, f"Resource not found (resource={topic})")
        message = Message(str(next(self._ids)), data, dict(attributes))
        self.published.append((topic, message))
        for subscription in self.subscriptions.values():
            if subscription.topic == topic and fits(subscription.filter, message.attributes):
                subscription.waiting.put(message)
        return message.id

    def subscribe(self, subscription: Subscription) -> None:
        self.subscriptions[subscription.name] = subscription
        threading.Thread(target=self._push, args=(subscription,), daemon=True).start()

    def unsubscribe(self, name: str) -> None:
        found = self.subscriptions.pop(name, None)
        if found is not None:
            found.open = False
            found.waiting.put(None)

    def close(self) -> None:
        for name in [*self.subscriptions]:
            self.unsubscribe(name)

    def _push(self, subscription: Subscription) -> None:
        while (message := subscription.waiting.get()) is not None:
            threading.Thread(target=self._deliver, args=(subscription, message), daemon=True).start()

    def _deliver(self, subscription: Subscription, message: Message) -> None:
        for attempt in itertools.count(1):
            if not subscription.open or self._taken(subscription, message, attempt):
                return
            if subscription.dead and attempt >= subscription.attempts:
                self.publish(subscription.dead, message.data, message.attributes)
                return
            time.sleep(min(subscription.pause * 2 ** min(attempt - 1, 6), 600) * _SHORTER)

    def _taken(self, subscription: Subscription, message: Message, attempt: int) -> bool:
        place = urlsplit(subscription.endpoint)
        body = {
            "message": {
                "data": message.data,
                "attributes": dict(message.attributes),
                "messageId": message.id,
                "message_id": message.id,
                "publishTime": message.published,
            },
            "subscription": subscription.name,
            "deliveryAttempt": attempt,
        }
        headers = {"Content-Type": "application/json"}
        if subscription.account:
            token = Caller(subscription.account, subscription.audience or subscription.endpoint).token
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=subscription.seconds)
        try:
            connection.request("POST", place.path or "/", json.dumps(body), headers)
            response = connection.getresponse()
            response.read()
        except OSError:
            return False
        else:
            return response.status in (102, 200, 201, 202, 204)
        finally:
            connection.close()


_HAS, _IS = re.compile(r"(NOT )?attributes:(\w+)"), re.compile(r'(NOT )?attributes\.(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')


def fits(filter_: str, attributes: Mapping[str, str]) -> bool:
    """Whether a message passes a filter. Raises ApiError (400) where the filter is one that is not known here.

    https://cloud.google.com/pubsub/docs/subscription-message-filter
    """
    return all(_either(part.strip(), attributes) for part in re.split(r"\s+AND\s+", filter_) if part)


def _either(part: str, attributes: Mapping[str, str]) -> bool:
    inner = part[1:-1] if part.startswith("(") and part.endswith(")") else part
    return any(_single(one.strip(), attributes) for one in re.split(r"\s+OR\s+", inner))


def _single(part: str, attributes: Mapping[str, str]) -> bool:
    has, is_ = _HAS.fullmatch(part), _IS.fullmatch(part)
    if has is not None:
        return (has[2] in attributes) != bool(has[1])
    if is_ is not None:
        return (attributes.get(is_[2]) == re.sub(r"\\(.)", r"\1", is_[3])) != bool(is_[1])
    raise ApiError(400, f"the tests do not know the filter {part}")


def encoded(value: Json) -> str:
    """A value as the data of a message."""
    return base64.b64encode(json.dumps(value).encode()).decode()
