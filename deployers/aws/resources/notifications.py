"""Who is told: the topic of approvals, and subscriptions to it and to the topic of alarms."""

from __future__ import annotations

from collections.abc import Iterator

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
        for notifier in layout.notifiers(alarms=False):
            found |= _subscribed(APPROVALS, notifier, _filter(layout, notifier))
    for notifier in layout.notifiers(alarms=True):
        found |= _subscribed(ALARMS, notifier, None)
    return found


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


def _filter(layout: Layout, notifier: Notifier) -> Json:
    """Which approvals a notifier serves: those of its audience; without one, those of audiences that nobody serves."""
    if notifier.to is not None:
        return {"to": [notifier.to]}
    served = sorted({one.to for one in layout.notifiers(alarms=False) if one.to is not None})
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
