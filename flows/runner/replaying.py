"""Goes through a recorded run again: its steps give what the record says, so that all its values can be looked at.

Nothing is carried out. What stands in no record was never carried out either, and stops the part of the run it is in.
"""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Literal, TypeVar

from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.outcome import Done, Failed, Json, Raised
from skyloom.flows.runner.engine import ApprovalRequest, Engine, EventRequest, Place
from skyloom.flows.runner.inline import DEFAULT_WIDTH
from skyloom.flows.runner.interpreter import Interpreter
from skyloom.flows.runner.journal import MemoryJournal, StepRecord
from skyloom.flows.runner.ordered import run_in_order
from skyloom.flows.runner.recorded import RecordedRun, RecordedValue
from skyloom.flows.runner.run_records import Run

T = TypeVar("T")

_AFTER_ID = re.compile(r"[\[.].*")
"""What a path has behind a step's id: rounds, items, branches."""

_LOOK_SECONDS = 0.01
"""How often a run in which something waits for ever is looked at."""
_QUIET_LOOKS = 5
"""Looks in a row without a step after which nothing more comes of it."""


def replayed(program: Program, run: Run, records: Iterable[StepRecord]) -> RecordedRun:
    """The values of a run.

    Args:
        program: the program that the run was started with (`Run.program` is its digest).
        records: the finished steps of the run.
    """
    known = {record.path: record for record in records}
    engine = _Replaying(program, known)
    journal = MemoryJournal()
    # Who of a race was first, only the record knows.
    journal.records |= {path: record for path, record in known.items() if record.kind == "race"}
    asyncio.run(_to_the_end(Interpreter(program, run.id, journal).run(dict(run.input), engine), engine))
    done = run.status == "done"
    return RecordedRun(
        id=run.id,
        flow=run.flow,
        input=run.input,
        result=run.result if done else None,
        is_done=done,
        values=tuple(engine.values),
    )


async def _to_the_end(work: Awaitable[Json], engine: _Replaying) -> None:
    """As far as the record goes."""
    working = asyncio.ensure_future(work)
    quiet, before = 0, -1
    while not working.done() and quiet < _QUIET_LOOKS:
        waiting = engine.is_waiting
        await asyncio.wait({working}, timeout=_LOOK_SECONDS)
        quiet = quiet + 1 if waiting and engine.asked == before else 0
        before = engine.asked
    working.cancel()
    await asyncio.wait({working})
    if not working.cancelled() and (problem := working.exception()) is not None and not isinstance(problem, Raised):
        raise problem


class _Replaying:
    """Implements `Engine` with the record of a run."""

    def __init__(self, program: Program, records: Mapping[str, StepRecord]) -> None:
        self.values: list[RecordedValue] = []
        self.asked = 0
        self.is_waiting = False
        self._main = program.main
        self._called_flows = {
            (name, statement.id): statement.flow
            for name, flow in program.flows.items()
            for statement in ir.walk(flow.body)
            if isinstance(statement, ir.CallFlow)
        }
        self._records = records

    async def task(self, place: Place, task: TaskDefinition, arguments: dict[str, Json]) -> Json:
        return await self._called(place, arguments)

    async def prompt(self, place: Place, prompt: PromptDefinition, arguments: dict[str, Json]) -> Json:
        return await self._called(place, arguments)

    async def flow(
        self, place: Place, flow: FlowDefinition, arguments: dict[str, Json], run: Callable[[Engine], Awaitable[Json]]
    ) -> Json:
        self._note(place, "given", arguments)
        match self._records.get(place.path):
            case StepRecord(outcome=Failed(error=error)) if error.type == "FlowTimedOut":
                raise Raised(error)
            case _:
                return await run(self)

    async def map(
        self, place: Place, count: int, limit: int | None, item: Callable[[int, Engine], Awaitable[T]]
    ) -> list[T]:
        found = await run_in_order(count, limit or DEFAULT_WIDTH, lambda index: item(index, self))
        self._note(place, "list", [value for values in found if isinstance(values, list) for value in values])
        return found

    async def sleep(self, place: Place, seconds: float) -> None:
        await self._outcome(place)

    async def approval(self, place: Place, request: ApprovalRequest) -> Json:
        return await self._called(place, {"message": request.message, "show": request.show})

    async def wait_for(self, place: Place, request: EventRequest) -> Json:
        return await self._given(place)

    async def emit(self, place: Place, event: str, payload: Json, key: str | None) -> None:
        self._note(place, "given", payload)
        await self._outcome(place)

    async def sample(self, place: Place, function: Literal["now", "uuid"]) -> Json:
        return await self._outcome(place)

    async def _called(self, place: Place, given: Json) -> Json:
        self._note(place, "given", given)
        return await self._given(place)

    async def _given(self, place: Place) -> Json:
        value = await self._outcome(place)
        self._note(place, "gives", value)
        return value

    async def _outcome(self, place: Place) -> Json:
        """What the record says. Raises Raised; waits for ever where it says nothing."""
        self.asked += 1
        match self._records.get(place.path):
            case StepRecord(outcome=Done(value=value)):
                return value
            case StepRecord(outcome=Failed(error=error)):
                raise Raised(error)
            case _:
                self.is_waiting = True
                return await asyncio.Event().wait()

    def _note(self, place: Place, what: Literal["given", "gives", "list"], value: Json) -> None:
        # What the flow changes later is not what the step gave.
        self.values.append(RecordedValue(self._flow_of(place), place.step, what, copy.deepcopy(value)))

    def _flow_of(self, place: Place) -> str:
        """The flow in which the step stands: the last one that the path goes into."""
        name = self._main
        for part in place.path.split("/")[1:-1]:
            step = _AFTER_ID.sub("", part)
            name = self._called_flows.get((name, step), name)
        return name
