"""Runs cases on the tests' own Workflows: compiled, deployed, with the host's code behind every call."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from conformance.case import Case, TaskCall
from conformance.engines import Observed
from conformance.on_gcp import functions
from conformance.on_gcp.audience import Audience
from conformance.suite import ALL
from engines.gcp.engine import Engine
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer, Request

from skyloom.deployers.gcp.workflow import HELPER, WAITS, Invoke, Publish, Workflow, WorkflowSettings, compile_workflow
from skyloom.flows.ir.program import Program
from skyloom.flows.runner import launch

Json = Any

AT_ONCE = 4
LONGEST = 60.0
"""Seconds that a case may take on a busy machine."""
APP, TOPIC = "conformance", "projects/skyloom-tests/topics/conformance"


def settings_for(program: Program) -> WorkflowSettings:
    """All tasks in one function, all prompts in another."""
    return WorkflowSettings(
        app=APP, tasks=dict.fromkeys(program.tasks, "tasks"), prompts=dict.fromkeys(program.prompts, "prompts")
    )


class OnGcp:
    """The engine. Cases are named `file/case`; `trace` is where the host writes down the attempts of tasks."""

    def __init__(self, folder: Path, trace: Path) -> None:
        self._folder = folder
        self._trace = trace

    @contextmanager
    def running(self, names: list[str]) -> Iterator[dict[str, Future[Observed]]]:
        """Runs these cases; what is not awaited inside the block is given up at its end."""
        bucket = functions.Bucket()
        pool = ThreadPoolExecutor(AT_ONCE, "case")
        with bucket.patched():
            futures = {name: pool.submit(self.observed, ALL[name]) for name in names}
            try:
                yield futures
            finally:
                pool.shutdown(cancel_futures=True)

    def observed(self, case: Case) -> Observed:
        """What becomes of a case."""
        run = CaseRun(case, self._folder)
        try:
            execution = run.ended()
        finally:
            run.close()
        return Observed(execution.result, error_of(execution), self._calls(run.keys), run.emitted())

    def _calls(self, keys: set[str]) -> list[TaskCall]:
        text = self._trace.read_text() if self._trace.exists() else ""
        # Another case may be writing the last line just now.
        lines = text[: text.rfind("\n") + 1].splitlines()
        records = [json.loads(line) for line in lines]
        return [TaskCall(record["task"], record["arguments"]) for record in records if record["key"] in keys]


class CaseRun:
    """One case: its workflow on an engine of its own."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.keys: set[str] = set()
        self.engine = Engine()
        self.workflow = compile_workflow(case.flow.program, settings_for(case.flow.program))
        self._audience = Audience(case)
        handlers = {"tasks": functions.tasks(case.flow.program), "prompts": functions.prompts(case.flow.program)}
        if self.workflow.hoisted:
            handlers[HELPER] = functions.helper(self.workflow.hoisted, folder)
        handlers[WAITS] = self._audience.service
        for key, handler in handlers.items():
            self.engine.route(f"https://{key}.run.app", self._noting(handler))
        self.engine.deploy(case.flow.name, self.workflow.definition, environment(self.workflow))

    def ended(self) -> Execution:
        """The execution, when it is over."""
        execution = self.engine.start(self.case.flow.name, launch.prepare(self.case.flow, self.case.input).arguments)
        execution.wait(LONGEST)
        for problem in self._audience.problems:
            raise problem
        return execution

    def emitted(self) -> list[tuple[str, Json]]:
        """The events that were published."""
        found = []
        for message in self.engine.published:
            assert message["topic"] == TOPIC
            told = json.loads(base64.b64decode(message["data"]))
            assert set(told) == {"payload", "key", "run"}
            found.append((message["attributes"]["event"], told["payload"]))
        return found

    def close(self) -> None:
        """Ends what still runs."""
        self._audience.close()
        self.engine.close()

    def _noting(self, handler: functions.Handler) -> functions.Handler:
        """Notes the idempotency keys of the tasks that are called."""

        def noted(request: Request) -> Answer:
            context = json.loads(request.body).get("context", {})
            if "step" in context:
                self.keys.add(sha256(f"{context['run']}\n{context['step']}".encode()).hexdigest()[:32])
            return handler(request)

        return noted


def environment(workflow: Workflow) -> dict[str, str]:
    """The workflow's environment variables."""
    found = {}
    for need in workflow.uses:
        match need:
            case Invoke(function=key):
                found[need.variable] = f"https://{key}.run.app"
            case Publish():
                found[need.variable] = TOPIC
            case _:
                pass
    return found


def error_of(execution: Execution) -> tuple[str, str] | None:
    """Class and message of the error that an execution ended with."""
    if execution.state == "SUCCEEDED":
        return None
    if execution.error is None:
        return execution.state, ""
    error = json.loads(execution.error)
    with contextlib.suppress(KeyError, TypeError):
        return error["type"], error["message"]
    return "not ours", execution.error
