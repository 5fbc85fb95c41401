"""Limits that the task hub keeps."""

from __future__ import annotations

import json
import re

PAYLOAD_BYTES = 1_048_576
"""Of inputs and outputs, in UTF-8, as .NET has serialized them.
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-large-payloads"""
STATUS_KB = 16
"""Of UTF-16. https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-custom-orchestration-status"""
ID_CHARACTERS = 100
"""https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler, and for
signs https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-orchestrations"""


class TooLarge(AssertionError):
    """Something does not fit."""


def check_payload(text: str, what: str) -> None:
    """An input, a result, an event."""
    if len(text.encode()) > PAYLOAD_BYTES:
        raise TooLarge(f"{what} has {len(text.encode())} bytes")


def check_activity(payload: str, what: str) -> None:
    """The input of an activity: a text, which the task framework writes as the one element of a list. Every quote in it
    counts twice.

    https://github.com/Azure/durabletask/blob/main/src/DurableTask.Core/TaskOrchestrationContext.cs
    (ScheduleTaskInternal)
    """
    check_payload(json.dumps([payload], ensure_ascii=False), what)


def check_status(text: str) -> None:
    """A custom status."""
    if len(text.encode("utf-16-le")) > STATUS_KB * 1024:
        raise TooLarge(f"a custom status of {len(text)} characters")


def check_id(instance_id: str) -> None:
    """The id of an orchestration."""
    if not 1 <= len(instance_id) <= ID_CHARACTERS:
        raise TooLarge(f"an instance id has 1 to {ID_CHARACTERS} characters, not {len(instance_id)}")
    if instance_id.startswith("@") or not re.fullmatch(r"[ -~]+", instance_id) or set(instance_id) & set("/\\#?"):
        raise TooLarge(f"an instance id is of printable ASCII without / \\ # ?: {instance_id!r}")
