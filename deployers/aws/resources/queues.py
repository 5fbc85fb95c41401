"""Queues: the app's own, each with one for messages that failed, and the one for everything that nobody took."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.observability import depth_alarm
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.transport import secure_only
from skyloom.deployers.aws.resources.words import Json, Resources, att, ref, resource
from skyloom.deployers.declared import merged

DEAD_LETTERS = "DeadLetters"
"""The logical id of the queue of invocations, events and notifications that could not be handled."""
START_SECONDS = 30
"""The timeout of a function that takes messages."""

_FOUR_DAYS, _TWO_WEEKS = 4 * 24 * 3600, 14 * 24 * 3600
_VISIBILITY = 6 * START_SECONDS
"""Seconds for which a message is hidden while it is handled.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""


def queues(layout: Layout, rules: Sequence[str], topics: Sequence[str]) -> Resources:
    """Every queue. `rules` and `topics` are the logical ids of what puts there what it could not deliver."""
    own = [_pair(layout, id_, found.name, found.attempts) for id_, found in layout.queues.items()]
    return merged(*own, _dead_letters(layout, rules, topics))


def _pair(layout: Layout, id_: str, name: str, attempts: int) -> Resources:
    failed = f"{id_}Failed"
    return {
        **_queue(
            id_,
            name,
            {
                "VisibilityTimeout": _VISIBILITY,
                "MessageRetentionPeriod": _FOUR_DAYS,
                "RedrivePolicy": {"deadLetterTargetArn": att(failed), "maxReceiveCount": attempts},
            },
        ),
        **_queue(failed, f"{name} failed", {"MessageRetentionPeriod": _TWO_WEEKS}),
        **depth_alarm(layout, failed, f"{name} failed"),
    }


def _dead_letters(layout: Layout, rules: Sequence[str], topics: Sequence[str]) -> Resources:
    senders = [_sender("events", [att(rule) for rule in rules])] if rules else []
    senders += [_sender("sns", [ref(topic) for topic in topics])] if topics else []
    return {
        **_queue(DEAD_LETTERS, "dead letters", {"MessageRetentionPeriod": _TWO_WEEKS}, senders),
        **depth_alarm(layout, DEAD_LETTERS, "dead letters"),
    }


def _sender(service: str, sources: list[Json]) -> Json:
    return {
        "Sid": service.capitalize(),
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": att(DEAD_LETTERS),
        "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
    }


def _queue(id_: str, name: str, properties: Json, senders: Sequence[Json] = ()) -> Resources:
    statements = [*senders, secure_only("sqs:*", att(id_))]
    return {
        id_: resource("AWS::SQS::Queue", {"KmsMasterKeyId": ref(KEY), **properties}, name),
        f"{id_}Policy": resource(
            "AWS::SQS::QueuePolicy",
            {"Queues": [ref(id_)], "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}},
            name,
        ),
    }
