"""The errors that engines raise by themselves, as flows see them, and errors in the documents of clouds.

Functions, workflows and services all write an error as JSON `{"type", "bases", "message"}`.
"""

from __future__ import annotations

from typing import Any

from skyloom.flows.outcome import ErrorValue

# The bases of the neutral errors (`skyloom.errors`), nearest first, as `ErrorValue.of` would give them.
_FAILED = ("FlowError", "SkyloomError", "Exception")
_TIMED_OUT = ("FlowError", "SkyloomError", "TimeoutError", "OSError", "Exception")


def typed(document: Any) -> ErrorValue | None:
    """The error that a document `{"type", "bases", "message"}` holds; None where it is no such document."""
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("type"), str) and isinstance(document.get("bases"), list):
        return ErrorValue(document["type"], tuple(map(str, document["bases"])), str(document.get("message", "")))
    return None


def task_failed(message: str) -> ErrorValue:
    """The error of a step that the cloud could not carry out."""
    return ErrorValue("TaskFailed", _FAILED, message)


def task_timed_out(step: str) -> ErrorValue:
    """The error of a step that ran too long; `step` may be empty."""
    return ErrorValue("TaskTimedOut", _TIMED_OUT, f"{step or 'a step'} ran longer than its timeout")


def flow_timed_out(flow: str, seconds: float | None = None) -> ErrorValue:
    """The error of a run that took longer than its flow's timeout, in seconds where it is known."""
    told = f"{flow} ran longer than {seconds:g} s" if seconds is not None else f"{flow} ran longer than its timeout"
    return ErrorValue("FlowTimedOut", _TIMED_OUT, told)
