"""Limits that the task hub keeps."""

from __future__ import annotations

import re

PAYLOAD_BYTES = 1_048_576
"""https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler"""
STATUS_KB = 16
"""Of UTF-16. https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-custom-orchestration-status"""
ID_CHARACTERS = 100
"""https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-instance-management"""


class TooLarge(AssertionError):
    """Something does not fit."""


def check_payload(text: str, what: str) -> None:
    """An input, a result, an event."""
    if len(text.encode()) > PAYLOAD_BYTES:
        raise TooLarge(f"{what} has {len(text.encode())} bytes")


def check_status(text: str) -> None:
    """A custom status."""
    if len(text.encode("utf-16-le")) > STATUS_KB * 1024:
        raise TooLarge(f"a custom status of {len(text)} characters")


def check_id(instance_id: str) -> None:
    """The id of an orchestration."""
    if not 1 <= len(instance_id) <= ID_CHARACTERS:
        raise TooLarge(f"an instance id has 1 to {ID_CHARACTERS} characters, not {len(instance_id)}")
    if instance_id.startswith("@") or re.search(r"[/\\#?\x00-\x1f\x7f-\x9f]", instance_id):
        raise TooLarge(f"an instance id must not have / \\ # ? or control characters: {instance_id!r}")
