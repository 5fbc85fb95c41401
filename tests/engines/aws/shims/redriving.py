"""RedriveExecution, which MiniStack does not know: an execution that did not succeed goes on at the state that failed.

As AWS documents it (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html), the state is
scheduled anew with the same input; what happened before is kept. AWS runs of a Map or Parallel only the branches that
failed, this shim all of them.
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from engines.aws.machine.history import History
from engines.aws.machine.run import Place
from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

Json = Any


def place_of(events: list[dict[str, Any]]) -> Place:
    """Where an execution with this history failed."""
    entered = [event for event in events if event["type"].endswith("StateEntered")]
    chain = _outermost(events)
    last = [event for event in entered if event["id"] in chain][-1]
    variables: dict[str, Json] = {}
    for event in events:
        if event["id"] in chain and event["type"].endswith("StateExited"):
            given = event["stateExitedEventDetails"].get("assignedVariables", {})
            variables |= {name: json.loads(text) for name, text in given.items()}
    details = last["stateEnteredEventDetails"]
    return Place(details["name"], json.loads(details["input"]), variables, events[-1]["id"])


def _outermost(events: list[dict[str, Any]]) -> set[int]:
    """The events that are on the way back from the last one: those of branches that have ended are not."""
    before = {event["id"]: event.get("previousEventId", 0) for event in events}
    found, number = set(), events[-1]["id"]
    while number:
        found.add(number)
        number = before.get(number, 0)
    return found


def install(run: Callable[[dict[str, Json], dict[str, Json], Place], None]) -> None:
    """Puts the shim in place; `run` carries a recorded execution on."""

    def redrive(data: dict[str, Json]) -> Json:
        record = stepfunctions._executions.get(data.get("executionArn", ""))
        if record is None:
            return error_response_json("ExecutionDoesNotExist", "Execution Does Not Exist", 400)
        if record["status"] in ("RUNNING", "SUCCEEDED"):
            message = f"Execution is {record['status']} and cannot be redriven"
            return error_response_json("ExecutionNotRedrivable", message, 400)
        definition = json.loads(stepfunctions._state_machines[record["stateMachineArn"]]["definition"])
        count = record.get("redriveCount", 0) + 1
        place = place_of(record["events"])
        number = History(record["events"]).add("ExecutionRedriven", {"redriveCount": count}, place.last_event)
        for key in ("error", "cause"):
            record.pop(key, None)
        record |= {"status": "RUNNING", "redriveCount": count, "stopDate": None, "output": None}
        on = Place(place.state, place.input, place.variables, number)
        # The account and the region of the request stand in context variables.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run, record, definition, on), daemon=True).start()
        return json_response({"redriveDate": record["startDate"]})

    bare = stepfunctions.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Json) -> Json:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return stepfunctions._finalize_response(redrive(json.loads(body)))
        return await bare(method, path, headers, body, query)

    stepfunctions.handle_request = handle
