"""Steps that a workflow does without, and those that it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.on_gcp.case_run import environment
from conformance.on_gcp.in_process import settings_for
from engines.gcp.engine import Engine
from engines.gcp.requests import Answer, Request

from skyloom.deployers.gcp.flow.fewer_steps import fewer_steps, first_values_early
from skyloom.deployers.gcp.steps import (
    Assign,
    Branch,
    Call,
    Case,
    For,
    Loop,
    Next,
    ParallelBranches,
    ParallelFor,
    Raise,
    Return,
    Step,
    Steps,
    Subworkflow,
    Switch,
    Try,
)
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows.frontend import load_file

RETRIED = """
from skyloom.flows import *

@task(retry=Retry(attempts=3, delay=0.1))
def fetch(n: int) -> int:
    return n

@flow
def f(xs: list[int]) -> list[int]:
    found: list[int] = []
    for x in xs:
        found.append(fetch(x))
    last = fetch(0)
    return [*found, last]
"""


def fewer(*steps: Step) -> Steps:
    return fewer_steps(Subworkflow(name="main", parameters=(), steps=steps)).steps


def case(*steps: Step, condition: str = "${a}") -> Case:
    return Case(condition=condition, steps=steps)


END = Return(name="end_here", value=1)
FAIL = Raise(name="fail", value="no")
SET = Assign(name="set_x", pairs=(("x", 1),))


def pairs_of(steps: Steps) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        match step:
            case Assign(pairs=pairs):
                found[step.name] = tuple(name for name, _ in pairs)
            case For(loop=loop):
                found |= pairs_of(loop.steps)
            case Try():
                found |= pairs_of(step.steps)
            case _:
                pass
    return found


# --- switches ----------------------------------------------------------------------------------------------------


def test_a_step_alone_in_a_case_stands_in_it_bare() -> None:
    (switch,) = fewer(Switch(name="s", cases=(case(END), case(FAIL), case(SET), case(SET, END))))
    assert isinstance(switch, Switch)
    assert [one.bare for one in switch.cases] == [True, True, True, False]


def test_a_step_that_others_jump_to_keeps_its_name() -> None:
    jump = Next(name="again", to="set_x")
    switch, _ = fewer(Switch(name="s", cases=(case(SET),)), jump)
    assert isinstance(switch, Switch) and not switch.cases[0].bare


def test_switches_are_one_where_no_case_comes_to_the_second() -> None:
    first, second = Switch(name="s", cases=(case(FAIL),)), Switch(name="t", cases=(case(SET),))
    (merged,) = fewer(first, second)
    assert isinstance(merged, Switch) and [one.steps for one in merged.cases] == [(FAIL,), (SET,)]


def test_switches_stay_two_where_a_case_comes_to_the_second_or_a_jump_leads_there() -> None:
    first, second = Switch(name="s", cases=(case(SET),)), Switch(name="t", cases=(case(END),))
    assert len(fewer(first, second)) == 2
    leaving = Switch(name="s", cases=(case(FAIL),))
    assert len(fewer(leaving, second, Next(name="again", to="t"))) == 3


# --- first values ------------------------------------------------------------------------------------------------


def first(name: str) -> Assign:
    return Assign(name=f"first_{name}", pairs=((name, 1),))


def test_first_values_go_to_an_earlier_assignment() -> None:
    steps = (SET, Call(name="call", function="get"), first("n"))
    assert pairs_of(first_values_early(steps, {"n"}, ())) == {"set_x": ("x", "n")}
    assert pairs_of(first_values_early(steps, (), ())) == {"set_x": ("x",), "first_n": ("n",)}


def test_first_values_of_rounds_stay_in_their_rounds() -> None:
    steps = (SET, For(name="for", loop=Loop(value="v", items="${xs}", steps=(first("n"), first("m")))))
    assert pairs_of(first_values_early(steps, {"n"}, {"m"})) == {"set_x": ("x", "m"), "first_n": ("n",)}


def test_first_values_stay_behind_steps_that_others_jump_to() -> None:
    steps = (SET, Call(name="call", function="get"), first("n"), Next(name="again", to="call"))
    assert pairs_of(first_values_early(steps, {"n"}, ())) == {"set_x": ("x",), "first_n": ("n",)}
    assert pairs_of(first_values_early(steps, (), {"n"})) == {"set_x": ("x",), "first_n": ("n",)}


def test_first_values_of_a_guarded_step_are_not_those_behind_it() -> None:
    guarded = Try(name="try", steps=(SET,), caught="e", handler=(END,))
    steps = (guarded, first("n"))
    assert pairs_of(first_values_early(steps, {"n"}, ())) == {"set_x": ("x",), "first_n": ("n",)}


def test_first_values_of_branches_are_shared_with_them() -> None:
    branch = Branch(name="b", steps=(Call(name="call", function="get"), first("n")))
    steps = (SET, ParallelBranches(name="fan", branches=(branch,), shared=("y",)))
    assigned, fan = first_values_early(steps, {"n"}, ())
    assert pairs_of((assigned,)) == {"set_x": ("x", "n")}
    assert isinstance(fan, ParallelBranches) and fan.shared == ("y", "n")
    rounds = (SET, ParallelFor(name="fan", loop=Loop(value="v", items="${xs}", steps=(first("n"),))))
    assert first_values_early(rounds, {"n"}, {"n"}) == rounds


# --- runs --------------------------------------------------------------------------------------------------------


def test_attempts_are_counted_anew_in_every_round_at_no_step(tmp_path: Path) -> None:
    path = tmp_path / "order.py"
    path.write_text(RETRIED)
    program: Any = load_file(path).f.program
    workflow = compile_workflow(program, settings_for(program))
    asked: list[tuple[str, int]] = []

    def task(request: Request) -> Answer:
        context = json.loads(request.body)["context"]
        asked.append((context["step"], context["attempt"]))
        # The second round and the last call fail at first.
        if len(asked) in (2, 3, 6):
            broken = {"error": {"type": "Broken", "bases": ["Exception"], "message": "no"}}
            return Answer(422, {"Content-Type": "application/json"}, json.dumps(broken).encode())
        return Answer(200, {"Content-Type": "application/json"}, b"7")

    engine = Engine(time_scale=0.001)
    engine.route("https://tasks.run.app", task)
    engine.deploy("f", workflow.definition, environment(workflow))
    assert engine.start("f", {"xs": [1, 2, 3]}).wait(30).result == [7, 7, 7, 7]
    rounds = [("f/fetch[0]", 1), *(("f/fetch[1]", n) for n in (1, 2, 3)), ("f/fetch[2]", 1)]
    assert asked == [*rounds, ("f/fetch_2", 1), ("f/fetch_2", 2)]
    asked[:] = [("nothing fails", 0)] * 10
    quiet = engine.start("f", {"xs": [1, 2, 3]}).wait(30)
    # An assignment, the loop, a call and an assignment in each of its rounds, a call, the end.
    assert sum(quiet.history.billed().values()) == 1 + 1 + 3 * 2 + 1 + 1


def test_what_is_set_once_is_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "order.py"
    path.write_text(
        "from skyloom.flows import *\n\n@task\ndef get(n: int) -> int:\n    return n\n\n"
        "@flow\ndef f(n: int) -> int:\n    a, b = parallel(get(n), get(1))\n    return a - b\n"
    )
    program: Any = load_file(path).f.program
    workflow = compile_workflow(program, settings_for(program))
    engine = Engine()

    def task(request: Request) -> Answer:
        n = json.loads(request.body)["arguments"]["n"]
        return Answer(200, {"Content-Type": "application/json"}, str(n * 10).encode())

    engine.route("https://tasks.run.app", task)
    engine.deploy("f", workflow.definition, environment(workflow))
    execution = engine.start("f", {"n": 4}).wait(30)
    assert execution.result == 30
    called = [entry.step for entry in execution.history.entries if entry.routine == "main"]
    assert "parallel" in called and "get" in called
    assert not {"parallel_0_result", "parallel_1_result", "set_a", "set_b"}.intersection(called)
