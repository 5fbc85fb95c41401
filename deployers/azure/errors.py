"""Reads how an orchestration failed: back from its output to the error that the flow raised."""

from __future__ import annotations

from typing import Any

from skyloom.adapters.hosts.durable_texts import error_of_run
from skyloom.deployers.errors import task_failed, typed
from skyloom.flows.outcome import ErrorValue

_LONGEST = 2000
"""Characters of the engine's own words that are told."""


def decode(output: Any, step: str = "") -> ErrorValue:
    """The error that a failed orchestration, or a failed step of one, ended with.

    Args:
        output: what the engine says of the failure.
        step: the step that failed, for the message of an error of the engine's own.
    """
    document = error_of_run(output) if output else {"message": "no reason is known"}
    found = typed(document)
    if found is not None and found.message != output:
        return found
    told = " ".join(str(document["message"]).split())[:_LONGEST]
    return task_failed(f"{step}: {told}" if step else told)
