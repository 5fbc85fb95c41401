"""Topics and subscriptions: what comes is pushed to one function each, tried again, and kept when nobody takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import NUMBER, account, account_address, calls, topic_member
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import REGION, Resources, block_name, cloud_name, noted, once, ref, resource

EVENTS = "google_pubsub_topic.events"
"""The address of the topic of the app's events."""
APPROVALS = "google_pubsub_topic.approvals"
"""The address of the topic that tells of open questions."""
ALARMS = "google_pubsub_topic.alarms"
"""The address of the topic that tells of alarms."""
DEAD_LETTERS = "google_pubsub_topic.dead_letters"
"""The address of the topic of what nobody could take."""
KEPT_LETTERS = "google_pubsub_subscription.dead_letters"
"""The address of the subscription in which it lies."""

PUSH = "push"
"""The account that calls the functions of subscriptions."""

_AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
"""Pub/Sub itself. https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions"""
_KEPT = "604800s"
"""A week: as long as a subscription keeps messages by default."""
_ACKNOWLEDGED_IN = 60
"""Seconds until a push that is not answered counts as failed: longer than a service function runs."""
ATTEMPTS = 10
"""How often an event is delivered before it is set aside. https://cloud.google.com/pubsub/docs/dead-letter-topics"""
FEWEST_ATTEMPTS, MOST_ATTEMPTS = 5, 100
"""What Pub/Sub lets be said."""
FILTER_BYTES = 256
"""https://cloud.google.com/pubsub/docs/subscription-message-filter#limits"""


def topics(layout: Layout) -> Resources:
    """The topics that the app has, whatever comes to them; nothing where nothing comes."""
    kept = merged(topic(layout, DEAD_LETTERS, "dead letters"), _kept(layout)) if layout.subscribes else {}
    return merged(
        kept,
        topic(layout, ALARMS, "alarms"),
        topic(layout, EVENTS, "events") if layout.has_topic else {},
        topic(layout, APPROVALS, "approvals") if layout.tells else {},
        *(topic(layout, address, queue.name, keep=True) for address, queue in layout.queues.items()),
        *_unread(layout),
    )


def topic(layout: Layout, address: str, name: str, *, keep: bool = False) -> Resources:
    """A topic, whose messages stay in the region."""
    plain_name = cloud_name(100, layout.prefix, address.partition(".")[2].replace("_", "-"))
    arguments = {
        "name": once(plain_name) if keep else plain_name,
        "labels": layout.labels,
        "message_retention_duration": _KEPT,
        "message_storage_policy": [{"allowed_persistence_regions": [REGION]}],
    }
    made = resource("queue" if keep else "topic", arguments, name)
    return {address: noted(made, keep=True) if keep else made}


def pusher(layout: Layout, functions: Collection[str]) -> Resources:
    """The account that calls the functions of these keys for subscriptions."""
    if not functions:
        return {}
    called = (calls(PUSH, layout.function(key), key) for key in sorted(functions))
    return merged(account(layout, PUSH, "Calls the functions that take messages"), *called)


def subscription(
    layout: Layout,
    name: str,
    topic_address: str,
    function: str,
    *,
    matching: str | None = None,
    attempts: int = ATTEMPTS,
    keep: bool = False,
) -> Resources:
    """A subscription whose messages are pushed to the function of that key. `matching` is the filter."""
    address = f"google_pubsub_subscription.{block_name(name)}"
    to = layout.function(function)
    url = f"${{{to}.service_config[0].uri}}"
    token = {"service_account_email": ref(account_address(PUSH), "email"), "audience": url}
    plain_name = cloud_name(200, layout.prefix, name)
    arguments = {
        "name": once(plain_name) if keep else plain_name,
        "topic": ref(topic_address),
        "labels": layout.labels,
        "filter": matching,
        "ack_deadline_seconds": _ACKNOWLEDGED_IN,
        "message_retention_duration": _KEPT,
        "expiration_policy": [{"ttl": ""}],
        "retry_policy": [{"minimum_backoff": "5s", "maximum_backoff": "600s"}],
        "dead_letter_policy": [
            {"dead_letter_topic": ref(DEAD_LETTERS), "max_delivery_attempts": within_limits(attempts)}
        ],
        "push_config": [{"push_endpoint": url, "oidc_token": [token]}],
    }
    made = resource("subscription", arguments, name)
    return merged(
        {address: noted(made, keep=True) if keep else made},
        forwards(address, name),
    )


def within_limits(attempts: int) -> int:
    """The number of attempts that Pub/Sub makes where `attempts` were asked for."""
    return min(max(attempts, FEWEST_ATTEMPTS), MOST_ATTEMPTS)


def forwards(address: str, name: str) -> Resources:
    """Pub/Sub takes from the subscription what it sets aside."""
    arguments = {"subscription": ref(address, "name"), "role": "roles/pubsub.subscriber", "member": _AGENT}
    binding = f"google_pubsub_subscription_iam_member.{block_name(name)}"
    return {binding: resource("permission", arguments, f"pubsub takes from {name}")}


def _kept(layout: Layout) -> Resources:
    """Where dead letters lie until somebody looks."""
    arguments = {
        "name": once(cloud_name(200, layout.prefix, "dead-letters")),
        "topic": ref(DEAD_LETTERS),
        "labels": layout.labels,
        "message_retention_duration": "2678400s",
        "expiration_policy": [{"ttl": ""}],
        "ack_deadline_seconds": _ACKNOWLEDGED_IN,
    }
    made = noted(resource("subscription", arguments, "dead letters"), keep=True)
    return {KEPT_LETTERS: made} | topic_member("pubsub", _AGENT, DEAD_LETTERS, "dead letters")


def _unread(layout: Layout) -> Iterator[Resources]:
    """A queue from which no flow is started keeps its messages for who fetches them."""
    read = {trigger.queue.name for trigger in layout.messages}
    for address, queue in layout.queues.items():
        if queue.name in read:
            continue
        name = f"queue-{queue.name}"
        place = f"google_pubsub_subscription.{block_name(name)}"
        arguments = {
            "name": once(cloud_name(200, layout.prefix, name)),
            "topic": ref(address),
            "labels": layout.labels,
            "message_retention_duration": _KEPT,
            "expiration_policy": [{"ttl": ""}],
            "ack_deadline_seconds": _ACKNOWLEDGED_IN,
            "retry_policy": [{"minimum_backoff": "5s", "maximum_backoff": "600s"}],
            "dead_letter_policy": [
                {"dead_letter_topic": ref(DEAD_LETTERS), "max_delivery_attempts": within_limits(queue.attempts)}
            ],
        }
        made = noted(resource("subscription", arguments, queue.name), keep=True)
        yield {place: made} | forwards(place, name)
