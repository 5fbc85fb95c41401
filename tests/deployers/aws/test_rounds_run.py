"""What a round adds to a history at least, against what runs on the stand-in write."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.case import Case
from engines.aws.in_process import run_case

from skyloom.deployers.aws.limits import COUNTS
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


@pytest.mark.parametrize(
    ("body", "added"),
    [
        ("while n:\n        n = less(n)", 7),
        ("while n:\n        sleep(0.01)\n        n = less(n)", 9),
        ("for i in range(n):\n        less(i)", 7),
        ("for i in range(n):\n        if i % 2:\n            continue\n        less(i)", 2),
        ("found = [less(i) for i in each(list(range(n)), limit=3)]", 7),
    ],
)
def test_a_round(tmp_path: Path, body: str, added: int) -> None:
    path = tmp_path / "rounds_of_test.py"
    path.write_text(SOURCE.format(body=body), encoding="utf-8")
    flow = load_file(path).f
    (one,) = rounds(flow.program, COUNTS)
    assert one.takes == added
    few, many = (
        len(run_case(Case(flow=flow, name=f"rounds_{n}", input={"n": n}), pace=0.01).history) for n in (FEW, MANY)
    )
    assert (many - few) / (MANY - FEW) >= added
    if "if" not in body:
        assert (many - few) / (MANY - FEW) == added
