"""The steps that a run is told to take at least, against those that runs on the tests' Workflows are billed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from conformance.on_gcp import in_process
from conformance.on_gcp.billed_run import billed_run

from skyloom.deployers.gcp.least_steps import LeastSteps
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows.frontend import load_file

SOURCE = """
from skyloom.flows import *

@task
def get(n: int) -> int:
    return n + 1

@flow
def twice(n: int) -> int:
    return get(get(n))

@flow
def refuses(n: int) -> int:
    if n >= 0:
        raise ValueError("no")
    return get(get(get(get(n))))

@flow(timeout=60)
def apart(n: int) -> int:
    return get(get(n))

@flow
def f(n: int, ns: list[int]) -> int:
{body}
    return n
"""


def flow_of(folder: Path, body: str, name: str = "f") -> Any:
    path = folder / "least_steps_of_test.py"
    path.write_text(SOURCE.replace("{body}", textwrap.indent(body, "    ")), encoding="utf-8")
    return getattr(load_file(path), name)


def least_of(flow: Any) -> LeastSteps:
    workflow = compile_workflow(flow.program, in_process.settings_for(flow.program))
    return LeastSteps(workflow.subworkflows, is_timed=flow.program.flow.timeout is not None)


@pytest.mark.parametrize(
    "body",
    [
        "n = get(n)",
        "n = twice(n)\nn = twice(n)",
        "for i in range(3):\n    get(i)",
        "for i in range(3):\n    for j in range(4):\n        get(i + j)",
        "for i in range(3):\n    if i < 5:\n        continue\n    get(i)",
        "for i in range(300):\n    if get(i):\n        break",
        "for i in range(300):\n    get(i)\n    if i == 0:\n        return 1",
        "try:\n    get(n)\nfinally:\n    get(n)",
        "try:\n    n = refuses(n)\nexcept ValueError:\n    get(n)",
        "a, b = parallel(get(n), get(n))",
        "found = [get(i) for i in range(3)]",
        "found = [[get(i) for i in range(2)] for j in range(3)]",
        "while n < 0:\n    get(n)",
        "while True:\n    if get(n):\n        break",
    ],
)
def test_of_the_shortest_run(tmp_path: Path, body: str) -> None:
    flow = flow_of(tmp_path, body)
    steps, _ = billed_run(flow, {"n": 0, "ns": []}, tmp_path)
    assert least_of(flow).run == steps.total()


@pytest.mark.parametrize("body", ["n = apart(n)", "n = race(get(n), twice(n))"])
def test_what_runs_apart_is_not_in_it(tmp_path: Path, body: str) -> None:
    flow = flow_of(tmp_path, body)
    steps, _ = billed_run(flow, {"n": 0, "ns": []}, tmp_path)
    assert 0 < least_of(flow).run < steps.total()
    assert not [one for one in least_of(flow).rounds() if one.loop.places[0]]


def test_a_flow_with_a_timeout_is_counted_where_it_runs(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, "n = get(n)", "apart")
    assert least_of(flow).run == 3


def test_one_that_never_ends_takes_nothing(tmp_path: Path) -> None:
    assert least_of(flow_of(tmp_path, "while True:\n    get(n)")).run == 0
