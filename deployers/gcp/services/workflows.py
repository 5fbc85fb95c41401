"""Starts executions of the app's workflows, and tells how they stand.

Workflows gives executions ids of its own and knows no repeated requests: `skyloom.deployers.services.starting_once`. An
execution has the name of its run as its label, so that one is found again whose start was cut off before it was written
down.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.errors import task_failed
from skyloom.deployers.gcp.errors import decode
from skyloom.deployers.services.objects import Objects
from skyloom.deployers.services.starting import RunState, Status, TooLarge
from skyloom.deployers.services.starting_once import StartsOnce, short_name

Json = Any

LONGEST_INPUT = 32 * 1024
"""Bytes of an execution's argument.
https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions"""
LABEL = "skyloom-start"

STATUS: Mapping[str, Status] = {
    "ACTIVE": "running",
    "QUEUED": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "UNAVAILABLE": "failed",
    "CANCELLED": "cancelled",
}


def workflows() -> dict[str, str]:
    """The workflows that this function may start, by flow: `SKYLOOM_WORKFLOWS`, a JSON object."""
    found: dict[str, str] = json.loads(os.environ["SKYLOOM_WORKFLOWS"])
    return found


class Workflows:
    """The app's runs (`skyloom.deployers.services.starting.Runs`).

    Args:
        place: `projects/<project>/locations/<region>`.
        names: the ids of the workflows, by flow.
    """

    def __init__(self, apis: Apis, objects: Objects, place: str, names: Mapping[str, str]) -> None:
        self._apis, self._once, self._place, self._names = apis, StartsOnce(objects), place, names

    def start(self, flow: str, given: Json, name: str) -> None:
        """Starts a run called `name`, unless there is one of that name and input.

        Raises:
            TooLarge: the input is too large.
            Conflict: there is a run of that name with another input.
            Starting: another process is starting it.
        """
        text = json.dumps(given, ensure_ascii=False, allow_nan=False)
        if len(text.encode()) > LONGEST_INPUT:
            raise TooLarge(f"the input is larger than {LONGEST_INPUT} bytes")
        self._once.begin(flow, name, given, lambda: self._found(flow, name), lambda: self._created(flow, name, text))

    def _created(self, flow: str, name: str, text: str) -> str:
        asked = {"argument": text, "labels": {LABEL: short_name(name)}}
        return str(self._apis.post("workflowexecutions", f"v1/{self._path(flow)}/executions", asked).json()["name"])

    def _found(self, flow: str, name: str) -> str | None:
        """An execution that was started under the name. Only asked where a start was cut off."""
        query = {"filter": f'labels.{LABEL}="{short_name(name)}"', "pageSize": "1"}
        path = f"v1/{self._path(flow)}/executions"
        rows = self._apis.call("workflowexecutions", "GET", path, query=query).json().get("executions", [])
        return str(rows[0]["name"]) if rows else None

    def finish(self, flow: str, given: Json, name: str) -> RunState:
        """Workflows has no kind of workflow whose runs are over at once."""
        raise NotImplementedError("no flow on Google Cloud is waited for")

    def state(self, flow: str, name: str) -> RunState | None:
        """How a run stands; None where there is none of that name."""
        begun = self._once.known(flow, name)
        if begun is None:
            return None
        if not begun.execution:
            return RunState(status="running", started=begun.at)
        reply = self._apis.call(
            "workflowexecutions", "GET", f"v1/{begun.execution}", query={"view": "FULL"}, accept=(404,)
        )
        return None if reply.status == 404 else _state(reply.json())

    def _path(self, flow: str) -> str:
        return f"{self._place}/workflows/{self._names[flow]}"


def _state(found: Mapping[str, Json]) -> RunState:
    status = STATUS[found["state"]]
    error = None
    if found["state"] == "UNAVAILABLE":
        error = task_failed("the execution cannot be read")
    elif status == "failed":
        error = decode((found.get("error") or {}).get("payload"))
    return RunState(
        status=status,
        started=_seconds(found["startTime"]),
        ended=_seconds(found["endTime"]) if found.get("endTime") else None,
        result=json.loads(found["result"]) if status == "done" else None,
        error=error,
    )


def _seconds(moment: str) -> float:
    whole, _, digits = moment.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{digits or 0}")
