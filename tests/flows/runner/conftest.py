"""Reads what a Prefect server has recorded, over its API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import Run

Record = dict[str, Any]


class Recorded:
    """What the server says of runs. The server writes behind: reading waits until it says what it should."""

    def __init__(self, address: ServerAddress) -> None:
        self.address = address
        self._http = httpx.Client(base_url=address.api_url, timeout=30)

    def flow_run(self, flow_run_id: str | None) -> Record:
        """One flow run."""
        assert flow_run_id is not None
        found: Record = self._read(self._http.get(f"/flow_runs/{flow_run_id}"))
        return found

    def flow_runs(self, run_id: str) -> list[Record]:
        """All flow runs of a Skyloom run, in the order in which they began."""
        asked = {"flow_runs": {"tags": {"all_": ["skyloom", run_id]}}, "sort": "EXPECTED_START_TIME_ASC"}
        found: list[Record] = self._read(self._http.post("/flow_runs/filter", json=asked))
        return found

    def states(self, run: Run) -> dict[str, str]:
        """The states of the task runs of a run's own flow run, by name."""
        return {found["name"]: found["state_name"] for found in self.task_runs(run.engine_run)}

    def task_runs(self, flow_run_id: str | None) -> list[Record]:
        """The task runs of a flow run, in the order in which they began."""
        asked = {"flow_runs": {"id": {"any_": [flow_run_id]}}, "sort": "EXPECTED_START_TIME_ASC"}
        found: list[Record] = self._read(self._http.post("/task_runs/filter", json=asked))
        return found

    def logs(self, flow_run_id: str | None) -> str:
        """What a flow run and its task runs have logged."""
        asked = {"logs": {"flow_run_id": {"any_": [flow_run_id]}}, "sort": "TIMESTAMP_ASC"}
        return "\n".join(line["message"] for line in self._read(self._http.post("/logs/filter", json=asked)))

    def artifacts(self, flow_run_id: str | None) -> dict[str, str]:
        """The artifacts of a flow run, by key."""
        asked = {"flow_runs": {"id": {"any_": [flow_run_id]}}}
        return {found["key"]: found["data"] for found in self._read(self._http.post("/artifacts/filter", json=asked))}

    def events(self, name: str) -> list[Record]:
        """The events of one name, newest first."""
        asked = {"filter": {"event": {"name": [name]}}, "limit": 50}
        found: list[Record] = self._read(self._http.post("/events/filter", json=asked))["events"]
        return found

    def paused(self, run_id: str) -> Record:
        """The flow run that asks people, as soon as it does."""
        found: list[Record] = []

        def one_is_paused() -> bool:
            found[:] = [known for known in self.flow_runs(run_id) if known["state_name"] == "Paused"]
            return len(found) == 1

        self.until(one_is_paused)
        return found[0]

    def resume(self, flow_run_id: str, answer: Record) -> Record:
        """Does what Prefect's pages do when somebody fills in the form."""
        told: Record = self._read(self._post(f"/flow_runs/{flow_run_id}/resume", {"run_input": answer}))
        return told

    def cancel(self, flow_run_id: str | None) -> None:
        """Does what Prefect's pages do when somebody presses Cancel."""
        state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        self._read(self._post(f"/flow_runs/{flow_run_id}/set_state", state))

    def _post(self, path: str, body: Record) -> httpx.Response:
        """Posts; again while the server says that its database is busy (503), as its own client does."""
        deadline = time.monotonic() + 60
        while True:
            answer = self._http.post(path, json=body)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return answer
            time.sleep(0.2)

    def until(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Waits for what the server will say."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the server did not say so in time"
            time.sleep(0.1)

    @staticmethod
    def _read(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def recorded(prefect_server: ServerAddress) -> Recorded:
    return Recorded(prefect_server)
