"""Starts executions of the app's workflows, and tells how they stand.

Workflows gives executions ids of its own and knows no repeated requests. So a run that was given a name has an object
in the app's bucket, `starts/<flow>/<name>.json`, which only the first can write; it tells the execution. The execution
has the name as its label, so that one is found again whose start was cut off before it was written down.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.errors import task_failed
from skyloom.deployers.gcp.errors import decode
from skyloom.deployers.gcp.services.objects import Changed, Found, Objects
from skyloom.deployers.services.starting import Conflict, RunState, Status, TooLarge

Json = Any

LONGEST_INPUT = 32 * 1024
"""Bytes of an execution's argument.
https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions"""
LABEL = "skyloom-start"
_CUT_OFF_SECONDS = 60.0
"""When a start that was not written down to its end is taken for cut off: a function's own time is over by then."""

_STATUS: Mapping[str, Status] = {
    "ACTIVE": "running",
    "QUEUED": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "UNAVAILABLE": "failed",
    "CANCELLED": "cancelled",
}


class Starting(Exception):
    """The same run is being started right now; it is known in a moment."""


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
        self._apis, self._objects, self._place, self._names = apis, objects, place, names

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
        claim = {"input": hashlib.sha256(_canonical(given)).hexdigest(), "execution": "", "at": time.time()}
        execution: str | None = None
        try:
            generation = self._write(flow, name, claim, "0")
        except Changed:
            taken = self._taken(flow, name, claim["input"])
            if taken is None:
                return
            generation, execution = taken, self._found(flow, name)
        execution = execution or self._created(flow, name, text)
        self._write(flow, name, {**claim, "execution": execution}, generation)

    def _taken(self, flow: str, name: str, digest: Json) -> str | None:
        """Of a run that somebody has begun to start: None where it is there, else the generation to go on from."""
        found = self._claim(flow, name)
        if found is None:
            raise Starting(name)
        if found.document["input"] != digest:
            raise Conflict(name)
        if found.document["execution"]:
            return None
        if time.time() - found.document["at"] < _CUT_OFF_SECONDS:
            raise Starting(name)
        return found.generation

    def _created(self, flow: str, name: str, text: str) -> str:
        asked = {"argument": text, "labels": {LABEL: _label(name)}}
        return str(self._apis.post("workflowexecutions", f"v1/{self._path(flow)}/executions", asked).json()["name"])

    def _found(self, flow: str, name: str) -> str | None:
        """An execution that was started under the name. Only asked where a start was cut off."""
        query = {"filter": f'labels.{LABEL}="{_label(name)}"', "pageSize": "1"}
        path = f"v1/{self._path(flow)}/executions"
        rows = self._apis.call("workflowexecutions", "GET", path, query=query).json().get("executions", [])
        return str(rows[0]["name"]) if rows else None

    def finish(self, flow: str, given: Json, name: str) -> RunState:
        """Workflows has no kind of workflow whose runs are over at once."""
        raise NotImplementedError("no flow on Google Cloud is waited for")

    def state(self, flow: str, name: str) -> RunState | None:
        """How a run stands; None where there is none of that name."""
        found = self._claim(flow, name)
        if found is None:
            return None
        if not found.document["execution"]:
            return RunState(status="running", started=found.document["at"])
        path = f"v1/{found.document['execution']}"
        reply = self._apis.call("workflowexecutions", "GET", path, query={"view": "FULL"}, accept=(404,))
        return None if reply.status == 404 else _state(reply.json())

    def _claim(self, flow: str, name: str) -> Found | None:
        return self._objects.read(_object(flow, name))

    def _write(self, flow: str, name: str, claim: Mapping[str, Json], before: str) -> str:
        return self._objects.write(_object(flow, name), claim, before=before, until=claim["at"])

    def _path(self, flow: str) -> str:
        return f"{self._place}/workflows/{self._names[flow]}"


def _object(flow: str, name: str) -> str:
    return f"starts/{flow}/{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _label(name: str) -> str:
    """The name as the value of a label: at most 63 lower-case letters and digits."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _canonical(given: Json) -> bytes:
    return json.dumps(given, sort_keys=True, ensure_ascii=False).encode()


def _state(found: Mapping[str, Json]) -> RunState:
    status = _STATUS[found["state"]]
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
