"""What a round takes at least, against the steps that runs on the stand-in are billed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.on_gcp import in_process
from conformance.on_gcp.case_run import CaseRun

from skyloom.deployers.gcp.limits import COUNTS
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.deployers.least import rounds
from skyloom.flows.frontend import load_file

SOURCE = """
from skyloom.flows import *

@task
def less(n: int) -> int:
    return n - 1

@flow
def f(n: int) -> int:
    {body}
    return 0
"""
FEW, MANY = 2, 6


def steps_of(flow: Any, number: int, folder: Path) -> int:
    """The steps that a run is billed."""
    workflow = compile_workflow(flow.program, in_process.settings_for(flow.program))
    handlers = in_process.handlers(flow.program, workflow, folder)
    with in_process.bucket():
        run = CaseRun(Case(flow=flow, name="rounds", input={"n": number}), workflow, handlers)
        try:
            run.ended()
            return sum(sum(one.history.billed().values()) for one in run.engine.executions.values())
        finally:
            run.close()


@pytest.mark.parametrize(
    ("body", "added"),
    [
        ("while n:\n        n = less(n)", 2),
        ("while n:\n        sleep(0.01)\n        n = less(n)", 3),
        ("for i in range(n):\n        less(i)", 1),
        ("for i in range(n):\n        if i % 2:\n            continue\n        less(i)", 1),
        ("found = [less(i) for i in each(list(range(n)), limit=3)]", 1),
    ],
)
def test_a_round(tmp_path: Path, body: str, added: int) -> None:
    path = tmp_path / "rounds_of_test.py"
    path.write_text(SOURCE.format(body=body), encoding="utf-8")
    flow = load_file(path).f
    (one,) = rounds(flow.program, COUNTS)
    assert one.takes == added
    assert steps_of(flow, MANY, tmp_path) - steps_of(flow, FEW, tmp_path) >= added * (MANY - FEW)
