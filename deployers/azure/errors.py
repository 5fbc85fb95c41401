"""Reads how an orchestration failed: back from its output to the error that the flow raised.

An orchestrator ends by raising the error as JSON text `{"type", "bases", "message"}`. Durable Functions puts words of
its own around it: `Orchestrator function 'answer' failed: …`, and what the SDK adds behind it. Everything else is the
engine's own and becomes a neutral error.
"""

from __future__ import annotations

import json
import re
from typing import Any

from skyloom.deployers.errors import task_failed, typed
from skyloom.flows.outcome import ErrorValue

_BEGIN = re.compile(r'\{"(?:type|bases|message)": ?["\[]')
_LONGEST = 2000
"""Characters of the engine's own words that are told."""


def decode(output: Any, step: str = "") -> ErrorValue:
    """The error that a failed orchestration, or a failed step of one, ended with.

    Args:
        output: what the engine says of the failure.
        step: the step that failed, for the message of an error of the engine's own.
    """
    text = output if isinstance(output, str) else json.dumps(output)
    decoder = json.JSONDecoder()
    for found in _BEGIN.finditer(text):
        try:
            error = typed(decoder.raw_decode(text, found.start())[0])
        except (ValueError, RecursionError):
            continue
        if error is not None:
            return error
    told = " ".join(text.split())[:_LONGEST] if output else "no reason is known"
    return task_failed(f"{step}: {told}" if step else told)
