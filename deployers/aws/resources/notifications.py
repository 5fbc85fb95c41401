"""Who is told: the topic of approvals, and subscriptions to it and to the topic of alarms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skyloom.deployers.aws.resources.layout import Layout, service_id
from skyloom.deployers.aws.resources.observability import ALARMS
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.queues import DEAD_LETTERS
from skyloom.deployers.aws.resources.transport import secure_only
from skyloom.deployers.aws.resources.words import Json, Resources, att, logical, ref, resource
from skyloom.flows.resources import EmailNotifier, Notifier, WebhookNotifier

APPROVALS = "Approvals"
"""The logical id of the topic that approvals are told on."""


def webhook_key(secret: str) -> str:
    """The key of the function that posts to the address in a secret."""
    return f"webhook-{secret}"


def subscribed_topics(layout: Layout) -> list[str]:
    """The logical ids of the topics that somebody subscribes to."""
    found = [APPROVALS] if layout.tells else []
    return [*found, ALARMS] if layout.notifiers(alarms=True) else found


def notifications(layout: Layout) -> Resources:
    """The topic of approvals, where somebody is told, and all subscriptions."""
    found: Resources = {}
    if layout.tells:
        found |= _topic(layout)
        for notifiers in _by_address(layout.notifiers(alarms=False)):
            found |= _subscribed(APPROVALS, notifiers[0], _filter(layout, notifiers))
    for notifiers in _by_address(layout.notifiers(alarms=True)):
        found |= _subscribed(ALARMS, notifiers[0], None)
    return found


def _by_address(notifiers: Iterable[Notifier]) -> list[list[Notifier]]:
    """Those of one address together: a topic has one subscription of it.
    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"""
    found: dict[str, list[Notifier]] = {}
    for notifier in notifiers:
        address = f"mail {notifier.address}" if isinstance(notifier, EmailNotifier) else f"hook {notifier.url.name}"
        found.setdefault(address, []).append(notifier)
    return list(found.values())


def _topic(layout: Layout) -> Resources:
    statements = [secure_only("sns:Publish", ref(APPROVALS))]
    return {
        APPROVALS: resource(
            "AWS::SNS::Topic", {"DisplayName": f"{layout.prefix} approvals", "KmsMasterKeyId": ref(KEY)}, "approvals"
        ),
        f"{APPROVALS}Policy": resource(
            "AWS::SNS::TopicPolicy",
            {
                "Topics": [ref(APPROVALS)],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
            },
            "approvals",
        ),
    }


def _filter(layout: Layout, notifiers: Iterable[Notifier]) -> Json:
    """Which approvals the notifiers of an address serve: those of their audiences; without one, those of audiences that
    nobody serves."""
    asked = {notifier.to for notifier in notifiers}
    if None not in asked:
        return {"to": sorted(to for to in asked if to is not None)}
    served = sorted({one.to for one in layout.notifiers(alarms=False) if one.to is not None} - asked)
    return {"to": [{"anything-but": served}]} if served else None


def _subscribed(topic: str, notifier: Notifier, only: Json) -> Resources:
    return dict(_subscription(topic, notifier, only))


def _subscription(topic: str, notifier: Notifier, only: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    match notifier:
        case EmailNotifier(address=address, to=to):
            properties = {
                "TopicArn": ref(topic),
                "Protocol": "email",
                "Endpoint": address,
                "FilterPolicy": only,
                "RedrivePolicy": {"deadLetterTargetArn": att(DEAD_LETTERS)},
            }
            id_ = logical(f"{topic}Mail", address, to or "")
            yield id_, resource("AWS::SNS::Subscription", properties, f"{topic.lower()} to {address}")
        case WebhookNotifier(url=url, to=to):
            function = service_id(webhook_key(url.name))
            id_ = logical(f"{topic}Hook", url.name, to or "")
            properties = {
                "TopicArn": ref(topic),
                "Protocol": "lambda",
                "Endpoint": att(function),
                "FilterPolicy": only,
                "RedrivePolicy": {"deadLetterTargetArn": att(DEAD_LETTERS)},
            }
            yield id_, resource("AWS::SNS::Subscription", properties, f"{topic.lower()} to {url.name}")
            permission = {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref(function),
                "Principal": "sns.amazonaws.com",
                "SourceArn": ref(topic),
            }
            yield f"{id_}Permission", resource("AWS::Lambda::Permission", permission, f"webhook {url.name}")
