"""A program's function app in this process, for what needs no other: its orchestrator's module is executed as it is
written, tasks and prompts are carried out by the host that function apps have. The conformance suite runs apps in
processes of their own."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar, cast

import azure.durable_functions as df
import azure.functions as func
import pytest
from conformance.case import Case
from conformance.on_azure.audience import Audience
from engines.azure.functions import functions_of
from engines.azure.host import DurableHost, Ended
from engines.azure.sleeping import limit
from engines.fused import fused_name

from skyloom.adapters.hosts import azure_values, claims, deadline, invocation
from skyloom.adapters.hosts.azure_functions import Activities
from skyloom.adapters.hosts.wire import text_on_the_wire
from skyloom.deployers.azure.workflow import WorkflowSettings, compile_workflow
from skyloom.flows.definitions import Prompt
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Raised
from skyloom.flows.prompting import ModelSource, ask
from skyloom.flows.runner import launch
from skyloom.flows.runner.locate import locate

T = TypeVar("T")
Json = Any

STORAGE = "https://conformance.blob.core.windows.net"


class InProcess:
    """The app of a program, compiled without some passes. Raises CheckFailed for what Azure cannot carry."""

    def __init__(self, program: Program, without: frozenset[str] = frozenset()) -> None:
        self._program = program
        settings = WorkflowSettings(apps=dict.fromkeys(program.tasks, "main"), without=without)
        self.workflow = compile_workflow(program, settings)
        module = ModuleType(f"flows.{program.main}")
        exec(compile(self.workflow.source, f"{program.main}.py", "exec"), vars(module))
        places = {name: f"{task.module}:{task.qualname}" for name, task in program.tasks.items()}
        fused = self.workflow.fused
        self._activities = Activities(tasks=places, fused=fused_name(fused) if fused else None)
        with _unmoved_by_levels():
            self._functions = functions_of(self._app(module))
        self._run: _Run | None = None

    def _app(self, module: ModuleType) -> df.DFApp:
        app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

        def main_flow(context: Any) -> Any:
            return (yield from module.orchestrator(context))

        def carried_out(call: str, context: func.Context) -> str:
            return self._activities.run(call, context)

        app.function_name("main_flow")(app.orchestration_trigger(context_name="context")(main_flow))
        for name in self._program.tasks:
            app.function_name(name)(app.activity_trigger(input_name="call")(carried_out))
        for name in self._program.prompts:
            app.function_name(name)(app.activity_trigger(input_name="call")(self._asked))
        app.function_name("skyloom_waits")(app.activity_trigger(input_name="call")(self._waits))
        app.function_name("skyloom_emit")(app.activity_trigger(input_name="call")(self._emit))
        return app

    def run(self, case: Case, seed: int) -> tuple[Ended, list[tuple[str, Json]]]:
        """How a run of a case ended, and the events that it published."""
        host = DurableHost(self._functions, seed)
        host.hub.watching = False
        self._run = run = _Run(host, Audience(case), [])
        with _surroundings():
            ended = host.run("main_flow", launch.prepare(case.flow, case.input).arguments, f"run-{seed}")
        return ended, run.emitted

    def _waits(self, call: str) -> str:
        assert self._run is not None
        asked, host = json.loads(call), self._run.host
        if asked["kind"] == "close":
            return '{"value": {"answer": null}}'
        after, told = self._run.audience.answer(asked)
        if after is not None:
            host.later(after, lambda: host.send(asked["execution"], asked["token"], told))
        return '{"value": null}'

    def _emit(self, call: str) -> str:
        assert self._run is not None
        told = json.loads(call)
        self._run.emitted.append((told["event"], told["payload"]))
        return '{"value": null}'

    def _asked(self, call: str) -> str:
        """A prompt, on the embedded model."""
        asked = json.loads(call)
        definition = self._program.prompts[asked["prompt"]]
        try:
            prompt = cast(Prompt[..., Any], locate(definition))
            arguments = claims.checked_out(asked["arguments"], asked["context"]["run"])
            answer = asyncio.run(ask(definition, prompt, arguments, ModelSource()))
        except Exception as problem:
            return f'{{"error": {text_on_the_wire(Raised.of(problem).error)}}}'
        return json.dumps({"value": answer.value})


class _Run:
    def __init__(self, host: DurableHost, audience: Audience, emitted: list[tuple[str, Json]]) -> None:
        self.host, self.audience, self.emitted = host, audience, emitted


@contextmanager
def _unmoved_by_levels() -> Iterator[None]:
    """Azure's library warns of every app that has nothing for HTTP: its level is not applied."""

    def kept(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("Auth level is not applied")

    root = logging.getLogger()
    root.addFilter(kept)
    try:
        yield
    finally:
        root.removeFilter(kept)


@contextmanager
def _surroundings() -> Iterator[None]:
    """Blobs in memory; time limits of tasks that count what these sleep; no records of invocations."""
    blobs: dict[str, bytes] = {}

    def within(seconds: float, work: Callable[[], T]) -> T:
        return limit(seconds, work, deadline.Expired)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(claims.STORAGE_VARIABLE, STORAGE)
        patch.setattr(azure_values, "put", blobs.__setitem__)
        patch.setattr(azure_values, "get", blobs.get)
        patch.setitem(vars(invocation), "within", within)
        patch.setattr(logging.getLogger("skyloom"), "disabled", True)
        yield
