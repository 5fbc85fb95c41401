"""Logs with an end, and alarms that reach somebody."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import NUMBER, topic_member
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.topics import ALARMS, KEPT_LETTERS
from skyloom.deployers.gcp.resources.words import (
    PROJECT,
    REGION,
    Json,
    Resources,
    block_name,
    cloud_name,
    once,
    ref,
    resource,
)

LOG = "google_logging_project_bucket_config.log"
"""The address of the place of the app's log."""
CHANNEL = "google_monitoring_notification_channel.alarms"
"""The address of the channel that every alarm has: the topic of alarms."""
_AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
"""Cloud Monitoring itself, which is there from the first channel on.
https://cloud.google.com/monitoring/support/notification-options#pubsub"""

_PERIOD = "300s"
_MOST_LOG_DAYS = 3650
"""https://cloud.google.com/logging/docs/buckets#custom-retention"""


def observability(layout: Layout) -> Resources:
    """The app's log and its alarms."""
    return merged(_log(layout), _channels(layout), *(_alarms(layout)))


# --- the log --------------------------------------------------------------------------------------------------------


def _log(layout: Layout) -> Resources:
    """A place of the app's own, for as long as the environment says; whatever its functions and workflows write goes
    there too."""
    names = cloud_name(90, layout.prefix, "log")
    services = f'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^{layout.start}"'
    flows = f'resource.type="workflows.googleapis.com/Workflow" AND resource.labels.workflow_id=~"^{layout.start}"'
    log = {
        "project": PROJECT,
        "location": REGION,
        "bucket_id": once(names),
        "description": f"What {layout.prefix} writes",
        "retention_days": min(layout.settings.log_days, _MOST_LOG_DAYS),
    }
    sink = {
        "name": names,
        "description": f"Keeps what {layout.prefix} writes",
        "destination": f"logging.googleapis.com/{ref(LOG)}",
        "filter": f"({services}) OR ({flows})",
        "unique_writer_identity": True,
    }
    return {
        LOG: resource("log", log, "log"),
        "google_logging_project_sink.log": resource("log sink", sink, "log"),
    }


# --- alarms ---------------------------------------------------------------------------------------------------------


def _channels(layout: Layout) -> Resources:
    own = {
        "display_name": f"{layout.prefix} alarms",
        "type": "pubsub",
        "labels": {"topic": ref(ALARMS)},
        "user_labels": layout.labels,
    }
    made = {CHANNEL: resource("notification channel", own, "alarms")}
    for notifier in layout.emails:
        if notifier.alarms:
            channel = {
                "display_name": f"{layout.prefix} {notifier.address}",
                "type": "email",
                "labels": {"email_address": notifier.address},
                "user_labels": layout.labels,
            }
            made[_email(notifier.address)] = resource("notification channel", channel, notifier.address)
    publishes = topic_member("monitoring", _AGENT, ALARMS, "alarms")
    ((address, binding),) = publishes.items()
    return made | {address: {**binding, "depends_on": [CHANNEL]}}


def _email(address: str) -> str:
    return f"google_monitoring_notification_channel.{block_name(f'email {address}')}"


def _alarms(layout: Layout) -> Sequence[Resources]:
    prefix = f'starts_with("{layout.start}")'
    failed = (
        'resource.type = "workflows.googleapis.com/Workflow" AND '
        'metric.type = "workflows.googleapis.com/finished_execution_count" AND '
        f'metric.labels.status = "FAILED" AND resource.labels.workflow_id = {prefix}'
    )
    broken = (
        'resource.type = "cloud_run_revision" AND metric.type = "run.googleapis.com/request_count" AND '
        f'metric.labels.response_code_class = "5xx" AND resource.labels.service_name = {prefix}'
    )
    letters = (
        'resource.type = "pubsub_subscription" AND '
        'metric.type = "pubsub.googleapis.com/subscription/num_undelivered_messages" AND '
        f'resource.labels.subscription_id = "{ref(KEPT_LETTERS, "name")}"'
    )
    counted = ("ALIGN_DELTA", "REDUCE_SUM")
    found = [
        _alarm(
            layout,
            "flow failed",
            "A run ended with an error that the flow did not catch.",
            failed,
            counted,
            "resource.label.workflow_id",
        ),
        _alarm(
            layout,
            "function failed",
            "A function failed otherwise than by an error of its task, which it answers with 422: it ended without an "
            "answer, could not be started, or could not handle a message. Such calls are made again.",
            broken,
            counted,
            "resource.label.service_name",
        ),
    ]
    if layout.subscribes:
        told = "Something could not be delivered or handled, and waits in the dead-letter subscription for somebody."
        by = "resource.label.subscription_id"
        found.append(_alarm(layout, "dead letters", told, letters, ("ALIGN_MAX", "REDUCE_MAX"), by))
    return found


def _alarm(layout: Layout, what: str, told: str, matching: str, counted: tuple[str, str], by: str) -> Resources:
    """An alarm that goes off as soon as the metric is above 0."""
    aligner, reducer = counted
    aggregation = {
        "alignment_period": _PERIOD,
        "per_series_aligner": aligner,
        "cross_series_reducer": reducer,
        "group_by_fields": [by],
    }
    threshold: Json = {
        "filter": matching,
        "comparison": "COMPARISON_GT",
        "threshold_value": 0,
        "duration": "0s",
        "aggregations": [aggregation],
        "trigger": [{"count": 1}],
    }
    mails = [_email(notifier.address) for notifier in layout.emails if notifier.alarms]
    arguments = {
        "display_name": f"{layout.prefix} {what}",
        "combiner": "OR",
        "severity": "ERROR",
        "documentation": [{"content": told, "mime_type": "text/markdown"}],
        "conditions": [{"display_name": what, "condition_threshold": [threshold]}],
        "notification_channels": [ref(CHANNEL), *map(ref, mails)],
        "alert_strategy": [{"auto_close": "86400s"}],
        "user_labels": layout.labels,
    }
    return {f"google_monitoring_alert_policy.{block_name(what.replace(' ', '-'))}": resource("alarm", arguments, what)}
