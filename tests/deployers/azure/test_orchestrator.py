"""Programs as orchestrators of Durable Functions: the text of their modules."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from conformance.suite import ALL
from engines.azure.orchestrating import compiled, functions_of_flow, program_of

from skyloom.deployers.azure.workflow import Uses, WorkflowSettings
from skyloom.flows.ir.program import Program

Make = Callable[[str], Program]


@pytest.fixture
def program(tmp_path: Path) -> Make:
    """Makes the program of a flow `f` from its source."""
    return lambda source: program_of(tmp_path, source)


def says(program: Program, text: str) -> None:
    """Compares the flows of a module, without the places in their source, with a text."""
    lines = functions_of_flow(compiled(program)).splitlines()
    found = [line.partition("  # order.py:")[0] for line in lines if not line.strip().startswith("# order.py:")]
    assert "\n".join(found) == textwrap.dedent(text).strip()


# --- statements -------------------------------------------------------------------------------------------------------


def test_a_flow_stays_what_it_was(program: Make) -> None:
    source = """
    @flow
    def f(names: list[str], most: int) -> list[str]:
        \"\"\"Greets.\"\"\"
        found = []
        for number, name in enumerate(names):
            if number == most:
                break
            elif not name:
                continue
            while len(name) < 3:
                name += "."
            found.append(f"{number} {name}")
        else_ = {"a": [1]}
        else_["a"][0] = get(most)
        return found
    """
    says(
        program(source),
        """
        @flow("f")
        def f(run, names, most):
            \"\"\"Greets.\"\"\"
            found = []
            for number, name in list(map(list, enumerate(names))):
                if number == most:
                    break
                elif not name:
                    continue
                while len(name) < 3:
                    name = name + "."
                found.append(f"{number} {name}")
            else_ = {"a": [1]}
            _get = yield from run.call("get", GET, n=most)
            else_["a"][0] = _get
            return found
        """,
    )


def test_errors_are_caught_by_name_and_finally_does_not_run_where_a_replay_ends(program: Make) -> None:
    source = """
    @flow
    def f(n: int) -> str:
        try:
            return str(fetch(n)[0])
        except (KeyError, Broken) as problem:
            return str(problem)
        except OSError:
            raise
        finally:
            get(0)
    """
    says(
        program(source),
        """
        @flow("f")
        def f(run, n):
            \"\"\"The flow f.\"\"\"
            try:
                _fetch = yield from run.call("fetch", FETCH, n=n)
                return str(_fetch[0])
            except ERRORS as raised:
                if is_a(raised, "KeyError", "Broken"):
                    problem = error_of(raised)
                    return problem["message"]
                elif is_a(raised, "OSError"):
                    _error = error_of(raised)
                    raise again(_error)
                else:
                    raise
            finally:
                if not let_go():
                    yield from run.call("get", GET, n=0)
        """,
    )


def test_an_error_of_its_own(program: Make) -> None:
    source = """
    @flow
    def f(n: int) -> int:
        if n:
            raise Broken(f"no {n}")
        return n
    """
    assert 'raise failure("Broken", ("Exception",), f"no {n}")  # order.py:' in compiled(program(source)).source


# --- steps ------------------------------------------------------------------------------------------------------------


def test_steps_side_by_side(program: Make) -> None:
    source = """
    @flow
    def f(ns: list[int]) -> list[int]:
        a, b = parallel(get(1), [get(n) for n in each(ns, limit=3) if n])
        w = race(get(a), sleep(2))
        return [*b, w or 0]
    """
    says(
        program(source),
        """
        @flow("f")
        def f(run, ns):
            \"\"\"The flow f.\"\"\"

            def parallel_branch_2(run):

                def get_map_item(run, n):
                    if not n:
                        return LEFT_OUT
                    return (yield from run.call("get_2", GET, n=n))

                return (yield from run.map("get_map", ns, get_map_item, limit=3))

            a, b = yield from run.parallel("parallel", lambda run: run.call("get", GET, n=1), parallel_branch_2)
            w = yield from run.race("race", lambda run: run.call("get_3", GET, n=a), lambda run: run.sleep("sleep", 2))
            return [*b, w or 0]
        """,
    )


def test_results_go_where_they_are_needed(program: Make) -> None:
    source = """
    @flow
    def f(ns: list[int], twice: bool) -> list[int]:
        if twice:
            return [get(n) for n in ns]
        _kept = get(1)
        if _kept:
            return fetch(_kept)
        pair = parallel(get(1), get(2))
        a = pair[0]
        b = pair[1]
        return [a, b, pair[0]]
    """
    says(
        program(source),
        """
        @flow("f")
        def f(run, ns, twice):
            \"\"\"The flow f.\"\"\"
            if twice:
                return (yield from run.map("get_map", ns, lambda run, n: run.call("get", GET, n=n), limit=16))
            _kept = yield from run.call("get_2", GET, n=1)
            if _kept:
                return (yield from run.call("fetch", FETCH, n=_kept))
            pair = yield from run.parallel(
                "parallel",
                lambda run: run.call("get_3", GET, n=1),
                lambda run: run.call("get_4", GET, n=2),
            )
            a = pair[0]
            b = pair[1]
            return [a, b, pair[0]]
        """,
    )


def test_activities_say_what_differs_from_the_default(program: Make) -> None:
    source = """
    @flow
    def f() -> int:
        return get(1) + len(fetch(2))
    """
    text = compiled(program(source), WorkflowSettings(tasks={"get": "get_of_app"})).source
    assert 'GET = task("get", 300, function="get_of_app")\n' in text
    assert 'FETCH = task("fetch", 20, attempts=4, delay=2, on=("OSError",), never=("FileNotFoundError",))\n' in text


def test_sub_flows_stand_in_the_same_module(program: Make) -> None:
    source = """
    @flow(timeout=30)
    def half(value: float, by: int = 2) -> float:
        return value / by

    @flow
    def f(n: int) -> float:
        return half(n)
    """
    workflow = compiled(program(source))
    assert '@flow("half", timeout=30, returns=as_float)\ndef half(run, value, by):\n' in workflow.source
    assert 'yield from run.flow("half", half, value=as_float(n), by=2)' in workflow.source
    assert workflow.uses == Uses()


def test_what_it_uses(program: Make) -> None:
    source = """
    @prompt("Say {n}", model="fast")
    def say(n: int) -> str: ...

    @flow
    def f(n: int) -> str:
        emit("asked", n)
        approval(f"Say {n}?")
        return say(get(n))
    """
    workflow = compiled(program(source))
    assert workflow.uses == Uses(tasks=frozenset({"get"}), prompts=frozenset({"say"}), waits=True, emits=True)
    assert [one.what for one in workflow.explained] == [
        "event, published by an activity",
        "wait for somebody's decision",
        "activity",
        "activity",
    ]
    assert all(one.place.startswith("order.py:") for one in workflow.explained)


# --- names and numbers ------------------------------------------------------------------------------------------------


def test_variables_keep_their_names(program: Make) -> None:
    source = """
    @flow
    def helper(run: int) -> int:
        return get(run)

    @flow
    def f(run: int, context: int, flow: int) -> list[int]:
        orchestrator = run + context + flow
        get_2 = [let_go for let_go in [1, 2]]
        helper_2 = helper(orchestrator)
        return [helper_2, *get_2]
    """
    workflow = compiled(program(source))
    assert "def f(run_2, run, context, flow):" in workflow.source
    assert "from skyloom.adapters.hosts.durable import flow as flow_2\n" in workflow.source
    compile(workflow.source, "f.py", "exec")


def test_numbers_cross_by_their_types(program: Make) -> None:
    source = """
    from pydantic import BaseModel

    class Part(BaseModel):
        price: float
        parts: "list[Part]" = []

    @flow
    def total(part: Part, rates: dict[str, list[float]], any_: list[int | float]) -> float:
        return part.price

    @flow
    def f(part: Part, n: int) -> float:
        return total(part, {"a": [float(n)]}, [n])
    """
    text = compiled(program(source)).source
    assert "as_part = fields(price=as_float, parts=each(lambda value: as_part(value)))\n" in text
    assert "any__=each(whole)([n])" in text
    assert "part=as_part(part)" in text
    assert 'rates=entries(each(as_float))({"a": [float(n)]})' in text


# --- the text itself --------------------------------------------------------------------------------------------------


def test_modules_of_all_cases_are_clean(tmp_path: Path) -> None:
    """Nothing is unknown, unused or out of order, and few lines are longer than 120 characters."""
    written: set[str] = set()
    for name, case in ALL.items():
        file = f"{name.partition('/')[0]}_{case.flow.name}.py"
        if file not in written:
            written.add(file)
            (tmp_path / file).write_text(compiled(case.flow.program).source)
    assert len(written) > 500
    rules = ["--isolated", "--no-cache", "--target-version=py311", "--line-length=120", "--output-format=concise"]
    ruff = [sys.executable, "-m", "ruff", "check", "--select=F,I,W,E", "--ignore=F601", *rules, str(tmp_path)]
    found = subprocess.run(ruff, capture_output=True, text=True, check=False).stdout.splitlines()
    problems = [line for line in found if ".py:" in line]
    # What nobody reads stays where it may raise, in the flow as here.
    assert all(" E501 " in line or " F841 " in line for line in problems), problems
    assert sum(" F841 " in line for line in problems) <= 1, problems
    assert len(problems) <= 5


def test_the_same_text_each_time(program: Make) -> None:
    source = """
    @flow
    def f(n: int) -> list[int]:
        return [get(n), *fetch(n)]
    """
    assert compiled(program(source)).source == compiled(program(source)).source
