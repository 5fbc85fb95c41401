"""Flow runs in Prefect: made, carried, ended, and, when their process died, put right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow, get_run_logger
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending

from skyloom.flows.outcome import Json, Raised
from skyloom.flows.runner.engine import Place
from skyloom.flows.runner.prefect_sigterm import leave_sigterm_alone
from skyloom.flows.runner.store import Run

TAG = "skyloom"
_MOST_SHOWN = 100_000
"""Characters of parameters that Prefect is given; it refuses far more than that."""
_UNENDED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]
_PAGE = 200


class FlowRuns:
    """The flow runs of one Skyloom run: its own, and those of sub-flows and approvals. All carry its id as a tag."""

    def __init__(self, client: PrefectClient, run: Run) -> None:
        self.client = client
        self._run = run

    async def create(self, flow: str, name: str, parameters: dict[str, Json], parent: UUID | None = None) -> FlowRun:
        """A new, pending flow run; `parent` is the task run that stands for it in the flow run above it."""
        return await self.client.create_flow_run(
            self._flow(flow),
            name=name,
            parameters=_bounded(parameters),
            tags=[TAG, self._run.id],
            state=Pending(),
            parent_task_run_id=parent,
        )

    async def create_below(
        self, parent: UUID, place: Place, flow: str, name: str, parameters: dict[str, Json]
    ) -> FlowRun:
        """A new, pending flow run inside the flow run `parent`."""
        return await self.create(flow, name, parameters, await self._stand_in(parent, place, flow))

    async def carry(self, flow: str, flow_run: FlowRun, body: Callable[[], Awaitable[Json]]) -> Json:
        """Runs `body` as the flow run. Raises what `body` raises; Prefect sees it as the flow run's final state."""
        carried = _Carried(body)
        leave_sigterm_alone()
        try:
            await run_flow_async(self._flow(flow, carried.run), flow_run=flow_run, return_type="state")
        except Exception:
            # The flow has ended, and Prefect could not write that down: what counts is in Skyloom's own record.
            if not carried.ended:
                raise
        return carried.outcome()

    async def end(self, flow_run_id: UUID, state: State[Any]) -> None:
        """Puts a flow run that nobody carries into its final state."""
        await self.client.set_flow_run_state(flow_run_id, state, force=True)

    @asynccontextmanager
    async def none_left(self) -> AsyncIterator[None]:
        """Ends what is left where the block is cancelled, such as a flow run that was just being made."""
        try:
            yield
        except asyncio.CancelledError:
            with suppress(httpx.HTTPError, PrefectException):
                await self._end_left(Cancelled(message="cancelled by Skyloom"), kept=())
            raise

    async def end_dead(self, kept: Collection[UUID]) -> None:
        """Sets what an earlier process of the run left unfinished to Crashed, but for the flow runs in `kept`."""
        message = "the process of this run ended; Skyloom resumed it in another one"
        await self._end_left(Crashed(message=message), kept)

    async def _end_left(self, state: State[Any], kept: Collection[UUID]) -> None:
        unended = FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG, self._run.id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNENDED)),
        )
        dead = [run for run in await self.client.read_flow_runs(flow_run_filter=unended) if run.id not in kept]
        if not dead:
            return
        running = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=_UNENDED)))
        among = FlowRunFilter(id=FlowRunFilterId(any_=[run.id for run in dead]))
        for task_run in await self.client.read_task_runs(task_run_filter=running, flow_run_filter=among, limit=_PAGE):
            await self.client.set_task_run_state(task_run.id, state, force=True)
        for flow_run in dead:
            await self.end(flow_run.id, state)

    async def _stand_in(self, parent: UUID, place: Place, flow: str) -> UUID:
        """A task run that stands for a flow run in the flow run above it."""
        body = {
            "flow_run_id": str(parent),
            "task_key": flow,
            "dynamic_key": place.path,
            "name": place.name,
            "state": {"type": "PENDING"},
        }
        # Not by `create_task_run`, which wants a Prefect task. The same body again finds the task run that it has made.
        return UUID((await self.client._client.post("/task_runs/", json=body)).json()["id"])

    def _flow(self, name: str, body: Callable[[], Awaitable[State[Any]]] | None = None) -> Flow[..., Any]:
        return Flow(
            body or _nothing,
            name=name,
            version=self._run.program[:12],
            persist_result=False,
            validate_parameters=False,
        )


class _Carried:
    """A flow on its way through a flow run; its outcome stays here, as a step's does."""

    def __init__(self, body: Callable[[], Awaitable[Json]]) -> None:
        self._body = body
        self._value: Json = None
        self._error: BaseException | None = None
        self.ended = False

    async def run(self) -> State[Any]:
        try:
            self._value = await self._body()
            state: State[Any] = Completed()
        except Raised as raised:
            self._error, state = raised, Failed(message=str(raised))
            get_run_logger().error(str(raised))
        except asyncio.CancelledError as stopped:
            self._error, state = stopped, Cancelled(message="cancelled by Skyloom")
        except Exception as error:
            self._error, state = error, Crashed(message=f"{type(error).__name__}: {error}")
        self.ended = True
        return state

    def outcome(self) -> Json:
        if self._error is not None:
            raise self._error
        return self._value


async def _nothing() -> None:
    """Stands for a flow or task that others carry out."""


def _bounded(parameters: dict[str, Json]) -> dict[str, Json]:
    size = len(json.dumps(parameters))
    return parameters if size <= _MOST_SHOWN else {"omitted": f"{size} characters of input"}
