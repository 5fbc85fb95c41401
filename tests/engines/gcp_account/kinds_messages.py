"""What carries messages in the local Google Cloud: topics, subscriptions, notifications of buckets, schedules."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from engines.gcp_account.front import Answer, ApiError, Caller, Front, Request, route
from engines.gcp_account.kinds import Made, block, forget
from engines.gcp_account.pubsub import PubSub, Subscription, fits
from engines.gcp_account.storage import Storage
from engines.gcp_account.terraform.kinds import Attributes


def topic(pubsub: PubSub, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/topics/{given['name']}"
        if before is None and name in pubsub.topics:
            raise ApiError(409, f"Resource already exists in the project (resource={given['name']}).")
        pubsub.topics[name] = given
        pubsub.labels[name] = given.get("labels") or {}
        return {**given, "id": name, "project": project}

    def unmake(before: Attributes) -> None:
        pubsub.topics.pop(before["id"], None)
        pubsub.labels.pop(before["id"], None)

    return Made(make, unmake, lambda before: before["id"] in pubsub.topics, frozenset({"name", "project"}))


def subscription(pubsub: PubSub, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/subscriptions/{given['name']}"
        topic_ = given["topic"] if "/" in given["topic"] else f"projects/{project}/topics/{given['topic']}"
        if topic_ not in pubsub.topics:
            raise ApiError(404, f"Resource not found (resource={topic_})")
        push, token = block(given, "push_config"), block(block(given, "push_config"), "oidc_token")
        dead, retry = block(given, "dead_letter_policy"), block(given, "retry_policy")
        fits(given.get("filter") or "", {})
        pubsub.unsubscribe(name)
        if push:
            pubsub.subscribe(
                Subscription(
                    name=name,
                    topic=topic_,
                    endpoint=push["push_endpoint"],
                    account=token.get("service_account_email", ""),
                    audience=token.get("audience", ""),
                    attempts=int(dead.get("max_delivery_attempts", 5)),
                    dead=dead.get("dead_letter_topic", ""),
                    pause=float(str(retry.get("minimum_backoff", "10s")).rstrip("s")),
                    seconds=float(given.get("ack_deadline_seconds", 10)),
                    filter=given.get("filter") or "",
                )
            )
        pubsub.labels[name] = given.get("labels") or {}
        return {**given, "id": name, "project": project}

    def unmake(before: Attributes) -> None:
        pubsub.unsubscribe(before["id"])
        pubsub.labels.pop(before["id"], None)

    return Made(make, unmake, lambda before: before["id"] in pubsub.labels, frozenset({"name", "topic", "project"}))


def schedule(front: Front, project: str) -> Made:
    """A job of Cloud Scheduler. Its clock stands still: `POST /tests/schedules/<name>` runs it now."""
    jobs: dict[str, Attributes] = {}

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/locations/{given['region']}/jobs/{given['name']}"
        jobs[name] = given
        return {**given, "id": name, "state": "ENABLED"}

    def run(request: Request) -> Answer:
        target = block(jobs[request.names["name"]], "http_target")
        place = urlsplit(target["uri"])
        address = front.address("apis") if place.netloc.endswith(".googleapis.com") else f"http://{place.netloc}"
        caller = Caller(block(target, "oauth_token")["service_account_email"])
        headers = {**target.get("headers", {}), "Authorization": f"Bearer {caller.token}"}
        body = base64.b64decode(target["body"])
        sent = urllib.request.Request(f"{address}{place.path}", body, headers, method=target["http_method"])
        with urllib.request.urlopen(sent) as answer:
            return Answer(answer.status, answer.read())

    front.add(route("POST", "/tests/schedules/{name=**}", run), route("GET", "/tests/schedules", lambda _: [*jobs]))
    return Made(
        make,
        lambda before: forget(jobs, before),
        lambda before: before["id"] in jobs,
        frozenset({"name", "region"}),
    )


def notification(storage: Storage, pubsub: PubSub) -> Made:
    kept: dict[str, Any] = {}

    def arrived(bucket_: str, stored: Any) -> None:
        for one in [*kept.values()]:
            if one["bucket"] == bucket_ and stored.name.startswith(one.get("object_name_prefix", "")):
                data = base64.b64encode(json.dumps(stored.to_json(bucket_)).encode()).decode()
                about = {
                    "eventType": "OBJECT_FINALIZE",
                    "bucketId": bucket_,
                    "objectId": stored.name,
                    "objectGeneration": str(stored.generation),
                    "payloadFormat": one["payload_format"],
                }
                pubsub.publish(one["topic"].removeprefix("//pubsub.googleapis.com/"), data, about)

    storage.arrived.append(arrived)

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        storage.bucket(given["bucket"])
        id_ = f"{given['bucket']}/notificationConfigs/{len(kept) + 1}"
        kept[id_] = given
        return {**given, "id": id_, "notification_id": id_.rpartition("/")[2]}

    everything = frozenset({"bucket", "topic", "payload_format", "object_name_prefix", "event_types"})
    return Made(make, lambda before: forget(kept, before), lambda before: before["id"] in kept, everything)
