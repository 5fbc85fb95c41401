"""What starts runs besides HTTP: the clock, new objects, messages, events. And what brings events to waiting runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from skyloom.deployers.aws.resources.layout import Layout, service_id
from skyloom.deployers.aws.resources.machines import BUS
from skyloom.deployers.aws.resources.permissions import KEY, allow, own_account, role, use_key
from skyloom.deployers.aws.resources.queues import DEAD_LETTERS
from skyloom.deployers.aws.resources.words import Json, Resources, arn, att, logical, ref, resource
from skyloom.deployers.declared import merged
from skyloom.deployers.inputs import scheduled_input
from skyloom.deployers.services_package import start_key
from skyloom.flows.cron import Cron
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.triggers import ObjectCreated, OnEvent, QueueMessage, Schedule

_EVENTS_RULE = "EventsRule"
_RETRIES = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 10}
"""Runs are started late rather than not at all, for an hour; then the event is kept in the dead-letter queue."""
_BATCH, _AT_ONCE = 10, 10
"""Messages that a function takes at a time, and functions that take messages at once."""


def triggers(layout: Layout) -> Resources:
    """The app's bus and everything that starts runs by itself."""
    return merged(
        *_bus(layout),
        *_schedules(layout),
        *(_object_rule(layout, trigger) for trigger in layout.objects),
        *(_mapping(layout, trigger) for trigger in layout.messages),
        *(_event_rule(trigger) for trigger in layout.on_events),
    )


def rule_ids(layout: Layout) -> list[str]:
    """The logical ids of all rules."""
    own = [_EVENTS_RULE] if layout.listens else []
    return [*own, *map(_rule_id, layout.objects), *map(_rule_id, layout.on_events)]


def _rule_id(trigger: ObjectCreated | OnEvent) -> str:
    if isinstance(trigger, OnEvent):
        return logical("Event", trigger.event, trigger.flow.name, trigger.parameter or "")
    return logical("Object", trigger.bucket.name, trigger.flow.name, trigger.prefix, trigger.suffix)


# --- events ---------------------------------------------------------------------------------------------------------


def _bus(layout: Layout) -> Iterator[Resources]:
    if layout.has_bus:
        yield {BUS: resource("AWS::Events::EventBus", {"Name": layout.prefix}, layout.app.name)}
    if layout.listens:
        names = sorted({wait.event for wait in layout.waits if wait.kind == "event" and wait.event is not None})
        known = all(wait.event is not None for wait in layout.waits if wait.kind == "event")
        # What a flow emits is for the world outside: it does not answer what another run waits for.
        pattern: Json = {"source": [{"anything-but": [f"skyloom.{layout.app.name}"]}]}
        yield _rule(_EVENTS_RULE, "events", "waiting runs", pattern | ({"detail-type": names} if known else {}))


def _event_rule(trigger: OnEvent) -> Resources:
    return _rule(_rule_id(trigger), start_key(trigger), trigger.event, {"detail-type": [trigger.event]})


def _rule(id_: str, service: str, name: str, pattern: Json) -> Resources:
    """A rule on the app's bus whose events go to a service function."""
    target = {
        "Id": "function",
        "Arn": att(service_id(service)),
        "RetryPolicy": _RETRIES,
        "DeadLetterConfig": {"Arn": att(DEAD_LETTERS)},
    }
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ref(service_id(service)),
        "Principal": "events.amazonaws.com",
        "SourceArn": att(id_),
    }
    return {
        id_: resource(
            "AWS::Events::Rule",
            {"EventBusName": ref(BUS), "EventPattern": pattern, "State": "ENABLED", "Targets": [target]},
            name,
        ),
        f"{id_}Permission": resource("AWS::Lambda::Permission", permission, name),
    }


# --- new objects ----------------------------------------------------------------------------------------------------


def _object_rule(layout: Layout, trigger: ObjectCreated) -> Resources:
    """S3 tells the account's own bus, whose rule starts the machine."""
    id_, flow = _rule_id(trigger), trigger.flow.name
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [ref(layout.owned[f"bucket {trigger.bucket.name}"])]}} | _key_pattern(trigger),
    }
    paths = {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key", "size": "$.detail.object.size"}
    parameter = _object_parameter(trigger, layout.parts.programs[flow].flow)
    machine = arn("states", f"stateMachine:{layout.machines[flow]}")
    target = {
        "Id": "flow",
        "Arn": machine,
        "RoleArn": att(f"{id_}Role"),
        "InputTransformer": {
            "InputPathsMap": paths,
            "InputTemplate": f'{{{json.dumps(parameter)}: {{"bucket": <bucket>, "key": <key>, "size": <size>}}}}',
        },
        "RetryPolicy": _RETRIES,
        "DeadLetterConfig": {"Arn": att(DEAD_LETTERS)},
    }
    name = f"{trigger.bucket.name} starts {flow}"
    trust = own_account("events", "rule/*")
    return {
        id_: resource("AWS::Events::Rule", {"EventPattern": pattern, "State": "ENABLED", "Targets": [target]}, name),
        f"{id_}Role": role("events.amazonaws.com", [allow("states:StartExecution", machine)], name, trust),
    }


def _key_pattern(trigger: ObjectCreated) -> Json:
    prefix, suffix = trigger.prefix, trigger.suffix
    if prefix and suffix:
        # A list of filters means one of them; a wildcard says both.
        start, end = (re.sub(r"([\\*])", r"\\\1", part) for part in (prefix, suffix))
        return {"object": {"key": [{"wildcard": f"{start}*{end}"}]}}
    if prefix or suffix:
        return {"object": {"key": [{"prefix": prefix} if prefix else {"suffix": suffix}]}}
    return {}


def _object_parameter(trigger: ObjectCreated, flow: FlowDefinition) -> str:
    from skyloom.flows.frontend.triggers import object_parameter

    found = object_parameter(trigger, flow)
    assert found is not None, "checked with the app"
    return found


# --- messages -------------------------------------------------------------------------------------------------------


def _mapping(layout: Layout, trigger: QueueMessage) -> Resources:
    queue = layout.owned[f"queue {trigger.queue.name}"]
    properties = {
        "EventSourceArn": att(queue),
        "FunctionName": ref(service_id(start_key(trigger))),
        "BatchSize": _BATCH,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": _AT_ONCE},
    }
    name = f"{trigger.queue.name} starts {trigger.flow.name}"
    id_ = logical("Message", trigger.queue.name, trigger.flow.name, trigger.parameter or "")
    return {id_: resource("AWS::Lambda::EventSourceMapping", properties, name)}


# --- the clock ------------------------------------------------------------------------------------------------------


def _schedules(layout: Layout) -> Iterator[Resources]:
    if layout.schedules:
        yield {
            "Schedules": resource("AWS::Scheduler::ScheduleGroup", {"Name": layout.prefix}, layout.app.name),
        }
    for index, schedule in enumerate(layout.schedules):
        yield _schedule(layout, schedule, index)


def _schedule(layout: Layout, schedule: Schedule, index: int) -> Resources:
    flow = schedule.flow.name
    id_, name = logical("Schedule", flow, str(index)), f"{flow} {schedule.cron or f'every {schedule.every:g} s'}"
    machine = arn("states", f"stateMachine:{layout.machines[flow]}")
    properties = {
        "GroupName": ref("Schedules"),
        "Description": f"Starts {flow}",
        "ScheduleExpression": expression(schedule),
        "ScheduleExpressionTimezone": schedule.timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "KmsKeyArn": att(KEY),
        "Target": {
            "Arn": machine,
            "RoleArn": att(f"{id_}Role"),
            "Input": json.dumps(scheduled_input(schedule), ensure_ascii=False, sort_keys=True),
            "RetryPolicy": _RETRIES,
            "DeadLetterConfig": {"Arn": att(DEAD_LETTERS)},
        },
    }
    statements = [
        allow("states:StartExecution", machine),
        allow("sqs:SendMessage", att(DEAD_LETTERS)),
        *use_key("scheduler", "sqs send"),
    ]
    trust = own_account("scheduler", f"schedule-group/{layout.prefix}")
    return {
        id_: resource("AWS::Scheduler::Schedule", properties, name),
        f"{id_}Role": role("scheduler.amazonaws.com", statements, f"schedule {name}", trust),
    }


def expression(schedule: Schedule) -> str:
    """The schedule as EventBridge Scheduler writes it: `cron(0 8 ? * 2-6 *)` counts days of the week from 1, Sunday.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    if schedule.every is not None:
        minutes = round(schedule.every / 60)
        return f"rate({minutes} minute{'s' if minutes > 1 else ''})"
    cron = Cron.parse(schedule.cron or "")
    weekdays = None if cron.weekdays is None else tuple(day + 1 for day in cron.weekdays)
    days = "?" if weekdays is not None else _field(cron.days)
    weekday = "?" if weekdays is None else _field(weekdays)
    return f"cron({_field(cron.minutes)} {_field(cron.hours)} {days} {_field(cron.months)} {weekday} *)"


def _field(values: tuple[int, ...] | None) -> str:
    """Runs of numbers as ranges: `0,15,30` and `2-6`."""
    if values is None:
        return "*"
    parts: list[tuple[int, int]] = []
    for value in values:
        if parts and value == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], value)
        else:
            parts.append((value, value))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
