"""The app's key: everything the app keeps, logs, queues or sends is encrypted with it.

What a role may do with it stands in the role (`permissions.use_key`). The key's own policy lets in the services that
use it in nobody's name: `Resource: "*"` in a key's policy means this key.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.notifications import subscribed_topics
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.words import Json, Resources, arn, ref, resource, sub

_PENDING_DAYS = 7


def encryption(layout: Layout) -> Resources:
    """The key and its alias."""
    return {
        KEY: resource(
            "AWS::KMS::Key",
            {
                "Description": f"Encrypts what the app {layout.prefix} keeps",
                "EnableKeyRotation": True,
                "PendingWindowInDays": _PENDING_DAYS,
                "KeyPolicy": {"Version": "2012-10-17", "Statement": list(_statements(layout))},
            },
            layout.app.name,
        ),
        "KeyAlias": resource(
            "AWS::KMS::Alias",
            {"AliasName": f"alias/skyloom-{layout.prefix}", "TargetKeyId": ref(KEY)},
            layout.app.name,
        ),
    }


def _statements(layout: Layout) -> Iterator[Json]:
    yield {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    groups = (f"/aws/lambda/{layout.prefix}-*", f"/aws/vendedlogs/*/{layout.prefix}*")
    yield {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": sub("logs.${AWS::Region}.amazonaws.com")},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": [arn("logs", f"log-group:{group}") for group in groups]}
        },
    }
    yield _sends("cloudwatch", arn("cloudwatch", f"alarm:{layout.prefix} *"))
    if layout.has_bus or layout.objects:
        yield _sends("events", arn("events", "rule/*"))
    if subscribed_topics(layout):
        yield _sends("sns", arn("sns", "*"))


def _sends(service: str, source: Json) -> Json:
    """Lets a service send to the app's encrypted topics and queues, on behalf of this account's own things."""
    return {
        "Sid": service.capitalize(),
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": sub("${AWS::AccountId}")},
            "ArnLike": {"aws:SourceArn": source},
        },
    }
