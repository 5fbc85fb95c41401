"""One step of a flow as one Prefect task run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from prefect import Task, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.results import ResultRecord, ResultRecordMetadata  # type: ignore[attr-defined]  # its home is internal
from prefect.serializers import JSONSerializer
from prefect.states import Cancelled, Completed
from prefect.utilities.annotations import quote

from skyloom.flows.ir.program import RetryPolicy
from skyloom.flows.outcome import Json, Raised
from skyloom.flows.retrying import delay_before, is_retried
from skyloom.flows.runner.engine import Place
from skyloom.flows.runner.events import RunEvent

_MOST_DELAYS = 50
"""Prefect takes no longer list of delays, and repeats its last."""
_KEPT_ELSEWHERE: ResultRecord[None] = ResultRecord(
    result=None, metadata=ResultRecordMetadata(storage_key="in-skyloom", serializer=JSONSerializer())
)
"""Given as every task run's result: for a plain None Prefect looks up each time where it would store it, a tenth of
what a task run costs."""


class StepRun:
    """A step on its way through a task run.

    The outcome stays here and does not go through Prefect: its result would be looked at, linked and kept by object
    identity, its exception rebuilt.
    """

    def __init__(self, place: Place, attempt: Callable[[int], Awaitable[Json]]) -> None:
        self.place = place
        self.name = place.name
        self.attempts = 0
        self.value: Json = None
        self.raised: Raised | None = None
        self.stopped: asyncio.CancelledError | None = None
        self._attempt = attempt

    async def carry_out(self) -> State[Any]:
        """Runs one attempt within the task run. Raises the user's own exception: Prefect logs where it arose."""
        self.attempts += 1
        self.raised = None
        try:
            self.value = await self._attempt(self.attempts)
        except Raised as raised:
            self.raised = raised
        except asyncio.CancelledError as stopped:
            # Going on through Prefect, it would be taken for a crash.
            self.stopped = stopped
            return Cancelled(message="cancelled by Skyloom")
        if self.raised is not None:
            cause = self.raised.exception
            raise cause if isinstance(cause, Exception) else self.raised
        return Completed(data=_KEPT_ELSEWHERE)

    def outcome(self) -> Json:
        """What the step gave. Raises `Raised` or `CancelledError`."""
        if self.stopped is not None:
            raise self.stopped
        if self.raised is not None:
            raise self.raised
        return self.value


class StepRuns:
    """Runs steps as Prefect task runs, with one Prefect task for each task, prompt or construct of the program."""

    def __init__(self, observe: Callable[[RunEvent], None]) -> None:
        self._observe = observe
        self._tasks: dict[str, Task[..., Any]] = {}

    async def run(
        self,
        place: Place,
        kind: str,
        name: str,
        attempt: Callable[[int], Awaitable[Json]],
        policy: RetryPolicy | None = None,
    ) -> Json:
        """Runs `attempt(1)`, and more as the policy says. Raises `Raised`."""
        step = StepRun(place, attempt)
        task = self._task(name)
        if policy is not None and policy.attempts > 1:
            task = self._retried(task, step, kind, name, policy)
        try:
            await task(quote(step))
        except Exception:
            if step.raised is None:
                raise
        finally:
            if policy is not None:
                place.notes["attempts"] = step.attempts
        return step.outcome()

    def _task(self, name: str) -> Task[..., Any]:
        made = self._tasks.get(name)
        if made is None:
            made = self._tasks[name] = Task(
                _carry_out, name=name, task_run_name="{step.name}", cache_policy=NO_CACHE, persist_result=False
            )
        return made

    def _retried(
        self, task: Task[..., Any], step: StepRun, kind: str, name: str, policy: RetryPolicy
    ) -> Task[..., Any]:
        delays = [delay_before(policy, number) for number in range(2, policy.attempts + 1)][:_MOST_DELAYS]

        async def is_repeated(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
            raised = step.raised
            if raised is None or not is_retried(policy, raised.error):
                return False
            delay = delays[min(step.attempts, len(delays)) - 1]
            text = f"{raised}; again in {delay:.1f} s"
            get_run_logger().warning(f"attempt {step.attempts} of {policy.attempts}: {text}")
            self._observe(RunEvent("retrying", step.place, kind, name, text))
            return True

        # Prefect draws its own jitter around a delay; these have ours in them.
        return task.with_options(
            retries=policy.attempts - 1, retry_delay_seconds=delays, retry_condition_fn=is_repeated
        )


async def _carry_out(step: StepRun) -> State[Any]:
    return await step.carry_out()
