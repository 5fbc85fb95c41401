"""Cases on the compiled output of each cloud inside of the test's own process, with every attempt of a task noted."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.on_azure.in_process import InProcess
from conformance.on_gcp import in_process as on_gcp
from conformance.on_gcp.case_run import CaseRun
from engines.aws import in_process as on_aws

from skyloom.deployers.aws.workflow import compile_workflows
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows import invoke
from skyloom.flows.definitions import Task
from skyloom.flows.task_context import TaskContext
from skyloom.flows.whole_numbers import whole

Attempts = list[tuple[str, str, int, str]]
"""Step, task, number, arguments."""

Run = Callable[[Case, frozenset[str], Path], bool]
"""Runs a case, compiled without some passes, with files in a folder; gives whether calls share invocations."""


def noted(patch: pytest.MonkeyPatch) -> Attempts:
    """The attempts that are made from now on."""
    found: Attempts = []
    lock = threading.Lock()

    def note(task: Task[..., Any], arguments: dict[str, Any], attempt: TaskContext) -> None:
        with lock:
            found.append((attempt.step, task.name, attempt.attempt, json.dumps(whole(arguments), sort_keys=True)))

    patch.setattr(invoke, "_trace", note)
    return found


def _aws(case: Case, without: frozenset[str], folder: Path) -> bool:
    program = case.flow.program
    compiled = compile_workflows(program, replace(on_aws.settings_for(program), without=without))
    on_aws.run_case(case, pace=0.01, machines={workflow.flow: workflow for workflow in compiled})
    return bool(compiled[0].fused)


def _gcp(case: Case, without: frozenset[str], folder: Path) -> bool:
    program = case.flow.program
    workflow = compile_workflow(program, replace(on_gcp.settings_for(program), without=without))
    with on_gcp.bucket(), contextlib.redirect_stdout(io.StringIO()):
        run = CaseRun(case, workflow, on_gcp.handlers(program, workflow, folder))
        try:
            run.ended()
        finally:
            run.close()
    return bool(workflow.fused)


_seeds = itertools.count(1)


def _azure(case: Case, without: frozenset[str], folder: Path) -> bool:
    app = InProcess(case.flow.program, without)
    app.run(case, next(_seeds))
    return bool(app.workflow.fused)


RUNS: Mapping[str, Run] = {"aws": _aws, "gcp": _gcp, "azure": _azure}
