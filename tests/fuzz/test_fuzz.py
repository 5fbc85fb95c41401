"""A small slice of the fuzzing: `make fuzz` does more of it. Every engine agrees with plain Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conformance.case import Case, TaskCall
from conformance.engines import Observed
from fuzz.choices import Seeded
from fuzz.engines import ENGINES, Engine, Inline
from fuzz.judging import judge, judge_paths
from fuzz.minimising import minimised
from fuzz.programs import FuzzProgram, program, programs
from fuzz.templates import TEMPLATES
from fuzz.trying import attempt
from hypothesis import HealthCheck, given, settings

from skyloom.flows.expr.catalog import CATALOG
from skyloom.flows.frontend import check_file, load_file

SMALL = """
from skyloom.flows import *

@task
def num(n: int) -> int:
    return n

@task
def aside(n: int) -> int:
    return n

@flow
def main_flow(n: int) -> tuple[int, float]:
    found = [aside(v) for v in [n, n + 1]]
    one = num(n)
    two = num(n + 1)
    emit("done", one)
    return (one + two + found[0], n / 1)
"""


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(made=programs())
def test_the_interpreter_does_what_python_does(made: FuzzProgram, tmp_path_factory: pytest.TempPathFactory) -> None:
    outcome = attempt(made, ["inline"], tmp_path_factory.mktemp("fuzz"))
    assert [str(found) for found in outcome.disagreements] == []


@pytest.mark.parametrize("seed", range(8))
def test_engines_do_what_python_does(seed: int, tmp_path: Path) -> None:
    outcome = attempt(program(Seeded(seed), inputs=2), ["inline", "aws", "azure", "gcp"], tmp_path)
    assert [str(found) for found in outcome.disagreements] == []


def test_most_programs_are_accepted(tmp_path: Path) -> None:
    refused = 0
    for seed in range(100, 125):
        file = tmp_path / f"accepted_{seed}.py"
        file.write_text(program(Seeded(seed)).source, encoding="utf-8")
        refused += bool(check_file(file).diagnostics)
    assert refused <= 5


def test_a_seed_makes_one_program() -> None:
    assert program(Seeded(7)) == program(Seeded(7))
    assert program(Seeded(7)) != program(Seeded(8))


def test_every_builtin_is_tried() -> None:
    text = "\n".join(template for templates in TEMPLATES.values() for template in templates)
    # The class of a caught error, which handlers tell: `control._handler`.
    names = [builtin.name for builtin in CATALOG if builtin.name != "error.type"]
    calls = {name: name if name.startswith(("math.", "json.")) else name.rpartition(".")[2] for name in names}
    assert [name for name, called in calls.items() if not re.search(rf"\b{re.escape(called)}\(", text)] == []


# --- judging ------------------------------------------------------------------------------------------------------


PLAIN = Observed(
    (4, 1.0), None, [TaskCall(*told) for told in [("aside", {"n": 1}), ("num", {"n": 1})]], [("done", 1)]
)  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    file = tmp_path_factory.mktemp("small") / "small_flow.py"
    file.write_text(SMALL, encoding="utf-8")
    return Case(flow=load_file(file).main_flow, name="small", input={"n": 1})


def observed(**changes: object) -> Observed:
    return Observed(**{**{name: getattr(PLAIN, name) for name in ("result", "error", "calls", "emitted")}, **changes})


CALLS = [TaskCall("aside", {"n": 1}), TaskCall("num", {"n": 1}), TaskCall("num", {"n": 2}), TaskCall("aside", {"n": 2})]


@pytest.mark.parametrize(
    ("seen", "about"),
    [
        (observed(), None),
        (observed(result=(4, 1)), None),
        (observed(result=(5, 1.0)), "result"),
        (observed(result=None, error=("ValueError", "no")), "error"),
        (observed(emitted=[("done", 2)]), "emitted"),
        (observed(emitted=[]), "emitted"),
        (observed(calls=CALLS), "calls"),
        (observed(calls=CALLS[:1]), "calls"),
        (observed(calls=CALLS[1::-1]), None),
    ],
)
def test_what_is_a_disagreement(small: Case, seen: Observed, about: str | None) -> None:
    found = judge(small, PLAIN, seen, "aws", exact=False)
    assert (found and found.about) == about


def test_tasks_must_be_told_the_steps_of_a_local_run(small: Case) -> None:
    local = observed(calls=[TaskCall("aside", {"n": 1}, "f/aside[0]"), TaskCall("num", {"n": 1}, "f/num")])
    assert judge_paths(small, PLAIN, local, observed(calls=local.calls[::-1]), "aws") is None
    found = judge_paths(small, PLAIN, local, observed(calls=PLAIN.calls), "aws")
    assert found is not None and found.about == "steps"


def test_an_exact_engine_tells_2_from_2_0(small: Case) -> None:
    found = judge(small, PLAIN, observed(result=(4, 1)), "inline", exact=True)
    assert found is not None and found.about == "result"


def test_order_counts_where_calls_follow_each_other(small: Case) -> None:
    plain = observed(calls=CALLS)
    assert judge(small, plain, observed(calls=[CALLS[3], CALLS[1], CALLS[2], CALLS[0]]), "aws", exact=False) is None
    assert judge(small, plain, observed(calls=[CALLS[0], CALLS[2], CALLS[1], CALLS[3]]), "aws", exact=False) is not None


def test_zeros_have_no_sign_in_texts_either(small: Case) -> None:
    failed = observed(result=None, error=("Busy", "-0.0 and 0"))
    other = observed(result=None, error=("Busy", "0.0 and 0"))
    assert judge(small, failed, other, "aws", exact=False) is None
    third = observed(result=None, error=("Busy", "0.01 and 0"))
    fourth = observed(result=None, error=("Busy", "-0.01 and 0"))
    assert judge(small, third, fourth, "aws", exact=False) is not None


# --- finding ------------------------------------------------------------------------------------------------------


class Forgetful(Inline):
    """An interpreter with a fault: it loses the last element of a list that is a result."""

    def run(self, case: Case, folder: Path) -> Observed:
        seen = super().run(case, folder)
        worse = seen.result[:-1] if isinstance(seen.result, list) and len(seen.result) > 2 else seen.result
        return Observed(worse, seen.error, seen.calls, seen.emitted)


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> Engine:
        return Forgetful(*arguments)  # type: ignore[arg-type]

    monkeypatch.setitem(ENGINES, "broken", broken)
    outcomes = (attempt(program(Seeded(seed), inputs=1), ["broken"], tmp_path) for seed in range(40))
    found = next(outcome.disagreements[0] for outcome in outcomes if outcome.disagreements)
    assert (found.engine, found.about) == ("broken", "result")


def test_a_program_is_made_small() -> None:
    sources = (program(Seeded(seed)) for seed in range(200))
    made = next(one for one in sources if "finally:" in one.source and "same_str(" in one.source)

    def keeps(smaller: FuzzProgram) -> bool:
        return "finally:" in smaller.source and "same_str(" in smaller.source

    small = minimised(made, keeps, 2000)
    assert keeps(small) and len(small.source.splitlines()) <= 12
