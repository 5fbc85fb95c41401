"""Carries out steps in this process, without Prefect: attempts, retries, timeouts, and waits kept in the store."""

from __future__ import annotations

import asyncio
import contextvars
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, cast

from skyloom.errors import ApprovalTimedOut, EventTimedOut, TaskFailed, TaskTimedOut
from skyloom.flows import invoke, values
from skyloom.flows.definitions import Prompt, Task
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, RetryPolicy, TaskDefinition
from skyloom.flows.outcome import Json, Raised
from skyloom.flows.prompting import ModelSource, ask
from skyloom.flows.retrying import delay_before, idempotency_key, is_retried
from skyloom.flows.runner.engine import ApprovalRequest, Engine, EventRequest, Place
from skyloom.flows.runner.events import RunEvent, ignore
from skyloom.flows.runner.locate import locate, locate_class
from skyloom.flows.runner.ordered import run_in_order
from skyloom.flows.runner.store import RunStore, Wait
from skyloom.flows.task_context import TaskContext

T = TypeVar("T")

DEFAULT_WIDTH = 16
"""How many items of a map run at once where the flow says nothing."""
POLL_SECONDS = 0.25
"""How often an open question looks for its answer."""
_THREADS = 256
"""An upper bound only: a thread is made when all others are busy, and a timed-out body keeps its own."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run's steps need: the program, the store, the models, who watches, and threads for blocking bodies."""

    program: Program
    store: RunStore
    models: ModelSource
    observe: Callable[[RunEvent], None] = ignore
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "skyloom-task"))


class InlineEngine:
    """Implements `Engine` with asyncio and the store alone."""

    def __init__(self, run: RunContext) -> None:
        self.run = run

    # --- tasks and prompts --------------------------------------------------------------------------------------

    async def task(self, place: Place, task: TaskDefinition, arguments: dict[str, Json]) -> Json:
        return await self.attempts(
            place,
            "call_task",
            task.name,
            task.retry,
            lambda attempt: self.attempt_task(place, task, arguments, attempt),
        )

    async def prompt(self, place: Place, prompt: PromptDefinition, arguments: dict[str, Json]) -> Json:
        return await self.attempts(
            place,
            "call_prompt",
            prompt.name,
            prompt.retry,
            lambda attempt: self.attempt_prompt(place, prompt, arguments),
        )

    async def attempts(
        self, place: Place, kind: str, name: str, policy: RetryPolicy, attempt: Callable[[int], Awaitable[Json]]
    ) -> Json:
        """Runs `attempt(1)`, `attempt(2)`, ... until one succeeds or the policy gives up."""
        number = 1
        while True:
            place.notes["attempts"] = number
            try:
                return await attempt(number)
            except Raised as raised:
                if number >= policy.attempts or not is_retried(policy, raised.error):
                    raise
                number += 1
                delay = delay_before(policy, number)
                self.run.observe(RunEvent("retrying", place, kind, name, f"{raised}; again in {delay:.1f} s"))
            await asyncio.sleep(delay)

    async def attempt_task(self, place: Place, task: TaskDefinition, arguments: dict[str, Json], attempt: int) -> Json:
        """Runs one attempt of a task under its timeout. Raises `Raised`."""
        located = cast(Task[..., Any], locate(task))
        context = TaskContext(
            run_id=place.run_id,
            step=place.path,
            attempt=attempt,
            idempotency_key=idempotency_key(place.run_id, place.path),
        )
        if invoke.is_async(located):
            return await self._timed(task.name, task.timeout, invoke.run_body_async(located, arguments, context))
        body = asyncio.get_running_loop().run_in_executor(
            self.run.threads, contextvars.copy_context().run, _run_body, located, arguments, context
        )
        return await self._timed(task.name, task.timeout, body)

    async def attempt_prompt(self, place: Place, prompt: PromptDefinition, arguments: dict[str, Json]) -> Json:
        """Asks the model once, repairs included, under the prompt's timeout. Raises `Raised`."""
        located = cast(Prompt[..., Any], locate(prompt))
        answer = await self._timed(prompt.name, prompt.timeout, ask(prompt, located, arguments, self.run.models))
        place.notes.update(model=answer.model, usage=answer.usage, estimated=answer.estimated)
        return answer.value

    async def _timed(self, name: str, timeout: float, work: Awaitable[T]) -> T:
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                return await work
        except TimeoutError as error:
            if limit.expired():
                raise Raised.of(TaskTimedOut(f"{name} ran longer than {timeout:g} s")) from None
            raise Raised.of(error) from error
        except Exception as error:
            raise Raised.of(error) from error

    # --- flows and maps -----------------------------------------------------------------------------------------

    async def flow(
        self, place: Place, flow: FlowDefinition, arguments: dict[str, Json], run: Callable[[Engine], Awaitable[Json]]
    ) -> Json:
        return await run(self)

    async def map(
        self, place: Place, count: int, limit: int | None, item: Callable[[int, Engine], Awaitable[T]]
    ) -> list[T]:
        return await run_in_order(count, limit or DEFAULT_WIDTH, lambda index: item(index, self))

    # --- waits --------------------------------------------------------------------------------------------------

    async def sleep(self, place: Place, seconds: float) -> None:
        wait = self.run.store.open_wait(place.run_id, place.path, "sleep", place.step, None, timeout=seconds)
        assert wait.deadline is not None
        await asyncio.sleep(max(0.0, wait.deadline - time.time()))
        self.run.store.time_out(wait.id)

    async def approval(self, place: Place, request: ApprovalRequest) -> Json:
        wait = self.open_approval(place, request)
        answered = await self.answered(wait)
        if answered is not None:
            return answered.answer
        return self.approval_timed_out(request)

    def open_approval(self, place: Place, request: ApprovalRequest) -> Wait:
        """The question in the store: new, or as an earlier process of the run opened it."""
        asked = {"message": request.message, "show": request.show, "to": request.to, **self._form(request)}
        wait = self.run.store.open_wait(
            place.run_id, place.path, "approval", request.message, asked, timeout=request.timeout
        )
        self.run.observe(RunEvent("waiting", place, "approval", request.message, wait.id))
        return wait

    def _form(self, request: ApprovalRequest) -> dict[str, Json]:
        """The JSON Schema of the approval's form, and the class behind it; nulls without one."""
        if request.form is None:
            return {"form": None, "form_class": None}
        model = self.run.program.models[request.form]
        schema = values.json_schema(locate_class(model.module, model.qualname))
        return {"form": schema, "form_class": {"module": model.module, "qualname": model.qualname}}

    def approval_timed_out(self, request: ApprovalRequest) -> Json:
        """The default decision. Raises `Raised(ApprovalTimedOut)` where there is none."""
        if request.default is None:
            raise Raised.of(ApprovalTimedOut(f"nobody decided within {request.timeout:g} s: {request.message}"))
        return {"approved": request.default, "comment": "timed out", "by": "", "answer": None}

    async def wait_for(self, place: Place, request: EventRequest) -> Json:
        wait = self.run.store.open_wait(
            place.run_id, place.path, "event", request.event, None, key=request.key, timeout=request.timeout
        )
        self.run.observe(RunEvent("waiting", place, "wait_for", request.event, wait.id))
        answered = await self.answered(wait)
        if answered is None:
            raise Raised.of(EventTimedOut(f"no event {request.event} within {request.timeout:g} s"))
        try:
            return conformed(answered.answer, request.payload, self.run.program.models)
        except Mismatch:
            raise Raised.of(TaskFailed(f"event {request.event} brought a payload that is not of its type")) from None

    async def answered(self, wait: Wait) -> Wait | None:
        """Waits for the answer; None when the time is over."""
        while True:
            current = self.run.store.wait(wait.id)
            if current.closed == "answered":
                return current
            if current.closed == "timed out":
                return None
            if current.deadline is None:
                await asyncio.sleep(POLL_SECONDS)
                continue
            left = current.deadline - time.time()
            if left <= 0 and self.run.store.time_out(wait.id):
                return None
            await asyncio.sleep(min(POLL_SECONDS, max(0.0, left)))

    async def emit(self, place: Place, event: str, payload: Json, key: str | None) -> None:
        place.notes.update(event=event, key=key, payload=payload)

    async def sample(self, place: Place, function: Literal["now", "uuid"]) -> Json:
        if function == "now":
            return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return str(uuid.uuid4())


def _run_body(task: Task[..., Any], arguments: dict[str, Json], context: TaskContext) -> Json:
    """Runs one attempt in the calling thread. Raises `Raised`: a future cannot carry a StopIteration."""
    try:
        return invoke.run_body(task, arguments, context)
    except Exception as error:
        raise Raised.of(error) from error
