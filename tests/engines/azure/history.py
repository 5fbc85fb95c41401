"""Events of an orchestration's history, as the extension hands them to the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azure.durable_functions.models.history import HistoryEventType as Kind

Event = dict[str, Any]


def event(kind: Kind, now: float, number: int, fields: Mapping[str, Any]) -> Event:
    """An event at a time in seconds since 1970."""
    return {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": moment(now), **fields}


def moment(now: float) -> str:
    """A time as .NET writes it: UTC, seven digits."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def seconds(text: str) -> float:
    """The seconds since 1970 of a time in an action."""
    return datetime.fromisoformat(text).timestamp()


def started(now: float) -> Event:
    """Begins an episode."""
    return event(Kind.ORCHESTRATOR_STARTED, now, -1, {})


def completed(now: float) -> Event:
    """Ends an episode."""
    return event(Kind.ORCHESTRATOR_COMPLETED, now, -1, {})
