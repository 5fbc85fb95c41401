"""One case on the tests' own Workflows: its workflow on an engine, and what came of it."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from conformance.case import Case
from conformance.on_gcp.audience import Audience
from engines.fused import paths
from engines.gcp.engine import Engine
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer, Handler, Request

from skyloom.conformance import audience
from skyloom.deployers.gcp.workflow import WAITS, Invoke, Publish, Workflow
from skyloom.flows.runner import launch

Json = Any

LONGEST = 60.0
"""Seconds that a case may take on a busy machine."""
TOPIC = "projects/skyloom-tests/topics/conformance"


class FlowRun:
    """One run of a flow: its workflow on an engine of its own. `handlers` answer for the functions, by their keys."""

    def __init__(
        self,
        flow: str,
        arguments: Mapping[str, Json],
        scripted: audience.Audience,
        workflow: Workflow,
        handlers: Mapping[str, Handler],
    ) -> None:
        self.flow, self.arguments = flow, dict(arguments)
        self.keys: set[str] = set()
        self._fused = {one.name: one for one in workflow.fused}
        self.engine = Engine()
        self._audience = Audience(scripted)
        for key, handler in {**handlers, WAITS: self._audience.service}.items():
            self.engine.route(f"https://{key}.run.app", self._noting(handler))
        self.engine.deploy(flow, workflow.definition, environment(workflow))

    def ended(self) -> Execution:
        """The execution, when it is over."""
        execution = self.engine.start(self.flow, self.arguments)
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

    def _noting(self, handler: Handler) -> Handler:
        """Notes the idempotency keys of the tasks that are called."""

        def noted(request: Request) -> Answer:
            event = json.loads(request.body)
            context = event.get("context", {})
            steps = {context["step"]} if "step" in context else set()
            if "fused" in event:
                steps = paths(self._fused[event["fused"]], context["step"])
            for step in steps:
                self.keys.add(sha256(f"{context['run']}\n{step}".encode()).hexdigest()[:32])
            return handler(request)

        return noted


class CaseRun(FlowRun):
    """One case."""

    def __init__(self, case: Case, workflow: Workflow, handlers: Mapping[str, Handler]) -> None:
        arguments = launch.prepare(case.flow, case.input).arguments
        super().__init__(case.flow.name, arguments, audience.Audience(case), workflow, handlers)


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
