"""Buckets: the app's own, that of its large values, and the one that keeps who accessed them. All are private,
encrypted, versioned, and for TLS only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.transport import secure_only
from skyloom.deployers.aws.resources.words import Json, Resources, att, ref, resource, sub
from skyloom.deployers.declared import merged

VALUES = "Values"
"""The logical id of the bucket of values that are too large to travel with a run."""
VALUE_OBJECTS = sub(f"${{{VALUES}.Arn}}/values/*")
"""The ARN of the values in it."""
ACCESS_LOGS = "AccessLogs"
"""The logical id of the bucket that keeps who accessed the others."""

_LONGEST_RUN_DAYS = 380
"""A run lives for a year at most, and can be started again for two weeks after it failed.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_OLD_VERSIONS_DAYS = 90
_KEY_ENCRYPTION = {
    "BucketKeyEnabled": True,
    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": att(KEY)},
}
# S3 delivers access logs to buckets with its own encryption only.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
_OWN_ENCRYPTION = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def buckets(layout: Layout) -> Resources:
    """Every bucket, with its policy."""
    watched = {trigger.bucket.name for trigger in layout.objects}
    values_rule = _ends("values", "values/", _LONGEST_RUN_DAYS, 1)
    own = [
        _bucket(id_, found.name, [_ends("old-versions", "", None, _OLD_VERSIONS_DAYS)], tells=found.name in watched)
        for id_, found in layout.buckets.items()
    ]
    return merged(_bucket(VALUES, "values", [values_rule]), *own, _access_logs(layout))


def _bucket(id_: str, name: str, rules: Sequence[Json], *, tells: bool = False) -> Resources:
    properties = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [_KEY_ENCRYPTION]},
        "LoggingConfiguration": {"DestinationBucketName": ref(ACCESS_LOGS), "LogFilePrefix": f"{name}/"},
        "LifecycleConfiguration": {"Rules": list(rules)},
        "NotificationConfiguration": ({"EventBridgeConfiguration": {"EventBridgeEnabled": True}} if tells else None),
    }
    return _private(id_, name, properties, [])


def _access_logs(layout: Layout) -> Resources:
    """S3 itself writes there, for the app's buckets and no others."""
    sources = [att(VALUES), *(att(id_) for id_ in layout.buckets)]
    delivery = {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": sub(f"${{{ACCESS_LOGS}.Arn}}/*"),
        "Condition": {
            "StringEquals": {"aws:SourceAccount": sub("${AWS::AccountId}")},
            "ArnEquals": {"aws:SourceArn": sources},
        },
    }
    properties = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [_OWN_ENCRYPTION]},
        "LifecycleConfiguration": {"Rules": [_ends("logs", "", layout.settings.log_days, 1)]},
    }
    return _private(ACCESS_LOGS, "access logs", properties, [delivery])


def _private(id_: str, name: str, properties: Mapping[str, Json], statements: Sequence[Json]) -> Resources:
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    common = {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(closed, True),
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    policy = {
        "Bucket": ref(id_),
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [*statements, secure_only("s3:*", [att(id_), sub(f"${{{id_}.Arn}}/*")])],
        },
    }
    return {
        id_: resource("AWS::S3::Bucket", common | dict(properties), name),
        f"{id_}Policy": resource("AWS::S3::BucketPolicy", policy, name),
    }


def _ends(id_: str, prefix: str, days: int | None, old_days: int) -> Json:
    """A lifecycle rule: objects end after `days`, replaced ones after `old_days`, unfinished uploads after a week."""
    rule: dict[str, Json] = {"Id": id_, "Status": "Enabled", "Prefix": prefix}
    if days is not None:
        rule["ExpirationInDays"] = days
    return rule | {
        "NoncurrentVersionExpiration": {"NoncurrentDays": old_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
