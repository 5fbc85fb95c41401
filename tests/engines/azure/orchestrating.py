"""Programs as orchestrations on the tests' Durable host, with tasks that are functions of the test."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import azure.durable_functions as df
from engines.azure.functions import functions_of
from engines.azure.host import DurableHost

from skyloom.deployers.azure.workflow import Workflow, WorkflowSettings, compile_workflow
from skyloom.flows.frontend import load_file
from skyloom.flows.ir.program import Program

Json = Any
Answers = Mapping[str, Callable[[Json], Json]]
"""What activities give for a request; they fail by raising."""

HEAD = """
from skyloom.flows import *

class Broken(Exception):
    pass

@task
def get(n: int) -> int:
    return n

@task(timeout=20, retry=Retry(attempts=4, delay=2, jitter=0.5, on=OSError, never=FileNotFoundError))
def fetch(n: int) -> list[int]:
    return [n]

"""


def program_of(folder: Path, source: str) -> Program:
    """The program of a flow `f` from its source."""
    path = folder / "order.py"
    path.write_text(HEAD + textwrap.dedent(source))
    found: Program = load_file(path).f.program
    return found


def compiled(program: Program, settings: WorkflowSettings | None = None) -> Workflow:
    """The orchestrator of a program."""
    return compile_workflow(program, settings or WorkflowSettings())


def functions_of_flow(workflow: Workflow) -> str:
    """The text of a module's flows: without imports, constants and the entry."""
    _, _, text = workflow.source.partition("@flow")
    return f"@flow{text.partition('def orchestrator')[0].rstrip()}\n"


def host_of(source: str, answers: Answers, seed: int = 0, **watch: Any) -> DurableHost:
    """A host on which the orchestrator `f` runs."""
    space: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "generated.py", "exec"), space)
    app = df.DFApp()

    def f(context: df.DurableOrchestrationContext) -> Any:
        return (yield from space["orchestrator"](context))

    app.function_name("f")(app.orchestration_trigger(context_name="context")(f))
    for name, answer in answers.items():
        app.function_name(name)(app.activity_trigger(input_name="call")(_activity(answer)))
    return DurableHost(functions_of(app), seed, **watch)


def _activity(answer: Callable[[Json], Json]) -> Callable[[str], str]:
    def activity(call: str) -> str:
        return json.dumps(answer(json.loads(call)))

    return activity


def value(of: Json) -> Json:
    """What an activity gives that went well."""
    return {"value": of}


def error(name: str, *bases: str, message: str = "") -> Json:
    """What an activity gives that failed."""
    return {"error": {"type": name, "bases": [*bases, "Exception"], "message": message}}
