"""What a round of a loop or map is told to take of a cloud's limit, against what runs on the tests' engines take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.on_gcp.billed_run import billed_run
from engines.aws.in_process import run_case

from skyloom.deployers.portability import portability
from skyloom.flows.app import App
from skyloom.flows.frontend import load_file

SOURCE = """
from skyloom.flows import *

@task
def less(n: int) -> int:
    return n - 1

@task(fuse=True, timeout=10)
def short(n: int) -> int:
    return n + 1

@flow
def twice(n: int) -> int:
    return less(less(n))

@flow
def f(n: int) -> int:
    {body}
    return 0
"""


def events(flow: Any, number: int, folder: Path) -> int:
    """The events that a run writes into its history on AWS."""
    return len(run_case(Case(flow=flow, name=f"rounds_{number}", input={"n": number}), pace=0.01).history)


def steps(flow: Any, number: int, folder: Path) -> int:
    """The steps that a run is billed on Google Cloud."""
    billed, _ = billed_run(flow, {"n": number}, folder)
    return billed.total()


ENGINES: dict[str, Callable[[Any, int, Path], int]] = {"aws": events, "gcp": steps}

BODIES = [
    # The body, how many rounds there are before one more, and what that one takes of events and of steps.
    ("while n:\n        n = less(n)", 2, 7, 5),
    ("while n:\n        sleep(0.01)\n        n = less(n)", 2, 9, 6),
    ("while True:\n        n = less(n)\n        if n < 0:\n            break", 2, 5, 5),
    ("for i in range(n):\n        less(i)", 2, 7, 1),
    ("for i in range(n):\n        twice(i)", 1, 12, 2),
    ("for i in list(range(n)):\n        less(i)", 2, 7, 1),
    ("for i in range(n):\n        if i % 2:\n            continue\n        less(i)", 3, 2, 2),
    ("for i in range(n):\n        try:\n            less(i)\n        finally:\n            less(i)", 2, 12, 2),
    ("found = [less(i) for i in each(list(range(n)), limit=3)]", 2, 7, 3),
    ("found = [short(i) for i in list(range(10 * n))]", 2, 7, 3),
]
LONGER = {("aws", "if"), ("aws", "finally")}
"""Where a round is told by what it takes at least, and takes some more."""


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize(("body", "few", "of_events", "of_steps"), BODIES)
def test_a_round(tmp_path: Path, target: str, body: str, few: int, of_events: int, of_steps: int) -> None:
    path = tmp_path / "rounds_of_test.py"
    path.write_text(SOURCE.format(body=body), encoding="utf-8")
    flow = load_file(path).f
    (carried,) = (one for one in portability(App("rounds", flows=[flow]), target, "dev") if one.flow == "f")
    (told,) = carried.rounds
    assert told.value == {"aws": of_events, "gcp": of_steps}[target]
    taken = ENGINES[target](flow, few + 1, tmp_path) - ENGINES[target](flow, few, tmp_path)
    if any(target == cloud and word in body for cloud, word in LONGER):
        assert taken >= told.value
    else:
        assert taken == told.value
