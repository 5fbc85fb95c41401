"""The functions of a file of cases: each with the package that a deployment would upload."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.aws.account import AwsAccount
from engines.aws.driving import make_function, zipped

import skyloom
from skyloom.deployers.aws.workflow import HELPER, HoistedExpression, Invoke
from skyloom.deployers.own import own_files
from skyloom.flows.expr.python import IMPORTS
from skyloom.flows.invoke import TRACE_VARIABLE
from skyloom.flows.ir.program import Program

TASKS = "tasks"
HOST = "skyloom.adapters.hosts.aws_lambda"


@dataclass(frozen=True)
class Groups:
    """Which function carries out what, by name of the task or prompt."""

    tasks: Mapping[str, str]
    prompts: Mapping[str, str]


def groups_of(programs: Sequence[Program]) -> Groups:
    """One function for all tasks of a file."""
    tasks = {name: TASKS for program in programs for name in program.tasks}
    return Groups(tasks, {name: TASKS for program in programs for name in program.prompts})


def make_functions(
    account: AwsAccount, app: str, programs: Sequence[Program], hoisted: Sequence[HoistedExpression], trace: str
) -> dict[str, str]:
    """Makes the functions; their ARNs by placeholder."""
    tasks = {task.name: f"{task.module}:{task.qualname}" for program in programs for task in program.tasks.values()}
    made = {}
    variables = {TRACE_VARIABLE: trace, "SKYLOOM_APP": app, "SKYLOOM_ENV": "test"}
    if tasks:
        # Until packages of functions can be made: the tasks' modules and what they need, from this environment.
        paths = [*(path for path in sys.path if path), str(Path(skyloom.__file__).parent.parent)]
        lines = [
            "import sys",
            f"sys.path += {paths!r}",
            f"from {HOST} import function",
            f"handler = function({tasks!r})",
        ]
        handler = "\n".join(lines)
        made[Invoke(TASKS).placeholder] = make_function(
            account, f"{app}-{TASKS}", zipped({"handler.py": handler}), timeout=60, variables=variables
        )
    if hoisted:
        handler = f"from {HOST} import function\n\nhandler = function(expressions='expressions')\n"
        files = {**own_files([f"{HOST}.function"]), "handler.py": handler, "expressions.py": _module(hoisted)}
        made[Invoke(HELPER).placeholder] = make_function(
            account, f"{app}-{HELPER}", zipped(files), timeout=60, variables=variables
        )
    return made


def _module(hoisted: Sequence[HoistedExpression]) -> str:
    functions = [f"def {one.id}({', '.join(one.names)}):\n    return {one.source}\n" for one in hoisted]
    return "\n".join([*IMPORTS, "", *functions])
