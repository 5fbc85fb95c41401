"""Calls that share an invocation, beside the same calls one by one: paths, attempts and arguments are the same."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.on_azure.in_process import InProcess
from conformance.on_gcp import in_process as on_gcp
from conformance.on_gcp.case_run import CaseRun
from conformance.suite import ALL
from engines.aws import in_process as on_aws

from skyloom.deployers.aws.workflow import compile_workflows
from skyloom.deployers.fused import PASSES
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows import invoke
from skyloom.flows.definitions import Task
from skyloom.flows.task_context import TaskContext
from skyloom.flows.whole_numbers import whole

Seen = list[tuple[str, str, int, str]]
Run = Callable[[Case, frozenset[str], Path], None]

CASES = sorted(
    name
    for name, case in ALL.items()
    # What stands behind a failing item may have been called, or not; keys differ from run to run; and what is too large
    # to travel from step to step is not when it does not travel. What a handler reads stays apart.
    if name.startswith("fusing/")
    and not case.may_call
    and name != "fusing/fused_keys"
    and not any(word in name for word in ("times_out", "map_caught", "large", "read_in_the_handler"))
)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """The attempts of tasks: step, task, number, arguments."""
    found: Seen = []
    lock = threading.Lock()

    def note(task: Task[..., Any], arguments: dict[str, Any], attempt: TaskContext) -> None:
        with lock:
            found.append((attempt.step, task.name, attempt.attempt, json.dumps(whole(arguments), sort_keys=True)))

    monkeypatch.setattr(invoke, "_trace", note)
    yield found


def aws(case: Case, without: frozenset[str], folder: Path) -> None:
    program = case.flow.program
    compiled = compile_workflows(program, replace(on_aws.settings_for(program), without=without))
    assert bool(compiled[0].fused) == (not without)
    on_aws.run_case(case, pace=0.01, machines={workflow.flow: workflow for workflow in compiled})


def gcp(case: Case, without: frozenset[str], folder: Path) -> None:
    program = case.flow.program
    workflow = compile_workflow(program, replace(on_gcp.settings_for(program), without=without))
    assert bool(workflow.fused) == (not without)
    with on_gcp.bucket(), contextlib.redirect_stdout(io.StringIO()):
        run = CaseRun(case, workflow, on_gcp.handlers(program, workflow, folder))
        try:
            run.ended()
        finally:
            run.close()


_seeds = itertools.count(1)


def azure(case: Case, without: frozenset[str], folder: Path) -> None:
    InProcess(case.flow.program, without).run(case, next(_seeds))


@pytest.mark.parametrize("run", [aws, gcp, azure])
@pytest.mark.parametrize("name", CASES)
def test_attempts_are_those_of_calls_one_by_one(name: str, run: Run, seen: Seen, tmp_path: Path) -> None:
    if run is aws and name == "fusing/fused_map_with_condition":
        pytest.skip(
            "a state machine filters first, and counts what is left; fused items are counted as everywhere else"
        )
    apart, together = tmp_path / "apart", tmp_path / "together"
    apart.mkdir()
    together.mkdir()
    run(ALL[name], PASSES, apart)
    one_by_one = sorted(seen)
    seen.clear()
    run(ALL[name], frozenset(), together)
    assert sorted(seen) == one_by_one
