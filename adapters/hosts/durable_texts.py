"""How a run's input, result and failure are written in Durable Functions: as JSON text, which nobody reads on the way.

The extension would read JSON itself again: dates would change their form, and numbers their digits.
"""

from __future__ import annotations

import json
from typing import Any

Json = Any

MOST_BYTES = 1_000_000
"""Of what Durable carries at once, as it writes it: the Durable Task Scheduler takes 1,048,576.
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-large-payloads"""
_MOST_GROWTH = 32
"""One sign becomes no more bytes, written as JSON twice."""


def too_large(text: str, times: int) -> int:
    """The bytes of a text that is written as JSON so many times on its way, where they are too many to be carried; else
    0. The SDK writes it once, and the task framework what an activity is given once more."""
    if len(text) * _MOST_GROWTH <= MOST_BYTES:
        return 0
    for _ in range(times):
        text = json.dumps(text)
    return len(text) if len(text) > MOST_BYTES else 0


def input_text(arguments: dict[str, Json]) -> str:
    """What an orchestration is started with: `client.start_new(name, run, input_text(arguments))`."""
    return json.dumps(arguments)


def read_text(told: Json) -> Json:
    """The JSON value of an input, an output, an activity's payload or an event, however often it is written as text.

    Only for what holds an object, or is no text inside: `result_of_run` reads a run's result.
    """
    while isinstance(told, str):
        told = json.loads(told)
    return told


def output_text(value: Json) -> str:
    """What an orchestration gives: a run's result."""
    return json.dumps(value)


def result_of_run(output: Json) -> Json:
    """The result of a run, from the output of its orchestration."""
    return json.loads(output) if isinstance(output, str) else output


def error_text(error: dict[str, Json]) -> str:
    """The message with which an orchestration fails: `{"type", "bases", "message"}`."""
    return json.dumps(error)


def error_of_run(output: Json) -> dict[str, Json]:
    """The error of a run, from what Durable says of its failure: `Orchestrator function 'answer' failed: {...}`.

    A failure that is not the flow's own has the type `TaskFailed`, and what Durable says as its message.
    """
    text = output if isinstance(output, str) else json.dumps(output)
    decoder = json.JSONDecoder()
    start = text.find('{"type"')
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(text, start)
        except ValueError:
            found = None
        if isinstance(found, dict) and found.keys() == {"type", "bases", "message"}:
            return found
        start = text.find('{"type"', start + 1)
    return {"type": "TaskFailed", "bases": ["FlowError", "SkyloomError", "Exception"], "message": text}
