"""How deeply flows may be nested: the deepest that passes works everywhere, and what is deeper gets a diagnostic."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from skyloom.flows.frontend import CheckedFile
from skyloom.flows.graph import mermaid, svg
from skyloom.flows.ir.codec import from_document, to_document
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore

Check = Callable[..., CheckedFile]

HEAD = """from skyloom.flows import flow, task

@task
def work(n: int) -> int:
    return n

@flow
def f(n: int) -> object:
"""

SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "elif": (lambda k: "if n == -1:\n    n = 0\n" + "".join(f"elif n == {i}:\n    n = {i}\n" for i in range(k)), 97),
    "elif with steps": (
        lambda k: "if n == -1:\n    n = 0\n" + "".join(f"elif work(n) == {i}:\n    n = {i}\n" for i in range(k)),
        96,
    ),
    "sum": (lambda k: f"n = {' + '.join(['n'] * k)}\n", 99),
    "sum of steps": (lambda k: f"n = {' + '.join(['work(n)'] * k)}\n", 98),
    "methods": (lambda k: f"word = 'a'{'.strip()' * k}\n", 49),
    "conditional": (lambda k: f"n = {''.join(f'{i} if n == {i} else ' for i in range(k))} 0\n", 97),
    "steps in steps": (lambda k: f"n = {'work(' * k}n{')' * k}\n", 98),
    "and with steps": (lambda k: f"n = 1 if {' and '.join(['work(n) > 1'] * k)} else 0\n", 95),
    "comparisons": (lambda k: f"n = 1 if {' < '.join(['work(n)'] * k)} else 0\n", 97),
    "branches": (lambda k: "".join(f"{'    ' * i}if n > {i - 200}:\n" for i in range(k)) + "    " * k + "n = 1\n", 97),
    "maps": (lambda k: f"ns = [work(n) {' '.join(f'for i{i} in range(1)' for i in range(k))}]\n", 97),
}


def source(shape: str, times: int) -> str:
    lines = SHAPES[shape][0](times).splitlines()
    return HEAD + "".join(f"    {line}\n" for line in lines) + "    return n\n"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_deepest_flow_works(shape: str, check: Check) -> None:
    checked = check(source(shape, SHAPES[shape][1]).replace("object", "int"))
    assert [diagnostic.render() for diagnostic in checked.diagnostics] == []
    flow = checked.flows["f"]
    assert from_document(to_document(flow.program)) == flow.program
    assert svg(flow.program) and mermaid(flow.program)
    prepared = launch.prepare(flow, {"n": 5})
    run = launch.start(prepared, carrier=launch.run_inline, store=RunStore(checked.path.parent / "runs.db"))
    assert run.error is None
    assert run.result == flow(5)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "branches"])  # these Python refuses itself
def test_a_deeper_one_does_not(shape: str, check: Check) -> None:
    for times in (SHAPES[shape][1] + 1, 100):
        (problem,) = check(source(shape, times).replace("object", "int")).diagnostics
        assert problem.code == "SKY127"
        assert problem.hint is not None and problem.span is not None and problem.span.line >= 9


def test_the_place(check: Check) -> None:
    (problem,) = check(source("elif", 100).replace("object", "int")).diagnostics
    assert problem.render() == (
        "review.py:205:5: SKY127 this stands more than 100 levels deep\n"
        "  205 |     elif n == 97:\n"
        "      |     ^^^^^^^^^^^^^\n"
        "hint: look the cases up in a dict, or put some of them into a flow of their own"
    )
    (problem,) = check(source("methods", 60).replace("object", "int"), "other.py").diagnostics
    assert problem.message == "this is nested 122 levels deep, and 100 is the most"
    assert problem.hint == "assign a part of it to a variable first"
    assert problem.source is not None and problem.span is not None
    assert problem.source[problem.span.column - 1 :].startswith("'a'.strip()")


@pytest.mark.parametrize("loop", ["for i{0} in range(1):", "while n < {0}:"])
def test_loops_in_loops(loop: str, check: Check) -> None:
    """Each doubles the work of checking what is in it."""

    def nested(count: int) -> str:
        heads = "".join(f"{'    ' * (i + 1)}{loop.format(i)}\n" for i in range(count))
        return HEAD.replace("object", "int") + heads + "    " * (count + 1) + "n += work(n)\n    return n\n"

    assert check(nested(10)).diagnostics == ()
    (problem,) = check(nested(12), "deeper.py").diagnostics
    assert (problem.code, problem.message) == ("SKY127", "more than 10 loops and `finally` stand in each other")
    assert problem.span is not None and problem.span.line == 19


def test_an_enum_of_many_members(check: Check) -> None:
    members = "".join(f"    M{i} = 'v{i}'\n" for i in range(300))
    text = (
        "from enum import Enum\nfrom skyloom.flows import flow\n\nclass Kind(Enum):\n"
        f"{members}\n@flow\ndef f(kinds: list[Kind]) -> list[str]:\n    return [kind.name for kind in kinds]\n"
    )
    checked = check(text)
    assert checked.diagnostics == ()
    flow = checked.flows["f"]
    assert from_document(to_document(flow.program)) == flow.program
    prepared = launch.prepare(flow, {"kinds": ["v0", "v1", "v150", "v298", "v299"]})
    run = launch.start(prepared, carrier=launch.run_inline, store=RunStore(checked.path.parent / "runs.db"))
    assert run.result == ["M0", "M1", "M150", "M298", "M299"]


def test_a_constant_that_contains_itself(check: Check) -> None:
    (problem,) = check(
        HEAD.replace("object", "int") + "    return len(ROUND)\n\n\nROUND = []\nROUND.append(ROUND)\n"
    ).diagnostics
    assert (problem.code, problem.message) == ("SKY203", "`ROUND` is a list, which a flow cannot carry")
