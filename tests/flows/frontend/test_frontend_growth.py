"""How the work of compiling grows with the flow: counted in function calls, not in time."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from skyloom.flows.frontend import check_file
from skyloom.flows.ir.nodes import Step, walk

HEAD = """
from skyloom.flows import flow, task


@task
def work(value: int, name: str = "x") -> int:
    return value


@flow
def long(start: int) -> int:
    total, rows = start, [start]
"""
PART = """
    a{i} = work(total)
    b{i} = work(a{i} + 1, name=f"step {{a{i}}}")
    if work(b{i}) > 3 and a{i} != 7:
        total += work(a{i})
    else:
        total = work(b{i}) - 1
    for k in range(3):
        rows.append(work(k) + total)
    try:
        c{i} = work(total)
    except ValueError:
        c{i} = 0
    d{i} = [work(row) for row in rows if row > c{i}]
    while work(total) > 100:
        total -= work(c{i})
"""
STEPS_OF_PART = 11


def calls_to_compile(parts: int, folder: Path) -> int:
    """Function calls that it takes to check a flow of so many parts and to build its program."""
    text = HEAD + "".join(PART.format(i=i) for i in range(parts)) + "    return total\n"
    return calls_to_check(text, folder / f"long_{parts}.py", parts * STEPS_OF_PART)


def calls_to_check(text: str, path: Path, steps: int | None = None) -> int:
    """Function calls that it takes to check the file, and to build the program of its flow, which has so many steps."""
    path.write_text(text, encoding="utf-8")
    count = 0

    def counted(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        checked = check_file(path)
        program = checked.flows["long"].program
    finally:
        sys.setprofile(None)
    assert checked.diagnostics == ()
    if steps is not None:
        assert sum(isinstance(statement, Step) for statement in walk(program.flow.body)) == steps
    return count


@pytest.mark.timeout(120)
def test_a_thousand_steps_take_ten_times_the_work_of_a_hundred(tmp_path: Path) -> None:
    calls_to_compile(1, tmp_path)  # What is read once, such as the catalog, shall not count.
    hundred, thousand = calls_to_compile(10, tmp_path), calls_to_compile(100, tmp_path)
    assert thousand < hundred * 11


SHAPES = {
    "steps in a try": (
        "    try:\n",
        "        a{i} = work(total)\n        total += a{i}\n",
        "    except ValueError:\n        pass\n",
    ),
    "ways out of a loop": (
        "    while True:\n",
        "        a{i} = work(total)\n        if a{i} > {i}:\n            break\n",
        "",
    ),
    "early returns": ("", "    a{i} = work(total)\n    if a{i} > {i}:\n        return a{i}\n", ""),
    "narrowed variables": (
        "",
        "    a{i}: int | None = work(1) if total > {i} else None\n    if a{i} is not None:\n        total += a{i}\n",
        "",
    ),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_flow_is_ten_times_the_work(shape: str, tmp_path: Path) -> None:
    head, part, tail = SHAPES[shape]

    def calls(parts: int) -> int:
        body = head + "".join(part.replace("{i}", str(i)) for i in range(parts)) + tail
        return calls_to_check(f"{HEAD}{body}    return total\n", tmp_path / f"shape_{parts}.py")

    calls(2)
    assert calls(300) < calls(30) * 11


@pytest.mark.timeout(120)
def test_nested_loops_stay_affordable(tmp_path: Path) -> None:
    """Every loop is looked at twice or thrice to learn its types; eight in one another must still be quick."""
    depth = 8
    lines = [f"{'    ' * (i + 1)}for k{i} in range(2):" for i in range(depth)]
    path = tmp_path / "nested.py"
    body = "\n".join([*lines, "    " * (depth + 1) + "total += work(k0)"])
    path.write_text(f"{HEAD}{body}\n    return total\n", encoding="utf-8")
    assert check_file(path).diagnostics == ()
