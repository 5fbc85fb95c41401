"""How few states a machine has, and which ones exact integers take."""

from __future__ import annotations

import functools
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from engines.aws.sources import only, program_of


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Makes the program of a flow `f` from its source."""
    return functools.partial(program_of, tmp_path)


def test_decisions_between_values_have_no_state(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> int:
            n = get(a)
            if n > 3:
                n = 3
            return get(n)
        """)
    ).definition
    assert list(machine["States"]) == ["get", "get_2"]


def test_a_loop_is_a_choice_that_counts(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(count: int) -> int:
            total = 0
            for i in range(count):
                total += len(fetch(i))
            return total
        """)
    ).definition
    assert [state["Type"] for state in machine["States"].values()] == ["Pass", "Choice", "Task", "Succeed"]
    task = machine["States"]["fetch"]
    assert task["Arguments"]["Payload"]["context"]["step"] == "{% 'f/fetch[' & $i & ']' %}"
    assert task["Assign"] == {"total": "{% $total + $count($states.result.Payload) %}", "i": "{% $i + 1 %}"}


def test_a_sum_that_may_leave_the_exact_integers_is_looked_at(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(count: int) -> int:
            total = 0
            for i in range(count):
                total += get(i)
            return total
        """)
    ).definition
    assert {state["Type"] for name, state in machine["States"].items() if name.startswith("python")} == {"Task"}
    looked = machine["States"]["check total + _get"]
    assert [rule["Condition"] for rule in looked["Choices"]] == [
        "{% $abs($total + $get) >= 9007199254740992 %}",
        # The head of the loop: a round enters two states, as it would without the test.
        "{% ($i + 1) < $count_ %}",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "n = 0\nwhile get(n) > 2:\n    n += 1\nreturn n",
        "n = 0\nfor i, x in enumerate(xs):\n    n = i + 1\nreturn n",
        "return len(xs) * 2 + 1",
        "return a % 100 + 1",
        "if a < 10 and a > -10:\n    return a * 2\nreturn 0",
        "for i in range(a):\n    get(i + 1)\nreturn 0",
        "return sum([1 for x in xs if x > 2])",
    ],
)
def test_what_stays_among_the_exact_integers_is_not_looked_at(program: Any, body: str) -> None:
    lines = textwrap.indent(body, "    ")
    machine = only(program(f"@flow\ndef f(a: int, xs: list[int]) -> int:\n{lines}\n")).definition
    assert "9007199254740992" not in json.dumps(machine)


def test_one_state_reads_the_errors_of_many(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> str:
            try:
                return str(get(get(get(get(a)))))
            except OSError as error:
                return f"{error}"
        """)
    ).definition
    assert sum(state["Type"] == "Pass" for state in machine["States"].values()) == 1
    assert [state["Catch"][0]["Next"] for state in machine["States"].values() if "Catch" in state] == ["read error"] * 4


def test_a_constant_argument_decides_in_an_inlined_flow(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def sub(a: int, careful: bool) -> int:
            if careful:
                return get(a)
            while not careful:
                a = get(a)
                if a % 7 > 3:
                    break
            return a

        @flow
        def f(a: int) -> int:
            return sub(a, True)
        """)
    ).definition
    assert [state["Type"] for state in machine["States"].values()] == ["Task"]


def test_a_map_gives_as_many_results_as_it_has_items(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> int:
            xs = fetch(a)
            if not xs:
                return 0
            ys = [get(x) for x in xs]
            return max(ys) % 7 + sum(y % 5 for y in ys)
        """)
    ).definition
    assert not [name for name in machine["States"] if name.startswith("python")]
