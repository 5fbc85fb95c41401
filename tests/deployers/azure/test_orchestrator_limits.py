"""What Durable Functions cannot carry is refused when a flow is compiled, with a place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.azure import limits as hub
from engines.azure.orchestrating import compiled, program_of

from skyloom.deployers.azure import limits
from skyloom.deployers.lengths import constant_length
from skyloom.deployers.limits import Limit
from skyloom.errors import CheckFailed
from skyloom.flows.ir.nodes import For

REFUSED = {
    "task": ("SKY703", "@task(timeout=hours(2))\ndef long(n: int) -> int: ...\n", "return long(n)"),
    "prompt": (
        "SKY703",
        '@prompt("{n}", model="fast", timeout=hours(2))\ndef say(n: int) -> int: ...\n',
        "return say(n)",
    ),
    "sleep": ("SKY705", "", "sleep(days(400))"),
    "approval": ("SKY705", "", 'approval("Well?", timeout=days(400))'),
    "event": ("SKY705", "", 'wait_for("paid", int, timeout=days(400))'),
    "constants": ("SKY743", "@task\ndef keep(text: str) -> int: ...\n", f'return keep("{"x" * 1_100_000}")'),
    "rounds": ("SKY744", "", "for i in range(10_001):\n        get(i)"),
    "items": ("SKY744", "", "found = [get(i) for i in range(100, 10_101)]"),
    "calls": (
        "SKY744",
        "@flow\ndef twice(n: int) -> int:\n    return get(get(n))\n",
        "for i in range(5_001):\n        twice(i)",
    ),
    "branches": (
        "SKY744",
        "",
        "for i in range(2_000):\n        a, b = parallel(get(i), [get(k) for k in [1, 2, 3, 4, 5]])",
    ),
}
CARRIED = {
    "sleep": "sleep(days(365))",
    "rounds": "for i in range(10_000):\n        get(i)",
    "left early": "for i in range(20_000):\n        if get(i):\n            break",
    "left out": "found = [get(i) for i in range(20_000) if i > n]",
    "one of two": "for i in range(20_000):\n        if n:\n            get(i)",
    "unknown": "for i in range(n):\n        get(i)",
}


def flow(before: str, body: str) -> str:
    return f"{before}\n@flow\ndef f(n: int) -> int:\n    {body}\n    return n\n"


@pytest.mark.parametrize(("code", "before", "body"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, code: str, before: str, body: str) -> None:
    with pytest.raises(CheckFailed) as refused:
        compiled(program_of(tmp_path, flow(before, body)))
    (problem,) = refused.value.diagnostics
    assert problem.code == code
    assert problem.span is not None
    assert problem.hint


@pytest.mark.parametrize("body", CARRIED.values(), ids=CARRIED)
def test_carried(tmp_path: Path, body: str) -> None:
    assert "def orchestrator(context):" in compiled(program_of(tmp_path, flow("", body))).source


def test_a_flow_may_not_take_longer_than_a_year(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed) as refused:
        compiled(program_of(tmp_path, "@flow(timeout=days(400))\ndef f(n: int) -> int:\n    return n\n"))
    assert [problem.code for problem in refused.value.diagnostics] == ["SKY705"]


def test_the_hub_of_the_tests_has_the_same_limits() -> None:
    assert limits.PAYLOAD.value == hub.PAYLOAD_BYTES
    assert limits.RUN_NAME.value == hub.ID_CHARACTERS
    assert limits.STATUS.value == hub.STATUS_KB * 1024


def test_every_limit_has_a_source() -> None:
    found = [one for one in vars(limits).values() if isinstance(one, Limit)]
    assert len(found) >= 7
    assert all(one.source.startswith(("https://", "Skyloom's own: ")) for one in found)


@pytest.mark.parametrize(
    ("items", "length"), [("range(7)", 7), ("range(2, 9)", 7), ("range(9, 2)", 0), ("range(n)", 0), ("[1, 2, n]", 3)]
)
def test_constant_lengths(tmp_path: Path, items: str, length: int) -> None:
    program = program_of(tmp_path, flow("", f"for i in {items}:\n        get(i)"))
    (loop,) = [one for one in program.flow.body if isinstance(one, For)]
    assert constant_length(loop.items) == length
