"""Runs a program on Prefect: steps as task runs, sub-flows and approvals as flow runs, large maps in batches.

Prefect shows the run and gives people a page to answer on. What the run resumes from is Skyloom's own record
(`skyloom.flows.runner.store`), so nothing here depends on Prefect having written something down.

This module loads Prefect only when a run starts, and quietly; the other `prefect_*` modules import it at their top.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Literal, TypeVar
from uuid import UUID

import httpx

from skyloom.errors import EngineError
from skyloom.flows.ir.program import FlowDefinition, PromptDefinition, TaskDefinition
from skyloom.flows.outcome import Json
from skyloom.flows.runner.engine import ApprovalRequest, Engine, EventRequest, Place
from skyloom.flows.runner.inline import DEFAULT_WIDTH, InlineEngine, RunContext
from skyloom.flows.runner.interpreter import Interpreter
from skyloom.flows.runner.ordered import run_in_order
from skyloom.flows.runner.server import ensure_server
from skyloom.flows.runner.store import Run

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from skyloom.flows.runner.prefect_approvals import Approvals
    from skyloom.flows.runner.prefect_flows import FlowRuns
    from skyloom.flows.runner.prefect_steps import StepRuns

T = TypeVar("T")

MOST_OWN_RUNS = 50
"""Up to so many items of a map, nested maps multiplied, have task runs of their own; above, batches have."""
_WATCH_SECONDS = 5.0
"""How often a run looks whether somebody cancelled it on Prefect's pages."""
_SHOWN_SLEEP = 1.0
"""Sleeps from so many seconds on are shown as task runs."""

_log = logging.getLogger("skyloom")


async def run_on_prefect(
    context: RunContext, interpreter: Interpreter, run: Run, progress: Callable[[str], None] = _log.info
) -> Json:
    """Carries a run on the user's Prefect server, and gives the flow's result.

    Args:
        progress: told in a line of text what takes time before the run starts.

    Raises:
        Raised: the flow ended with an error.
        EngineError: Prefect does not answer; the run can be resumed.
    """
    address = await asyncio.to_thread(ensure_server, progress)
    from skyloom.flows.runner.prefect_settings import load_prefect, run_settings

    prefect = load_prefect()
    with run_settings(address.api_url):
        try:
            async with _clients(prefect.context, address.api_url) as client:
                return await _carry(context, interpreter, run, client)
        except (httpx.HTTPError, prefect.exceptions.PrefectException) as error:
            text = str(error) or type(error).__name__
            raise EngineError(f"Prefect at {address.api_url} failed: {text}") from error


@asynccontextmanager
async def _clients(context: ModuleType, api_url: str) -> AsyncIterator[PrefectClient]:
    """The two clients, one of each kind, that all of Prefect's code finds inside the block."""
    from skyloom.flows.runner.prefect_transport import send_again_when_busy

    # Each would read all certificates of the world (25 ms), which nobody looks at without TLS.
    plain = {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)} if api_url.startswith("http:") else None
    sync, own = context.SyncClientContext(httpx_settings=plain), context.AsyncClientContext(httpx_settings=plain)
    for made in (sync, own):
        # Prefect makes a new client where this is not what a caller asks for, and its own code asks for None.
        made._httpx_settings = None
    if plain is not None:
        send_again_when_busy(own.client)
    with sync:
        async with own:
            yield own.client


async def _carry(context: RunContext, interpreter: Interpreter, run: Run, client: PrefectClient) -> Json:
    from skyloom.flows.runner.prefect_approvals import Approvals
    from skyloom.flows.runner.prefect_artifacts import save_graph, save_result
    from skyloom.flows.runner.prefect_flows import FlowRuns
    from skyloom.flows.runner.prefect_steps import StepRuns

    flow_runs = FlowRuns(client, run)
    if run.engine_run is not None:
        questions = context.store.waits("approval", run_id=run.id, open_only=False)
        await flow_runs.end_dead({UUID(wait.engine_run) for wait in questions if wait.engine_run})
    async with AsyncExitStack() as meanwhile:
        await meanwhile.enter_async_context(flow_runs.none_left())
        flow_run = await flow_runs.create(run.flow, run.id, run.input)
        context.store.set_engine_run(run.id, str(flow_run.id))
        inline = InlineEngine(context)
        parts = Parts(inline, StepRuns(context.observe), flow_runs, Approvals(inline, flow_runs))
        engine = PrefectEngine(parts, flow_run.id)
        await meanwhile.enter_async_context(_watched(client, flow_run.id, run, context))
        await meanwhile.enter_async_context(_beside(save_graph(client, flow_run.id, context.program)))

        async def body() -> Json:
            result = await interpreter.run(run.input, engine)
            await meanwhile.enter_async_context(_beside(save_result(client, flow_run.id, result)))
            return result

        return await flow_runs.carry(run.flow, flow_run, body)


@dataclass(frozen=True)
class Parts:
    """What the engines of one run share."""

    inline: InlineEngine
    steps: StepRuns
    flow_runs: FlowRuns
    approvals: Approvals


@dataclass(frozen=True)
class PrefectEngine:
    """Implements `Engine` for the steps of one flow run, `flow_run_id`.

    Attributes:
        width: how many items the maps around these steps have, multiplied.
    """

    parts: Parts
    flow_run_id: UUID
    width: int = 1

    async def task(self, place: Place, task: TaskDefinition, arguments: dict[str, Json]) -> Json:
        inline = self.parts.inline
        return await self.parts.steps.run(
            place, "call_task", task.name, lambda n: inline.attempt_task(place, task, arguments, n), task.retry
        )

    async def prompt(self, place: Place, prompt: PromptDefinition, arguments: dict[str, Json]) -> Json:
        inline = self.parts.inline
        return await self.parts.steps.run(
            place, "call_prompt", prompt.name, lambda n: inline.attempt_prompt(place, prompt, arguments), prompt.retry
        )

    async def flow(
        self, place: Place, flow: FlowDefinition, arguments: dict[str, Json], run: Callable[[Engine], Awaitable[Json]]
    ) -> Json:
        flow_runs = self.parts.flow_runs
        flow_run = await flow_runs.create_below(self.flow_run_id, place, flow.name, place.name, arguments)
        inner = replace(self, flow_run_id=flow_run.id)
        return await flow_runs.carry(flow.name, flow_run, lambda: run(inner))

    async def map(
        self, place: Place, count: int, limit: int | None, item: Callable[[int, Engine], Awaitable[T]]
    ) -> list[T]:
        width = self.width * count
        if width <= MOST_OWN_RUNS:
            inner = replace(self, width=width)
            return await run_in_order(count, limit or DEFAULT_WIDTH, lambda index: item(index, inner))
        from skyloom.flows.runner.prefect_batches import run_in_batches

        leaf = BatchedEngine(self.parts, self.flow_run_id)
        return await run_in_batches(place, count, limit or DEFAULT_WIDTH, lambda index: item(index, leaf))

    async def sleep(self, place: Place, seconds: float) -> None:
        if seconds < _SHOWN_SLEEP:
            await self.parts.inline.sleep(place, seconds)
        else:
            await self.parts.steps.run(place, "sleep", "sleep", lambda n: self.parts.inline.sleep(place, seconds))

    async def approval(self, place: Place, request: ApprovalRequest) -> Json:
        return await self.parts.approvals.ask(self.flow_run_id, place, request)

    async def wait_for(self, place: Place, request: EventRequest) -> Json:
        inline = self.parts.inline
        return await self.parts.steps.run(place, "wait_for", place.step, lambda n: inline.wait_for(place, request))

    async def emit(self, place: Place, event: str, payload: Json, key: str | None) -> None:
        await self.parts.inline.emit(place, event, payload, key)
        _emit(place, event, payload, key)

    async def sample(self, place: Place, function: Literal["now", "uuid"]) -> Json:
        return await self.parts.inline.sample(place, function)


class BatchedEngine(InlineEngine):
    """Implements `Engine` for the items of a batch: their steps run without task runs of their own, but for approvals,
    which people look for."""

    def __init__(self, parts: Parts, flow_run_id: UUID) -> None:
        super().__init__(parts.inline.run)
        self._parts = parts
        self._flow_run_id = flow_run_id

    async def approval(self, place: Place, request: ApprovalRequest) -> Json:
        return await self._parts.approvals.ask(self._flow_run_id, place, request)

    async def emit(self, place: Place, event: str, payload: Json, key: str | None) -> None:
        await super().emit(place, event, payload, key)
        _emit(place, event, payload, key)


def _emit(place: Place, event: str, payload: Json, key: str | None) -> None:
    from prefect.events import emit_event

    resource = {"prefect.resource.id": f"skyloom.run.{place.run_id}", "prefect.resource.name": place.run_id}
    if key is not None:
        resource["skyloom.key"] = key
    emit_event(f"skyloom.{event}", resource, payload={"payload": payload, "key": key, "step": place.name})


@asynccontextmanager
async def _beside(work: Awaitable[None]) -> AsyncIterator[None]:
    """Does something for Prefect's pages while the block runs; a failure of it is none of the run's."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        with suppress(Exception):
            await task


@asynccontextmanager
async def _watched(client: PrefectClient, flow_run_id: UUID, run: Run, context: RunContext) -> AsyncIterator[None]:
    """Hands a cancellation on Prefect's pages on to the run's own record, where its process looks for it."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            # Prefect may be out of reach for a while, and the run may have ended meanwhile.
            with suppress(httpx.HTTPError, EngineError):
                state = (await client.read_flow_run(flow_run_id)).state
                if state is not None and (state.is_cancelling() or state.is_cancelled()):
                    context.store.request_cancel(run.id)
                    return

    task = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
