"""An orchestration as Durable Functions' HTTP API tells it: how it stands, and its history.

`ConvertFrom` in https://github.com/Azure/azure-functions-durable-extension/blob/dev/src/WebJobs.Extensions.DurableTask/HttpApiHandler.cs
and `GetDurableOrchestrationStatusAsync` in ContextImplementations/DurableClient.cs of the same.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from azure.durable_functions.models.history import HistoryEventType as Kind
from engines.azure.instance import Instance
from engines.azure.newtonsoft import reread

Json = Any

_NAMES = {
    Kind.EXECUTION_STARTED: "ExecutionStarted",
    Kind.TASK_SCHEDULED: "TaskScheduled",
    Kind.TASK_COMPLETED: "TaskCompleted",
    Kind.TASK_FAILED: "TaskFailed",
    Kind.SUB_ORCHESTRATION_INSTANCE_CREATED: "SubOrchestrationInstanceCreated",
    Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED: "SubOrchestrationInstanceCompleted",
    Kind.SUB_ORCHESTRATION_INSTANCE_FAILED: "SubOrchestrationInstanceFailed",
    Kind.TIMER_CREATED: "TimerCreated",
    Kind.TIMER_FIRED: "TimerFired",
    Kind.EVENT_RAISED: "EventRaised",
}
"""What is told; the rest, such as the beginnings and ends of episodes, is left out."""
_SCHEDULED = ("TaskScheduled", "SubOrchestrationInstanceCreated")
_HIDDEN = ("EventId", "IsPlayed", "Input", "TaskScheduledId", "TimerId", "Version")


def told(instance: Instance, *, inputs: bool, history: bool = False, outputs: bool = False) -> dict[str, Json]:
    """How an orchestration stands."""
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": _parsed(instance.input) if inputs else None,
        "customStatus": _parsed(instance.custom_status),
        "output": _parsed(instance.output),
        "createdTime": _second(instance.created),
        "lastUpdatedTime": _second(instance.updated or instance.created),
        "historyEvents": _history(instance, outputs) if history and instance.status != "Pending" else None,
    }


def _history(instance: Instance, outputs: bool) -> list[dict[str, Json]]:
    """What has happened; what was scheduled and has ended is told with its end alone."""
    found: list[dict[str, Json]] = []
    scheduled: dict[int, dict[str, Json]] = {}
    for event in instance.history:
        kind = _NAMES.get(Kind(event["EventType"]))
        if kind is None:
            continue
        item = {name: value for name, value in event.items() if name not in _HIDDEN} | {"EventType": kind}
        if kind in _SCHEDULED:
            scheduled[event["EventId"]] = item
        elif "TaskScheduledId" in event and event["TaskScheduledId"] in scheduled:
            begun = scheduled[event["TaskScheduledId"]]
            found.remove(begun)
            item |= {"ScheduledTime": begun["Timestamp"], "FunctionName": begun["Name"]}
        if kind == "ExecutionStarted":
            item["FunctionName"] = item.pop("Name")
        _with_result(item, outputs)
        found.append(item)
    return found + _end(instance, outputs)


def _end(instance: Instance, outputs: bool) -> list[dict[str, Json]]:
    if not instance.over:
        return []
    end: dict[str, Json] = {"EventType": "ExecutionCompleted", "OrchestrationStatus": instance.status}
    if instance.status == "Terminated":
        end = {"EventType": "ExecutionTerminated", "Reason": instance.value}
    else:
        end["Result"] = instance.output
    _with_result(end, outputs)
    return [{**end, "Timestamp": datetime.fromtimestamp(instance.updated, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")}]


def _with_result(item: dict[str, Json], outputs: bool) -> None:
    if "Result" in item:
        result = item.pop("Result")
        if outputs:
            item["Result"] = _parsed(result)


def _parsed(text: str | None) -> Json:
    """A text as JSON, read as the extension reads it."""
    return None if text is None else json.loads(reread(text))


def _second(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
