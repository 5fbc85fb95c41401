"""What starts runs by itself: the clock, new objects, messages, events; and what carries events to runs that wait."""

from __future__ import annotations

import json
from collections.abc import Iterator

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import STARTS, account, account_address, project_member, topic_member
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.services import EVENTS as EVENTS_SERVICE
from skyloom.deployers.gcp.resources.services import start_function, webhook_function
from skyloom.deployers.gcp.resources.topics import (
    ALARMS,
    APPROVALS,
    EVENTS,
    FILTER_BYTES,
    pusher,
    subscription,
    topic,
)
from skyloom.deployers.gcp.resources.words import REGION, Json, Resources, block_name, cloud_name, plain, ref, resource
from skyloom.deployers.inputs import scheduled_input
from skyloom.deployers.naming import digest
from skyloom.flows.cron import Cron
from skyloom.flows.triggers import ObjectCreated, Schedule

_SCHEDULER = "schedules"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_STORAGE = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
"""Cloud Storage itself, which tells of new objects. https://cloud.google.com/storage/docs/reporting-changes"""
_DAY = 24 * 60


class NoSuchSchedule(Exception):
    """A schedule that Cloud Scheduler cannot say."""


def triggers(layout: Layout) -> Resources:
    """Everything that starts runs by itself, and everything that is pushed to functions."""
    return merged(
        pusher(layout, _pushed(layout)),
        *_schedules(layout),
        *(_object(layout, trigger) for trigger in layout.objects),
        *(
            subscription(
                layout,
                f"queue-{trigger.queue.name}-{start_function(trigger)}",
                layout.owned[f"queue {trigger.queue.name}"],
                start_function(trigger),
                attempts=trigger.queue.attempts,
                keep=True,
            )
            for trigger in layout.messages
        ),
        *(
            subscription(
                layout, start_function(trigger), EVENTS, start_function(trigger), matching=_named(trigger.event)
            )
            for trigger in layout.on_events
        ),
        *_waiting(layout),
        *_told(layout),
    )


def _pushed(layout: Layout) -> set[str]:
    """The keys of the functions that messages are pushed to."""
    own = {EVENTS_SERVICE} if layout.listens else set()
    return {
        *own,
        *(start_function(trigger) for trigger in layout.started),
        *(webhook_function(secret) for secret in layout.hooks),
    }


# --- events ---------------------------------------------------------------------------------------------------------


def _waiting(layout: Layout) -> Iterator[Resources]:
    """What comes from outside goes to the runs that wait for it. What a flow emits is for the world outside, and says
    which app it is from."""
    if not layout.listens:
        return
    names = sorted({wait.event for wait in layout.waits if wait.kind == "event" and wait.event is not None})
    known = all(wait.event is not None for wait in layout.waits if wait.kind == "event")
    for index, matching in enumerate(_filters(names if known else [])):
        name = "events" if index == 0 else f"events-{index + 1}"
        yield subscription(layout, name, EVENTS, EVENTS_SERVICE, matching=matching)


_FROM_OUTSIDE = "NOT attributes:app"


def _filters(names: list[str]) -> list[str]:
    """Filters, as few as there can be, that let messages with these names pass; all names where there is none, or one
    that is too long."""
    found: list[str] = []
    passing: list[str] = []
    for name in names:
        if len(_filter([name]).encode()) > FILTER_BYTES:
            return [_FROM_OUTSIDE]
        if len(_filter([*passing, name]).encode()) > FILTER_BYTES:
            found.append(_filter(passing))
            passing = []
        passing.append(name)
    return [*found, _filter(passing)] if passing else [_FROM_OUTSIDE]


def _filter(names: list[str]) -> str:
    return f"{_FROM_OUTSIDE} AND ({' OR '.join(map(_named, names))})"


def _named(event: str) -> str:
    escaped = event.replace("\\", "\\\\").replace('"', '\\"')
    return plain(f'attributes.event = "{escaped}"')


# --- telling people -------------------------------------------------------------------------------------------------


def _told(layout: Layout) -> Iterator[Resources]:
    """Notifications go to web addresses."""
    for secret, notifiers in layout.hooks.items():
        function = webhook_function(secret)
        if layout.tells and any(notifier.approvals for notifier in notifiers):
            matching = audiences(layout, secret)
            yield subscription(layout, f"approvals-{secret}", APPROVALS, function, matching=matching)
        if any(notifier.alarms for notifier in notifiers):
            yield subscription(layout, f"alarms-{secret}", ALARMS, function)


def audiences(layout: Layout, secret: str) -> str | None:
    """Whom the notifiers of an address serve, as a filter: their own audiences, or everybody who has no notifier of
    their own; None: everybody."""
    asked = [notifier.to for notifier in layout.hooks[secret] if notifier.approvals]
    own = [f'attributes.to = "{audience}"' for audience in sorted({to for to in asked if to is not None})]
    if None not in asked:
        return plain(" OR ".join(own))
    served = sorted({other.to for other in layout.webhooks if other.to is not None and other.approvals} - {*asked})
    return plain(" AND ".join(f'NOT attributes.to = "{audience}"' for audience in served)) or None


# --- new objects ----------------------------------------------------------------------------------------------------


def _object(layout: Layout, trigger: ObjectCreated) -> Resources:
    """The bucket tells a topic of its own, whose messages start runs."""
    key = start_function(trigger)
    name = block_name(key)
    bucket = layout.owned[f"bucket {trigger.bucket.name}"]
    told = f"google_pubsub_topic.{name}"
    may = topic_member("storage", _STORAGE, told, key)
    arguments = {
        "bucket": ref(bucket, "name"),
        "topic": ref(told),
        "payload_format": "JSON_API_V1",
        "event_types": ["OBJECT_FINALIZE"],
        "object_name_prefix": plain(trigger.prefix) or None,
    }
    what = f"{trigger.bucket.name} starts {trigger.flow.name}"
    return merged(
        topic(layout, told, what),
        may,
        {f"google_storage_notification.{name}": resource("bucket notification", arguments, what, after=list(may))},
        subscription(layout, key, told, key),
    )


# --- the clock ------------------------------------------------------------------------------------------------------


def _schedules(layout: Layout) -> Iterator[Resources]:
    if layout.schedules:
        yield account(layout, _SCHEDULER, "Starts runs by the clock")
        yield project_member(_SCHEDULER, STARTS)
    for index, schedule in enumerate(layout.schedules):
        yield _schedule(layout, schedule, index)


def _schedule(layout: Layout, schedule: Schedule, index: int) -> Resources:
    """Cloud Scheduler asks Workflows for a run; no function stands between."""
    flow = schedule.flow.name
    given = written_input(schedule)
    body = json.dumps({"argument": given}, ensure_ascii=False)
    address = f"https://workflowexecutions.googleapis.com/v1/{ref(layout.workflow(flow))}/executions"
    target: Json = {
        "http_method": "POST",
        "uri": address,
        "headers": {"Content-Type": "application/json"},
        "body": f"${{base64encode({json.dumps(plain(body), ensure_ascii=False)})}}",
        "oauth_token": [{"service_account_email": ref(account_address(_SCHEDULER), "email"), "scope": _SCOPE}],
    }
    arguments = {
        "name": cloud_name(200, layout.prefix, flow, str(index)),
        "region": REGION,
        "description": f"Starts {flow}",
        "schedule": expression(schedule),
        "time_zone": schedule.timezone,
        "attempt_deadline": "30s",
        "retry_config": [
            {"retry_count": 5, "min_backoff_duration": "5s", "max_backoff_duration": "300s", "max_doublings": 5}
        ],
        "http_target": [target],
    }
    name = f"{flow} {schedule.cron or f'every {schedule.every:g} s'}"
    return {
        f"google_cloud_scheduler_job.{block_name(f'{flow}-{digest(name, given)}')}": resource(
            "schedule", arguments, name
        )
    }


def written_input(schedule: Schedule) -> str:
    """What the runs of a schedule start with, as JSON."""
    return json.dumps(scheduled_input(schedule), ensure_ascii=False, sort_keys=True)


def expression(schedule: Schedule) -> str:
    """The schedule as Cloud Scheduler writes it: in the format of crontab.

    https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules

    Raises:
        NoSuchSchedule: so many minutes do not divide an hour, or a day, evenly, which crontab cannot say.
    """
    if schedule.every is None:
        cron = Cron.parse(schedule.cron or "")
        fields = (cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays)
        return " ".join("*" if field is None else ",".join(map(str, field)) for field in fields)
    minutes = round(schedule.every / 60)
    if minutes < 60 and 60 % minutes == 0:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    if minutes % 60 == 0 and minutes <= _DAY and _DAY % minutes == 0:
        return "0 0 * * *" if minutes == _DAY else f"0 */{minutes // 60} * * *"
    raise NoSuchSchedule(f"every {minutes} minutes")
