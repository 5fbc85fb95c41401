"""Reads how an execution of Step Functions failed: back from its error and cause to the error that the flow raised.

Functions, `Fail` states and services all write the error as JSON text `{"type", "bases", "message"}`; Lambda wraps it
in `{"errorType", "errorMessage", "stackTrace"}`. Everything else is AWS's own and becomes a neutral error.
"""

from __future__ import annotations

import json
from typing import Any

from skyloom.deployers.errors import flow_timed_out, task_failed, task_timed_out, typed
from skyloom.flows.outcome import ErrorValue

_TIMEOUTS = ("States.Timeout", "States.HeartbeatTimeout", "Sandbox.Timedout")
_DEEPEST = 5
"""How many executions may stand inside each other's causes."""


def decode(error: str | None, cause: str | None, step: str = "") -> ErrorValue:
    """The error that a failed execution, or a failed step of one, ended with.

    Args:
        error: `error` of the execution: a class name, or one of AWS's (`States.Timeout`).
        cause: `cause` of the execution, whatever it holds.
        step: the step that failed, for the message of an error that AWS itself raised.
    """
    return _decoded(error or "", cause or "", step, _DEEPEST)


def _decoded(error: str, cause: str, step: str, depth: int) -> ErrorValue:
    found = _typed(_parsed(cause), depth)
    if found is not None:
        return found
    named = f"{step}: " if step else ""
    if error in _TIMEOUTS:
        return task_timed_out(step)
    told = ": ".join(part for part in (error, _plain(cause)) if part)
    return task_failed(f"{named}{told or 'no reason is known'}")


def _typed(document: Any, depth: int) -> ErrorValue | None:
    """The error in a document: as it stands, as Lambda wraps it, or as a child execution's failure holds it."""
    if not isinstance(document, dict) or depth == 0:
        return None
    found = typed(document)
    if found is not None:
        return found
    if isinstance(document.get("errorMessage"), str):
        return _typed(_parsed(document["errorMessage"]), depth - 1)
    if "ExecutionArn" in document and document.get("Status") == "TIMED_OUT":
        return flow_timed_out(str(document.get("StateMachineArn", "")).rpartition(":")[2] or "the flow")
    if "ExecutionArn" in document or ("Error" in document and "Cause" in document):
        return _decoded(str(document.get("Error") or ""), str(document.get("Cause") or ""), "", depth - 1)
    return None


def _plain(cause: str) -> str:
    """The readable part of a cause: what Lambda says happened, or the text itself."""
    document = _parsed(cause)
    if isinstance(document, dict) and isinstance(document.get("errorMessage"), str):
        return f"{document.get('errorType', 'Error')}: {document['errorMessage']}"
    return cause


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
