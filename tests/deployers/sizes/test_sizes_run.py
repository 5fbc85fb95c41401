"""What is told of sizes on AWS, against runs on the tests' engine: what is above a limit fails, what is not runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from engines.aws.in_process import run_case, settings_for

from skyloom.deployers.aws.sizing import sizes_of, values_too_large
from skyloom.flows.frontend import load_file

SOURCE = """
from skyloom.flows import *

@task
def length(text: str) -> int:
    return len(text)

@task
def made(n: int) -> str:
    return "m" * n

@flow
def f(n: int) -> {gives}:
    {body}
"""

RESULTS = [
    ("return 'x' * {size}", "str", 262_142, True),
    ("return 'x' * {size}", "str", 262_143, False),
    ("return ['é' * {size}]", "list[str]", 131_070, True),
    ("return ['é' * {size}]", "list[str]", 131_071, False),
    ("return length('x' * {size})", "int", 261_000, True),
    ("return length('x' * {size})", "int", 262_144, False),
]


@pytest.mark.parametrize(("body", "gives", "size", "runs"), RESULTS)
def test_what_is_refused_fails_and_nothing_else(body: str, gives: str, size: int, runs: bool, tmp_path: Path) -> None:
    path = tmp_path / "sizes_run_of_test.py"
    path.write_text(SOURCE.format(body=body.format(size=size), gives=gives), encoding="utf-8")
    flow = load_file(path).f
    settings = settings_for(flow.program)
    refused = [*values_too_large({"f": flow.program}, settings)]
    told = [*sizes_of({"f": flow.program}, settings, ())]
    assert bool(refused) != runs
    assert max(one.share for one in told) > 0.99
    assert (max(one.share for one in told) <= 1) == runs
    ending: Any = run_case(Case(flow=flow, name=f"sizes_{size}", input={"n": 1}), pace=0.01).ending
    assert (ending.status == "SUCCEEDED") == runs, ending
    if not runs:
        assert ending.error == "States.DataLimitExceeded"
