"""The host of a function app on Azure: what its activities do. `invocation.py` says what comes in, as JSON text; what
goes out is JSON text too, and an activity never fails for an error of a task:

    {"value": 42}
    {"error": {"type": "NotFound", "bases": ["LookupError"], "message": "no such ticket"}}

As text, because what travels between the app's processes as JSON is read and written anew by a library that takes texts
that look like dates for dates. An activity that does fail was not carried out: its process ended, or its code is wrong.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from skyloom.adapters.hosts.invocation import Failed, Jobs, jobs, outcome
from skyloom.adapters.hosts.jobs import Job
from skyloom.adapters.hosts.wire import text_on_the_wire
from skyloom.flows.policy import NO_RETRY
from skyloom.flows.task_context import TaskContext

Json = Any

_LOG = logging.getLogger("skyloom")
_LOG.setLevel(logging.INFO)

_PLACE = __file__.partition("/skyloom/adapters/")[0]
"""The folder of the app."""


class TraceContext(Protocol):
    """The trace that an invocation belongs to (W3C Trace Context)."""

    @property
    def trace_parent(self) -> str: ...


class Context(Protocol):
    """What the worker knows of an invocation: `azure.functions.Context`.
    https://learn.microsoft.com/python/api/azure-functions/azure.functions.context"""

    @property
    def invocation_id(self) -> str: ...
    @property
    def thread_local_storage(self) -> Any: ...
    @property
    def trace_context(self) -> TraceContext: ...


class Activities:
    """What the activities of an app do; `invocation.jobs` says what the arguments are.

    Nothing of it is loaded before it is asked for: an app starts for one of its functions, and has many.
    """

    def __init__(
        self, tasks: Mapping[str, str] | None = None, prompts: str | None = None, fused: str | None = None
    ) -> None:
        self._kinds = {
            "task": _Later("task", lambda: jobs(tasks, None, None)),
            "prompt": _Later("prompt", lambda: jobs(None, prompts, None)),
        }
        has = {"task": tasks, "prompt": prompts}
        self._kinds = {kind: later for kind, later in self._kinds.items() if has[kind]}
        self._fused = None if fused is None else _LaterFused(fused)
        self._cold = True

    def run(self, call: str, context: Context) -> str:
        """The outcome of an attempt."""
        first, self._cold = self._cold, False
        event = json.loads(call)
        kinds: dict[str, Any] = {kind: _Known(later, context) for kind, later in self._kinds.items()}
        if "fused" in event and self._fused is not None:
            kinds["fused"] = self._fused.module()
        try:
            result = outcome(event, _FunctionApp(context), first, kinds)
        except Failed as failed:
            return f'{{"error": {text_on_the_wire(failed.error)}}}'
        return f'{{"value": {json.dumps(result, ensure_ascii=False)}}}'


class _Later:
    """The jobs of one kind, made when one of them is first asked for."""

    def __init__(self, kind: str, make: Callable[[], Mapping[str, Jobs]]) -> None:
        self._kind, self._make = kind, make
        self._made: Jobs | None = None
        self._lock = threading.Lock()

    def job(self, name: str) -> Job:
        with self._lock:
            if self._made is None:
                self._made = self._make()[self._kind]
            return self._made.job(name)


class _LaterFused:
    """The module that makes several calls in one invocation, loaded when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made: Jobs | None = None
        self._lock = threading.Lock()

    def module(self) -> Jobs:
        with self._lock:
            if self._made is None:
                self._made = jobs(None, None, None, self._name)["fused"]
            return self._made


class _Known:
    """Jobs as one invocation runs them."""

    def __init__(self, jobs: Jobs, context: Context) -> None:
        self._jobs, self._context = jobs, context

    def job(self, name: str) -> Job:
        return _Told(self._jobs.job(name), self._context)


class _Told:
    """A job that tells the thread in which it runs to which invocation it belongs, for what the user's code logs there.

    https://learn.microsoft.com/azure/azure-functions/functions-reference-python#logging-from-created-threads
    """

    def __init__(self, job: Job, context: Context) -> None:
        self._job, self._context = job, context
        self.name, self.timeout, self.on, self.never = job.name, job.timeout, job.on, job.never
        self.retry = getattr(job, "retry", NO_RETRY)

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        self._context.thread_local_storage.invocation_id = self._context.invocation_id
        return self._job.run(values, attempt, notes)


class _FunctionApp:
    """An invocation as a function app knows it."""

    root = _PLACE
    keeps_numbers = True

    def __init__(self, context: Context) -> None:
        self._context = context

    def left(self) -> None:
        """The app's own limit is above that of all its tasks, and nothing tells how much of it is left."""
        return

    def log(self, failed: bool) -> dict[str, Json]:
        return {
            "level": "ERROR" if failed else "INFO",
            "invocation": self._context.invocation_id,
            "traceparent": self._context.trace_context.trace_parent or None,
        }

    def write(self, line: str, failed: bool) -> None:
        """By `logging`: the worker ties its records to the invocation, and Application Insights gets their level."""
        _LOG.log(logging.ERROR if failed else logging.INFO, line)
