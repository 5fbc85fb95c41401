"""Dropping dead assignments: what nobody reads goes with all that it alone has read; what may raise, or is read on
some way, stays."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from skyloom.flows.frontend.load import load_file
from skyloom.flows.graph.expressions import source
from skyloom.flows.ir.nodes import Append, Assign, walk
from skyloom.flows.ir.program import Program
from skyloom.flows.ir.structure import problems
from skyloom.flows.passes.drop_dead_assignments import drop_dead_assignments

HEAD = """
from skyloom.flows import each, flow, parallel, task

@task
def fetch(n: int) -> int:
    return n

@flow
def main(n: int, words: list[str], names: dict[str, int]) -> int:
"""


def program_of(tmp_path: Path, body: str) -> Program:
    file = tmp_path / "flows_here.py"
    text = HEAD + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
    ast.parse(text)
    file.write_text(text)
    program: Program = load_file(file).main.program
    return program


def assignments(program: Program) -> list[str]:
    """What is assigned and appended, as source."""
    found = []
    for statement in walk(program.flow.body):
        if isinstance(statement, Assign):
            found.append(f"{statement.variable} = {source(statement.value)}")
        if isinstance(statement, Append):
            found.append(f"{statement.variable}.append({source(statement.value)})")
    return found


GONE = {
    "never read": "a = n + 1\nreturn n",
    "a chain": "a = n\nb = a\nc = b\nreturn n",
    "overwritten": "a = 1\na = n\nreturn a",
    "grown and not read": "a: list[int] = []\na.append(n)\nreturn n",
    "behind the last read in a loop": "for i in range(n):\n    a = i\nreturn n",
    "in a map": "xs = [fetch(i) for i in range(n)]\nb = xs\nreturn 1",
}
LEFT = {"overwritten": ["a = n"], "in a map": []}


@pytest.mark.parametrize("name", GONE)
def test_what_nobody_reads_goes(tmp_path: Path, name: str) -> None:
    program = program_of(tmp_path, GONE[name])
    dropped = drop_dead_assignments(program)
    assert assignments(program) != assignments(dropped) == LEFT.get(name, [])
    assert problems(dropped) == []


KEPT = {
    "may raise a key's error": 'a = names["x"]\nreturn n',
    "may divide by zero": "a = 1 // n\nreturn n",
    "read in the next round": "a = 0\nfor i in range(n):\n    if a > 3:\n        return a\n    a = i\nreturn n",
    "read where no round runs": "a = 0\nfor i in range(n):\n    a = i\nreturn a",
    "read by a handler": (
        "a = 0\ntry:\n    a = 1\n    fetch(n)\n    a = 2\n    fetch(n)\nexcept Exception:\n    return a\nreturn 0"
    ),
    "read by a finally": "a = 0\ntry:\n    a = n\n    return fetch(n)\nfinally:\n    fetch(a)",
    "read in a map": "a = n\nxs = [fetch(i + a) for i in range(n)]\nreturn xs[0]",
    "read in a branch": "a = n\nx, y = parallel(fetch(a), fetch(n))\nreturn x + y",
    "read by a condition": "a = n\nif a > 1:\n    return 1\nreturn 2",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_read_or_may_raise_stays(tmp_path: Path, name: str) -> None:
    program = program_of(tmp_path, KEPT[name])
    assert drop_dead_assignments(program).flow.body == program.flow.body


def test_a_loop_over_nothing_goes_where_nobody_reads_its_variable(tmp_path: Path) -> None:
    loops = "for i in range(n):\n    a = i\nfor j in range(n):\n    b = j\nreturn j"
    program = program_of(tmp_path, f"j = 0\n{loops}")
    assert [one.kind for one in drop_dead_assignments(program).flow.body] == ["assign", "for", "return"]


def test_a_decision_about_nothing_goes_too(tmp_path: Path) -> None:
    program = program_of(tmp_path, "a = 0\nif n > 1:\n    a = 2\nelse:\n    a = 3\nreturn n")
    assert len(drop_dead_assignments(program).flow.body) == 1


def test_calls_stay_where_nobody_reads_their_results(tmp_path: Path) -> None:
    program = program_of(tmp_path, "a = fetch(n)\nreturn n")
    assert drop_dead_assignments(program).flow.body == program.flow.body


TRIED = {
    "nothing is left to do about it": ("try:\n    fetch(n)\nfinally:\n    a = 1\nreturn n", "call_task return"),
    "nothing is left to try": ("try:\n    a = 1\nexcept ValueError:\n    fetch(n)\nreturn n", "return"),
    "nothing is left to try, and much behind it": (
        "try:\n    a = 1\nexcept ValueError:\n    fetch(n)\nelse:\n    fetch(1)\nfinally:\n    fetch(2)\nreturn n",
        "try return",
    ),
    "handlers stay": ("try:\n    fetch(n)\nexcept ValueError:\n    a = 1\nreturn n", "try return"),
}


@pytest.mark.parametrize("name", TRIED)
def test_a_try_about_nothing_goes(tmp_path: Path, name: str) -> None:
    body, expected = TRIED[name]
    dropped = drop_dead_assignments(program_of(tmp_path, body))
    assert " ".join(statement.kind for statement in dropped.flow.body) == expected
    assert problems(dropped) == []
