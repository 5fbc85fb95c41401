"""Reads how an execution of Workflows failed: back from its payload to the error that the flow raised.

Functions and workflows write the error as a map `{"type", "bases", "message"}`; what a function answers comes wrapped
in the map of a failed request. Everything else is Workflows' own and becomes a neutral error.
https://cloud.google.com/workflows/docs/reference/syntax/error-types
"""

from __future__ import annotations

import json
from typing import Any

from skyloom.deployers.errors import task_failed, task_timed_out, typed
from skyloom.flows.outcome import ErrorValue

_DEEPEST = 5
"""How many executions may stand inside each other's errors."""


def decode(payload: str | None, step: str = "") -> ErrorValue:
    """The error that a failed execution, or a failed step of one, ended with.

    Args:
        payload: `error.payload` of the execution: JSON text, or plain text.
        step: the step that failed, for the message of an error that Workflows itself raised.
    """
    document = _parsed(payload or "")
    found = _flow_error(document, _DEEPEST)
    if found is not None:
        return found
    if isinstance(document, dict) and "TimeoutError" in (document.get("tags") or ()):
        return task_timed_out(step)
    told = _plain(document) or "no reason is known"
    return task_failed(f"{step}: {told}" if step else told)


def _flow_error(document: Any, depth: int) -> ErrorValue | None:
    """The error in a document: as it stands, as text, as a function answers it, or as a failed execution holds it."""
    if depth == 0:
        return None
    if isinstance(document, str):
        inner = _parsed(document)
        return None if isinstance(inner, str) else _flow_error(inner, depth - 1)
    if not isinstance(document, dict):
        return None
    found = typed(document)
    if found is not None:
        return found
    for key in ("error", "body", "payload"):
        inner_error = _flow_error(document.get(key), depth - 1)
        if inner_error is not None:
            return inner_error
    return None


def _plain(document: Any) -> str:
    """The readable part of an error of Workflows' own."""
    if isinstance(document, dict):
        tags = ", ".join(map(str, document.get("tags") or ()))
        return ": ".join(part for part in (tags, str(document.get("message") or "")) if part)
    return str(document)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
