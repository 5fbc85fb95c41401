"""Flows from a few lines of source, and their machines as the tests look at them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from engines.aws.in_process import settings_for
from engines.aws.machine.checks import problems

from skyloom.deployers.aws.workflow import Workflow, WorkflowSettings, compile_workflow
from skyloom.flows.frontend import load_file
from skyloom.flows.ir.program import Program

Json = Any

HEAD = """
from skyloom.flows import *

class Broken(Exception):
    pass

@task
def get(n: int) -> int:
    return n

@task(timeout=20, retry=Retry(attempts=4, delay=0.2, on=OSError, never=FileNotFoundError))
def fetch(n: int) -> list[int]:
    return [n]

@prompt("Say {text}", model="fast")
def say(text: str) -> str: ...

"""


def program_of(folder: Path, source: str) -> Program:
    """The program of a flow `f`, from its source behind `HEAD`."""
    path = folder / "order.py"
    path.write_text(HEAD + textwrap.dedent(source))
    found: Program = load_file(path).f.program
    return found


def states(scope: Json) -> dict[str, Json]:
    """All states of a machine, those inside too."""
    found: dict[str, Json] = {}
    for name, state in scope["States"].items():
        found[name] = state
        for inner in [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
            found |= states(inner)
    return found


def only(program: Program, settings: WorkflowSettings | None = None) -> Workflow:
    """The machine of a program; sound, as CreateStateMachine checks it."""
    workflow = compile_workflow(program, settings or settings_for(program))
    assert problems(json.dumps(workflow.definition).replace("${Bus}", "bus")) == []
    return workflow
