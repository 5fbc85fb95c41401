"""One invocation of a function, on any cloud: an attempt of a task, a prompt or an expression, and what the log says.

    {"task": "search", "arguments": {"topic": "billing"}, "carry": "inline",
     "context": {"run": "…", "flow": "answer", "step": "answer/search[3]", "attempt": 1}}
    {"prompt": "triage", "arguments": {…}, "context": {…}}
    {"expression": "answer_31_text", "values": {…}, "context": {…}}
    {"fused": "answer_clean", "arguments": {…}, "context": {…}}: `fused.py`

Every attempt leaves one record in the log, without any of the values.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from skyloom.adapters.hosts import claims
from skyloom.adapters.hosts.deadline import Expired, within
from skyloom.adapters.hosts.jobs import Expressions, Job, Tasks
from skyloom.errors import TaskFailed, TaskTimedOut
from skyloom.flows.task_context import TaskContext
from skyloom.flows.whole_numbers import as_written

if TYPE_CHECKING:
    from skyloom.flows.outcome import ErrorValue

Json = Any

_MOST_FRAMES = 10


class Jobs(Protocol):
    """The jobs of one kind that a function has."""

    def job(self, name: str) -> Job: ...


def jobs(
    tasks: Mapping[str, str] | None, prompts: str | None, expressions: str | None, fused: str | None = None
) -> dict[str, Jobs]:
    """The jobs of a function, by kind.

    Args:
        tasks: where each task is defined: `{"search": "review:search"}`.
        prompts: the module of the package that describes the function's prompts.
        expressions: the module of the package that holds the app's hoisted expressions, a function for each.
        fused: the module that makes several calls of tasks in one invocation.
    """
    kinds: dict[str, Jobs] = {}
    if tasks:
        kinds["task"] = Tasks(tasks)
    if prompts:
        from skyloom.adapters.hosts.prompts import Prompts

        kinds["prompt"] = Prompts(prompts)
    if expressions:
        kinds["expression"] = Expressions(expressions)
    if fused:
        from skyloom.adapters.hosts.fused import Fused

        # It has calls of jobs, not jobs: `outcome` knows it.
        kinds["fused"] = cast(Jobs, Fused(fused))
    return kinds


def outcome(event: dict[str, Json], host: Host, cold: bool, kinds: Mapping[str, Jobs]) -> Json:
    """The result of an invocation; `cold`: the first of its process. Raises Failed."""
    if "fused" in event:
        from skyloom.adapters.hosts.fused import carried_out

        return carried_out(event, host, cold, kinds)
    return Invocation(event, host, cold).run(kinds)


class Failed(Exception):
    """The attempt failed: with what, and which classes its retry policy names."""

    def __init__(self, error: ErrorValue, never: tuple[str, ...], on: tuple[str, ...]) -> None:
        super().__init__(error.message)
        self.error = error
        self.never = never
        self.on = on


class Host(Protocol):
    """What the cloud's own host knows of an invocation."""

    @property
    def root(self) -> str:
        """The folder in which the function's code lies."""
        ...

    @property
    def keeps_numbers(self) -> bool:
        """Whether numbers arrive as the run wrote them: what runs in Python does, state machines write large floats as
        integers."""
        ...

    def left(self) -> float | None:
        """Seconds until the cloud itself ends the invocation; None where a function cannot know."""
        ...

    def log(self, failed: bool) -> dict[str, Json]:
        """What the record in the log says besides: its level, as the cloud knows it, and what the request is called."""
        ...

    def write(self, line: str, failed: bool) -> None:
        """Puts a line into the log."""
        ...


def write(line: str) -> None:
    """Puts a line where most clouds read logs from."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Attempt:
    """The attempt as the task sees it; `flows.task_context.TaskContext` says what the attributes mean."""

    __slots__ = ("attempt", "run_id", "step")

    def __init__(self, context: dict[str, Json]) -> None:
        self.run_id: str = context.get("run", "")
        self.step: str = context.get("step", "")
        self.attempt: int = context.get("attempt", 1)

    @property
    def idempotency_key(self) -> str:
        # Few tasks ask for it; loading a hash takes longer than all the rest of a call.
        from hashlib import sha256

        return sha256(f"{self.run_id}\n{self.step}".encode()).hexdigest()[:32]


class Invocation:
    """One invocation of the function. `cold`: the first of its process."""

    def __init__(self, event: dict[str, Json], host: Host, cold: bool) -> None:
        self._event = event
        self._host = host
        self._cold = cold
        self._context: dict[str, Json] = event.get("context") or {}
        self._notes: dict[str, Json] = {}
        self._kind = next((kind for kind in ("task", "prompt", "expression", "fused") if kind in event), "task")
        self._name = str(event.get(self._kind))

    def run(self, kinds: Mapping[str, Jobs]) -> Json:
        """The result. Raises Failed."""
        started = time.monotonic()
        job: Job | None = None
        failure: BaseException
        try:
            job = self._job(kinds)
            result = self._result(job)
        except Expired:
            assert job is not None, "the clock starts when the job is there"
            failure = TaskTimedOut(f"{job.name} ran longer than {job.timeout:g} s")
        except Exception as error:
            failure = error
        except BaseException as error:
            # SystemExit would end the process, and the run would never hear why.
            failure = TaskFailed(f"{self._name} ended with {type(error).__name__}: {error}")
        else:
            self._log(time.monotonic() - started, None)
            return result
        self._log(time.monotonic() - started, failure)
        # Only what fails needs it: most functions start without.
        from skyloom.flows.outcome import ErrorValue

        raise Failed(ErrorValue.of(failure), job.never if job else (), job.on if job else ()) from None

    def _job(self, kinds: Mapping[str, Jobs]) -> Job:
        if self._kind not in kinds:
            raise TaskFailed(f"the function runs no {self._kind}: {self._name}")
        return kinds[self._kind].job(self._name)

    def _result(self, job: Job) -> Json:
        attempt = Attempt(self._context)
        if self._kind == "expression":
            # What waits in the bucket is nothing that an expression looks into: the pointer goes on, but for values
            # that are brought to their types.
            values = self._event.get("values") or {}
        else:
            values = claims.checked_out(self._event.get("arguments") or {}, attempt.run_id)
        if not self._host.keeps_numbers:
            values = as_written(values)
        result = self._in_time(job, values, attempt)
        carry, looks = self._event.get("carry", "inline"), self._event.get("looks", False)
        return claims.checked_in(job.name, result, carry, attempt.run_id, looks)

    def _in_time(self, job: Job, values: dict[str, Json], attempt: Attempt) -> Json:
        left = self._host.left()
        seconds = job.timeout if left is None else min(job.timeout, left)
        return within(seconds, lambda: job.run(values, cast(TaskContext, attempt), self._notes))

    def _log(self, seconds: float, failure: BaseException | None) -> None:
        record: dict[str, Json] = {
            **self._host.log(failure is not None),
            "app": os.environ.get("SKYLOOM_APP"),
            "environment": os.environ.get("SKYLOOM_ENV"),
            "run": self._context.get("run"),
            "flow": self._context.get("flow"),
            "step": self._context.get("step"),
            "attempt": self._context.get("attempt"),
            self._kind: self._name,
            "outcome": "done" if failure is None else "failed",
            "seconds": round(seconds, 4),
            "cold": self._cold,
            **self._notes,
        }
        if failure is not None:
            record["error"] = type(failure).__name__
            record["frames"] = _frames(failure, self._host.root)
        kept = {name: value for name, value in record.items() if value is not None}
        self._host.write(json.dumps(kept), failure is not None)


def _frames(failure: BaseException, root: str) -> list[str]:
    """Where in the user's own code the error came from, the innermost last: `review.py:31 search`."""
    found = []
    # A module that cannot be imported is told by the host; where it went wrong, the cause knows.
    trace = (failure.__cause__ or failure).__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = code.co_filename.removeprefix(root).lstrip("/")
        if place != code.co_filename and not place.startswith("skyloom/"):
            found.append(f"{place}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-_MOST_FRAMES:]
