"""The functions of a program in this process, for what needs no others: the host that runs below Cloud Run, asked
without a server. The conformance suite runs them in processes of their own."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from engines.fused import fused_name
from engines.gcp.requests import Answer, Handler, Request

from skyloom.adapters.hosts import claims, cloud_run, google_values
from skyloom.adapters.hosts.wire import text_on_the_wire
from skyloom.deployers.expressions_module import expressions_module
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.workflow import HELPER, Workflow, WorkflowSettings
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.flows.definitions import Prompt
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Raised
from skyloom.flows.prompting import ModelSource, ask
from skyloom.flows.runner.locate import locate

Json = Any

APP = "conformance"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Posted:
    """A request as the framework hands it to a function."""

    method: str
    headers: dict[str, str]
    body: bytes

    def get_json(self, *, silent: bool = False) -> Json:
        return json.loads(self.body)


def answered(handler: Any, request: Request) -> Answer:
    """What a function's handler answers."""
    assert request.headers["Authorization"].startswith("Bearer OIDC:"), "functions are called with an identity"
    body, status, headers = handler(Posted(request.method, dict(request.headers), request.body))
    return Answer(status, headers, body.encode())


def tasks(program: Program, fused: Sequence[FusedTask] = ()) -> Handler:
    """The function of all tasks."""
    places = {name: f"{task.module}:{task.qualname}" for name, task in program.tasks.items()}
    handler = cloud_run.function(tasks=places, fused=fused_name(fused) if fused else None)
    return lambda request: answered(handler, request)


def helper(hoisted: Iterable[HoistedExpression], folder: Path) -> Handler:
    """The app's helper function."""
    name = f"expressions_of_cases_{next(_numbers)}"
    file = folder / f"{name}.py"
    file.write_text(expressions_module(hoisted, "workflows"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    handler = cloud_run.function(expressions=name)
    return lambda request: answered(handler, request)


def prompts(program: Program) -> Handler:
    """The function of all prompts, on the offline model."""

    def handler(request: Request) -> Answer:
        event = json.loads(request.body)
        definition = program.prompts[event["prompt"]]
        try:
            prompt = cast(Prompt[..., Any], locate(definition))
            arguments = claims.checked_out(event["arguments"], event["context"]["run"])
            answer = asyncio.run(ask(definition, prompt, arguments, ModelSource()))
        except Exception as problem:
            error = Raised.of(problem).error
            return Answer(cloud_run.RAISED, _JSON, f'{{"error": {text_on_the_wire(error)}}}'.encode())
        return Answer(200, _JSON, json.dumps(answer.value).encode())

    return handler


@contextmanager
def bucket() -> Iterator[dict[tuple[str, str], bytes]]:
    """The app's bucket, where large values wait, in memory; its objects by bucket and key."""
    objects: dict[tuple[str, str], bytes] = {}

    def put(name: str, key: str, content: bytes) -> None:
        objects[name, key] = content

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(claims.BUCKET_VARIABLE, f"gs://{APP}")
        patch.setattr(google_values, "put", put)
        patch.setattr(google_values, "get", lambda name, key: objects.get((name, key)))
        yield objects


_JSON = {"Content-Type": "application/json"}


def settings_for(program: Program) -> WorkflowSettings:
    """All tasks in one function, all prompts in another."""
    return WorkflowSettings(
        app=APP, tasks=dict.fromkeys(program.tasks, "tasks"), prompts=dict.fromkeys(program.prompts, "prompts")
    )


def handlers(program: Program, workflow: Workflow, folder: Path) -> dict[str, Handler]:
    """All functions of a program that was compiled with `settings_for`, by key."""
    own = {"tasks": tasks(program, workflow.fused), "prompts": prompts(program)}
    return {**own, **({HELPER: helper(workflow.hoisted, folder)} if workflow.hoisted else {})}
