"""Buckets: the app's own, that of its large values and waits, and the one that keeps who accessed them. All are
private, versioned, and ruled by IAM alone."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import bucket_member
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import PROJECT, REGION, Json, Resources, cloud_name, noted, once, resource

VALUES = "google_storage_bucket.values"
"""The address of the bucket of what waits for somebody: values too large to travel with a run, questions, starts."""
ACCESS_LOGS = "google_storage_bucket.access_logs"
"""The address of the bucket that keeps who accessed the others."""

VALUE_OBJECTS, WAIT_OBJECTS, START_OBJECTS = "values/", "waits/", "starts/"
"""How the names of objects begin: large values; what runs wait for; what was started, and must not be again."""

_LONGEST_RUN_DAYS = 366
"""A run lives for a year at most. https://cloud.google.com/workflows/quotas#execution_limits"""
_SETTLED_DAYS = 30
"""Days behind its own end after which a wait is forgotten."""
_OLD_VERSIONS_DAYS = 90
_LOG_DAYS = 365
_ANALYTICS = "group:cloud-storage-analytics@google.com"
"""Who delivers access logs. https://cloud.google.com/storage/docs/access-logs"""

_PROJECT_LETTERS, _SUFFIX_LETTERS = 31, 7
_BUCKET_NAME = 63
"""https://cloud.google.com/resource-manager/docs/creating-managing-projects, https://cloud.google.com/storage/docs/buckets"""


def buckets(layout: Layout) -> Resources:
    """Every bucket."""
    done = _deleted(age=_LONGEST_RUN_DAYS, matches_prefix=[VALUE_OBJECTS])
    settled = _deleted(days_since_custom_time=_SETTLED_DAYS, matches_prefix=[WAIT_OBJECTS, START_OBJECTS])
    own = [
        {address: bucket(layout, found.name, [old_versions(_OLD_VERSIONS_DAYS)], keep=True)}
        for address, found in layout.buckets.items()
    ]
    # An answer is written over the question; what was there before is of use to nobody.
    values = bucket(layout, "values", [done, settled, old_versions(1)], keep=True)
    return merged({VALUES: values}, *own, _access_logs(layout))


def bucket_name(layout: Layout, name: str) -> str:
    """The name of a bucket in Google Cloud, where no two projects can have a bucket of one name."""
    return once(cloud_name(_BUCKET_NAME - _PROJECT_LETTERS - _SUFFIX_LETTERS, layout.prefix, name) + f"-{PROJECT}")


def _deleted(**condition: Json) -> Json:
    return {"action": [{"type": "Delete"}], "condition": [condition]}


def old_versions(days: int) -> Json:
    """A rule: what was written over is deleted after these days."""
    return _deleted(days_since_noncurrent_time=days, with_state="ARCHIVED")


def bucket(
    layout: Layout,
    name: str,
    rules: Sequence[Json],
    *,
    keep: bool = False,
    logged: bool = True,
    called: str | None = None,
) -> dict[str, Json]:
    """A bucket. `called`: its name in Google Cloud, where that is not made from the app's."""
    arguments = {
        "name": called or bucket_name(layout, name),
        "location": REGION,
        "labels": layout.labels,
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
        "versioning": [{"enabled": True}],
        "lifecycle_rule": list(rules),
        # A bucket with something in it can be deleted only so.
        "force_destroy": not (keep and layout.settings.keep_data),
        "logging": [{"log_bucket": f"${{{ACCESS_LOGS}.name}}", "log_object_prefix": name}] if logged else None,
    }
    made = resource("bucket", arguments, name)
    return noted(made, keep=True) if keep else made


def _access_logs(layout: Layout) -> Resources:
    """Google itself writes there."""
    rule = _deleted(age=max(_LOG_DAYS, layout.settings.log_days))
    made = bucket(layout, "access-logs", [rule, old_versions(1)], logged=False)
    role = "roles/storage.objectCreator"
    return {ACCESS_LOGS: made} | bucket_member("storage", _ANALYTICS, ACCESS_LOGS, role, "access-logs")
