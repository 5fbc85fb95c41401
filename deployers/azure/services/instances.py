"""The app's runs: orchestrations, reached through the durable client of a function.

The client works in the event loop of the worker, the services in threads. So what a service asks of the client is
handed to the loop, and the thread waits for it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from skyloom.adapters.hosts.durable_texts import input_text, result_of_run
from skyloom.deployers.azure.errors import decode
from skyloom.deployers.azure.services.surroundings import starts
from skyloom.deployers.services.delivery import Gone
from skyloom.deployers.services.starting import RunState, Status, TooLarge
from skyloom.deployers.services.starting_once import StartsOnce, short_name
from skyloom.deployers.services.waiting import Wait

Json = Any
T = TypeVar("T")

ORCHESTRATORS = Path(__file__).with_name("orchestrators.json")
"""The orchestrator of each flow, written into the package."""
LONGEST_INPUT = 256 * 1024
"""Bytes of a run's input. Durable Task Scheduler takes 1 MB, in which each quotation mark of JSON text counts twice.
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler#limitations"""
LONGEST_ANSWER = 256 * 1024
"""Bytes of what a run is handed, for the same reason."""

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
_SECONDS = 60.0
_STATUS: dict[str, Status] = {
    "Running": "running",
    "Pending": "running",
    "ContinuedAsNew": "running",
    "Suspended": "running",
    "Completed": "done",
    "Failed": "failed",
    "Terminated": "cancelled",
    "Canceled": "cancelled",
}


async def in_thread(client: Any, work: Callable[[Instances], T]) -> T:
    """What `work` gives, done in a thread; `client` is the durable client of the function."""
    return await asyncio.to_thread(work, Instances(client, asyncio.get_running_loop()))


class Instances:
    """The runs (`skyloom.deployers.services.starting.Runs`), and those of them that wait
    (`skyloom.deployers.services.delivery.WaitingRuns`). For threads other than the loop's."""

    longest = LONGEST_ANSWER

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def start(self, flow: str, given: Json, name: str) -> None:
        """Starts a run called `name`, unless there is one of that name and input. The client by itself would put it in
        the place of one that has ended. Raises TooLarge, Conflict, Starting."""
        text = input_text(given)
        if len(text.encode()) > LONGEST_INPUT:
            raise TooLarge(f"the input is larger than {LONGEST_INPUT} bytes")
        instance = instance_id(name)
        StartsOnce(starts()).begin(
            flow, name, given, lambda: self._existing(flow, instance), lambda: self._created(flow, instance, text)
        )

    def finish(self, flow: str, given: Json, name: str) -> RunState:
        """Durable Functions has no kind of orchestration that is over at once."""
        raise NotImplementedError("no flow on Azure is waited for")

    def state(self, flow: str, name: str) -> RunState | None:
        """How a run stands; None where there is none of that name."""
        found = self._status(instance_id(name))
        if found is not None and found.name.lower() == orchestrators()[flow].lower():
            return _state(found)
        begun = StartsOnce(starts()).known(flow, name) if found is None else None
        return None if begun is None or begun.execution else RunState(status="running", started=begun.at)

    def give(self, wait: Wait) -> None:
        """Hands the answer over. Raises Gone."""
        answer = json.dumps(wait.answer, ensure_ascii=False)
        try:
            self._call(self._client.raise_event(wait.execution, wait.token, answer))
        except Exception:
            # The client tells in words alone that there is no such instance, or that it has ended.
            found = self._status(wait.execution)
            if found is None or _status_of(found) != "running":
                raise Gone from None
            raise

    def _created(self, flow: str, instance: str, text: str) -> str:
        self._call(self._client.start_new(orchestrators()[flow], instance, text))
        return instance

    def _existing(self, flow: str, instance: str) -> str | None:
        return None if self._status(instance) is None else instance

    def _status(self, instance: str) -> Any | None:
        """How an instance stands; None where there is none."""
        return self._call(self._client.get_status(instance)) or None

    def _call(self, asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(_SECONDS)


def orchestrators() -> dict[str, str]:
    """The orchestrator of each flow of the app."""
    found: dict[str, str] = json.loads(ORCHESTRATORS.read_text(encoding="utf-8"))
    return found


def instance_id(name: str) -> str:
    """The id of the run that is called `name`: that itself where an instance may be called so."""
    return name if _PLAIN.fullmatch(name) else short_name(name)


def _status_of(found: Any) -> Status:
    return _STATUS[found.runtime_status.value]


def _state(found: Any) -> RunState:
    status = _status_of(found)
    return RunState(
        status=status,
        started=_seconds(found.created_time),
        ended=None if status == "running" else _seconds(found.last_updated_time),
        result=result_of_run(found.output) if status == "done" else None,
        error=decode(found.output) if status == "failed" else None,
    )


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
