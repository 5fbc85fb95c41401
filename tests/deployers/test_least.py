"""What a run takes at least, and what each round adds: against sums made by hand."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from skyloom.deployers.aws.limits import COUNTS as AWS
from skyloom.deployers.azure.limits import COUNTS as AZURE
from skyloom.deployers.least import Counts, least, rounds
from skyloom.flows import passes
from skyloom.flows.frontend import load_file
from skyloom.flows.ir.program import Program
from skyloom.flows.passes import Engine

CLOUDS = (AWS, AZURE)
TASKS = """
from skyloom.flows import *

@task
def get(n: int) -> int: ...

@task(fuse=True, timeout=10)
def short(n: int) -> int: ...

@flow
def twice(n: int) -> int:
    return get(get(n))

@flow(timeout=60)
def apart(n: int) -> int:
    return get(get(n))

@flow
def f(n: int, ns: list[int]) -> int:
"""


def program_of(tmp_path: Path, body: str) -> Program:
    path = tmp_path / "least_of_test.py"
    path.write_text(TASKS + textwrap.indent(body, "    ") + "\n    return n\n", encoding="utf-8")
    program: Program = load_file(path).f.program
    return program


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ("n = get(n)", (5, 1)),
        ("sleep(60)\nsleep(0)", (2, 1)),
        ("n = twice(n)", (10, 2)),
        ("n = apart(n)", (5, 2)),
        ("for i in range(3):\n    get(i)", (21, 3)),
        ("for i in range(3):\n    n += i", (6, 0)),
        ("for i in range(3):\n    if get(i):\n        continue\n    get(i)", (21, 3)),
        ("for i in range(3):\n    if n:\n        continue\n    get(i)", (6, 0)),
        ("for i in range(3):\n    if get(i):\n        break", (7, 1)),
        ("for i in range(3):\n    get(i)\n    if n:\n        return 1", (7, 1)),
        ("for i in range(3):\n    get(i)\n    if n:\n        raise ValueError('n')", (21, 3)),
        ("if n:\n    get(n)\nelse:\n    get(get(n))", (5, 1)),
        ("if n:\n    return 1\nget(n)", (0, 0)),
        ("while n:\n    get(n)", (0, 0)),
        ("while True:\n    if get(n):\n        break", (5, 1)),
        ("try:\n    get(n)\nfinally:\n    get(n)", (10, 2)),
        ("try:\n    raise ValueError('n')\nexcept ValueError:\n    get(n)", (5, 1)),
        ("a, b = parallel(get(n), get(n))", (10, 2)),
        ("found = [get(i) for i in range(3)]", (21, 3)),
        ("found = [get(i) for i in range(3) if i > n]", (0, 0)),
    ],
)
def test_at_least(tmp_path: Path, body: str, taken: tuple[int, int]) -> None:
    program = program_of(tmp_path, body)
    assert tuple(least(program, counts) for counts in CLOUDS) == taken


def told(program: Program, counts: Counts) -> list[tuple[int, int, int | None, bool]]:
    return [(one.takes, one.items, one.rounds, one.may_be_fewer) for one in rounds(program, counts)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for i in ns:\n    get(i)", ((7, 1, None, False), (1, 1, None, False))),
        ("while n:\n    n = get(n)", ((7, 1, None, False), (1, 1, None, False))),
        ("while True:\n    n = get(n)", ((5, 1, None, False), (1, 1, None, False))),
        ("for i in range(3):\n    if get(i):\n        break", ((7, 1, 3, True), (1, 1, 3, True))),
        ("x = [get(i) for i in ns if i]", ((7, 1, None, True), (1, 1, None, True))),
    ],
)
def test_rounds(tmp_path: Path, body: str, expected: tuple[tuple[int, int, int | None, bool], ...]) -> None:
    program = program_of(tmp_path, body)
    assert tuple(told(program, counts) for counts in CLOUDS) == tuple([one] for one in expected)


def test_a_round_that_adds_nothing_is_none(tmp_path: Path) -> None:
    program = program_of(tmp_path, "for i in ns:\n    n += i")
    assert [told(program, counts) for counts in CLOUDS] == [[(2, 1, None, False)], []]


def test_a_round_of_a_slice_goes_through_several_items(tmp_path: Path) -> None:
    program = passes.run(
        program_of(tmp_path, "found = [short(i) for i in ns]"), Engine(functions={"short": "main"}, longest=900)
    )
    assert told(program, AWS) == [(7, 10, None, False)]


def test_loops_of_flows_that_are_runs_of_their_own_are_not_the_run_s(tmp_path: Path) -> None:
    loop = "for i in range(n):\n        get(i)\n    return n\n\n@flow(timeout=60)\ndef apart"
    path = tmp_path / "apart_of_test.py"
    path.write_text(TASKS.replace("return get(get(n))\n\n@flow(timeout=60)\ndef apart", loop) + "    return twice(n)\n")
    program = load_file(path).f.program
    assert [one.flow.name for one in rounds(program, AWS)] == ["twice"]
    path.write_text(path.read_text().replace("@flow\ndef twice", "@flow(timeout=60)\ndef twice"))
    program = load_file(path).f.program
    assert [len(list(rounds(program, counts))) for counts in CLOUDS] == [0, 1]
