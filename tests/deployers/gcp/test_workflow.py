"""Programs as workflows of Google Cloud: what stands in them, what they need, and what they cost."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from conformance.on_gcp.case_run import environment
from conformance.on_gcp.in_process import settings_for
from engines.gcp.engine import Engine
from engines.gcp.requests import Answer, Request

from skyloom.deployers.gcp.explaining import explanations
from skyloom.deployers.gcp.workflow import Invoke, Publish, StartItself, Workflow, compile_workflow
from skyloom.flows.frontend import load_file
from skyloom.flows.ir.program import Program

Json = Any

HEAD = """
from skyloom.flows import *

class Broken(Exception):
    pass

@task
def get(n: int) -> int:
    return n

@task(timeout=20, retry=Retry(attempts=4, delay=0.2, on=OSError, never=FileNotFoundError))
def fetch(n: int) -> list[int]:
    return [n]

"""


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Makes the program of a flow `f` from its source."""

    def make(source: str) -> Program:
        path = tmp_path / "order.py"
        path.write_text(HEAD + textwrap.dedent(source))
        found: Program = load_file(path).f.program
        return found

    return make


def only(program: Program) -> Workflow:
    """The workflow of a program; Workflows would deploy it."""
    workflow = compile_workflow(program, settings_for(program))
    Engine().deploy("f", workflow.definition, environment(workflow))
    return workflow


def main_steps(workflow: Workflow) -> dict[str, Json]:
    """The steps of `main`, by name; those inside of others are inside of them."""
    return by_name(yaml.safe_load(workflow.definition)["main"]["steps"])


def by_name(steps: list[dict[str, Json]]) -> dict[str, Json]:
    return {name: body for step in steps for name, body in step.items()}


def billed(workflow: Workflow, argument: Json, answer: Json = 1) -> tuple[Json, int]:
    """The result of a run whose tasks all give `answer`, and the steps that it is billed."""
    engine = Engine()
    engine.route("https://tasks.run.app", lambda _: Answer(200, {"Content-Type": "application/json"}, b"%d" % answer))
    engine.deploy("f", workflow.definition, environment(workflow))
    execution = engine.start("f", argument).wait(30)
    assert execution.state == "SUCCEEDED", execution.error
    return execution.result, sum(execution.history.billed().values())


# --- steps -------------------------------------------------------------------------------------------------------


def test_a_task_is_one_call_and_its_answer_is_read_in_place(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> int:
            first = get(a)
            return get(first)
        """)
    )
    steps = main_steps(workflow)
    assert list(steps) == ["get", "get_2", "return_result"]
    call = steps["get"]["try"]
    assert call["call"] == "http.post" and call["result"] == "first"
    assert call["args"] == {
        "url": '${sys.get_env("SKYLOOM_FUNCTION_TASKS")}',
        "auth": {"type": "OIDC"},
        "timeout": 315,
        "body": {
            "task": "get",
            "arguments": {"n": "${args.a}"},
            "context": {
                "run": '${sys.get_env("GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID")}',
                "flow": "f",
                "step": "f/get",
                "attempt": 1,
            },
        },
    }
    assert steps["get"]["retry"]["predicate"] == "${is_platform_failure}"
    assert steps["get_2"]["try"]["args"]["body"]["arguments"] == {"n": "${first.body}"}
    assert workflow.uses == {Invoke("tasks")} and workflow.variables == ("SKYLOOM_FUNCTION_TASKS",)
    assert billed(workflow, {"a": 1}) == (1, 3)


def test_steps_stand_beside_their_lines(program: Any) -> None:
    text = only(
        program("""
        @flow
        def f(a: int) -> int:
            return get(a)
        """)
    ).definition
    assert text.startswith(
        "# The flow f.\nmain:\n  params: [args]\n  steps:\n    - get:  # order.py:18\n        try:\n"
    )


def test_neighbouring_assignments_are_one_step(program: Any) -> None:
    steps = main_steps(
        only(
            program("""
            @flow
            def f(word: str) -> list[str]:
                one = word
                two = [one, "x"]
                three = {"two": two}
                return three["two"]
            """)
        )
    )
    first = next(iter(steps.values()))
    assert first["assign"][:3] == [
        {"one": "${args.word}"},
        {"two": ["${one}", "x"]},
        {"three": {"two": "${two}"}},
    ]


def test_attempts_are_counted_where_there_may_be_several(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> list[int]:
            return fetch(a)
        """)
    )
    steps = main_steps(workflow)
    assert list(steps) == ["fetch_first_attempt", "fetch_attempts", "return_result"]
    policy = steps["fetch_attempts"]
    assert policy["retry"] == {
        "predicate": "${is_retried_for_OSError_not_FileNotFoundError}",
        "max_retries": 3,
        "backoff": {"initial_delay": 0.2, "max_delay": 60, "multiplier": 2},
    }
    once = by_name(policy["try"]["steps"])["fetch"]
    assert once["try"]["args"]["body"]["context"]["attempt"] == "${fetch_attempt}"
    assert once["try"]["args"]["timeout"] == 35
    (counted, failed) = once["except"]["steps"]
    assert counted == {"fetch_next_attempt": {"assign": [{"fetch_attempt": "${fetch_attempt + 1}"}]}}
    assert failed["fetch_failed"]["call"] == "raise_failure"


def test_an_if_is_a_switch_and_an_elif_a_case_of_it(program: Any) -> None:
    steps = main_steps(
        only(
            program("""
            @flow
            def f(a: int) -> int:
                if a > 3:
                    return get(1)
                elif a > 2:
                    return get(2)
                else:
                    return get(3)
            """)
        )
    )
    (switch,) = steps.values()
    assert [case["condition"] for case in switch["switch"]] == ["${args.a > 3}", "${args.a > 2}", True]


def test_a_loop_variable_that_nobody_else_reads_is_the_loops_own(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[int]) -> int:
            for x in xs:
                if x > 2:
                    break
                get(x)
            return 1
        """)
    )
    loop = main_steps(workflow)["for_x"]["for"]
    assert loop["value"] == "each_x" and loop["in"] == "${args.xs}" and loop["index"] == "x_index"
    inside = by_name(loop["steps"])
    assert inside["if_x_2"]["switch"] == [{"condition": "${each_x > 2}", "next": "break"}]
    assert inside["get"]["try"]["args"]["body"]["context"]["step"] == '${"f/get[" + string(x_index) + "]"}'


def test_a_while_jumps_back_to_its_test(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> int:
            n = 0
            while n < a:
                n = get(n) + 1
            return n
        """)
    )
    switch = main_steps(workflow)["check_n_a"]["switch"]
    assert switch[0]["condition"] == "${n < args.a}"
    assert switch[0]["steps"][-1] == {"next_round": {"next": "check_n_a"}}


def test_a_map_copies_its_items_to_have_a_place_for_each_result(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[int]) -> list[int]:
            return [get(x) for x in xs]
        """)
    )
    steps = main_steps(workflow)
    name = next(name for name in steps if "parallel" in steps[name])
    start = steps[f"{name}_start"]["assign"]
    results, failed_at = (next(iter(pair)) for pair in start)
    assert start == [{results: "${args.xs}"}, {failed_at: f"${{len({results})}}"}]
    body = steps[name]["parallel"]
    assert body["shared"] == [results, failed_at] and body["concurrency_limit"] == 16
    assert billed(workflow, {"xs": [1, 2, 3]}, 7)[0] == [7, 7, 7]


def test_the_third_level_of_parallel_steps_is_a_loop(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[list[list[int]]]) -> list[list[list[int]]]:
            return [[[get(x) for x in row] for row in rows] for rows in xs]
        """)
    )
    assert workflow.definition.count("parallel:") == 2 and workflow.definition.count(" for:") == 3
    assert billed(workflow, {"xs": [[[1, 2], []], [[3]]]}, 5)[0] == [[[5, 5], []], [[5]]]


def test_handlers_ask_for_the_class_and_its_bases(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> str:
            try:
                get(a)
            except ValueError as error:
                return str(error)
            return "fine"
        """)
    )
    handler = main_steps(workflow)["try"]["except"]
    (dispatch,) = handler["steps"]
    cases = dispatch["except_ValueError"]["switch"]
    assert cases[0]["condition"] == '${error.type == "ValueError" or "ValueError" in error.bases}'
    assert cases[1] == {"condition": True, "raise": "${error}"}


# --- expressions ---------------------------------------------------------------------------------------------------


def test_what_may_raise_is_asked_before_and_raised_by_the_helper(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[int], n: int) -> int:
            x = xs[n]
            return x
        """)
    )
    (switch, _) = main_steps(workflow).values()
    *guards, last = switch["switch"]
    assert guards and all(case["steps"][0][next(iter(case["steps"][0]))]["call"] == "in_python" for case in guards)
    assert last["condition"] is True
    (hoisted,) = workflow.hoisted
    assert not hoisted.always and hoisted.source == "xs[n]" and hoisted.names == ("n", "xs")


def test_what_no_expression_says_goes_to_the_helper(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[int]) -> list[int]:
            return sorted(xs)
        """)
    )
    steps = main_steps(workflow)
    assert list(steps) == ["result_in_python", "return_result"]
    assert steps["return_result"] == {"return": "${result_in_python.body}"}
    assert workflow.uses == {Invoke("helper")} and workflow.hoisted[0].always


# --- what is there once --------------------------------------------------------------------------------------------


def test_a_sub_flow_is_one_subworkflow_however_often_it_is_called(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def twice(n: int) -> int:
            return get(get(n))

        @flow
        def f(a: int) -> int:
            return twice(twice(a))
        """)
    )
    source = yaml.safe_load(workflow.definition)
    assert source["flow_twice"]["params"] == ["n", "path"]
    assert [one for one in source if one.startswith("flow_")] == ["flow_twice"]
    assert billed(workflow, {"a": 1}, 4)[0] == 4


def test_a_flow_that_is_called_once_has_its_steps_in_place(program: Any) -> None:
    """Without a call and a return; names of one do not meet those of the other."""
    workflow = only(
        program("""
        @flow
        def once(n: int, more: int = 5) -> int:
            first, second = parallel(get(n), get(more))
            for each in [1, 2]:
                first = get(first + each)
            return first + second

        @flow
        def f(a: int) -> int:
            first, second = parallel(get(a), get(a + 1))
            total = 0
            for n in [first, second]:
                total = total + once(get(n))
            return total
        """)
    )
    assert [one for one in yaml.safe_load(workflow.definition) if one.startswith("flow_")] == []
    asked: list[str] = []
    engine = Engine(time_scale=0.001)

    def task(request: Request) -> Answer:
        body = json.loads(request.body)
        asked.append(body["context"]["step"])
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(body["arguments"]["n"]).encode())

    engine.route("https://tasks.run.app", task)
    engine.deploy("f", workflow.definition, environment(workflow))
    # once(n) is n + 1 + 2 + 5.
    assert engine.start("f", {"a": 1}).wait(30).result == (1 + 8) + (2 + 8)
    assert len(asked) == len(set(asked)) == 2 + 2 * (1 + 2 + 2)
    assert "f/once[1]/parallel.0/get" in asked


def test_many_parameters_come_in_one_map(program: Any) -> None:
    names = [f"p{n}" for n in range(12)]
    given = ", ".join("a" for _ in names)
    workflow = only(
        program(f"""
        @flow
        def wide({", ".join(f"{name}: int" for name in names)}) -> int:
            return get({" + ".join(names)})

        @flow
        def f(a: int) -> int:
            return wide({given}) + wide({given})
        """)
    )
    assert yaml.safe_load(workflow.definition)["flow_wide"]["params"] == ["given", "path"]
    assert billed(workflow, {"a": 1}, 12)[0] == 24


def test_a_flow_with_a_timeout_runs_in_an_execution_of_its_own(program: Any) -> None:
    workflow = only(
        program("""
        @flow(timeout=5)
        def f(a: int) -> int:
            return get(a)
        """)
    )
    assert StartItself() in workflow.uses
    source = yaml.safe_load(workflow.definition)
    assert {"main", "flow_f", "first_of", "run_entry"} <= source.keys()
    assert billed(workflow, {"a": 1}, 9)[0] == 9


def test_events_need_the_topic(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> None:
            emit("seen", a, key="k")
        """)
    )
    assert workflow.uses == {Publish()} and workflow.variables == ("SKYLOOM_TOPIC",)


def test_the_same_program_gives_the_same_workflow(program: Any) -> None:
    source = """
        @flow
        def f(xs: list[int]) -> list[int]:
            try:
                ys = [get(x) for x in xs if x > 1]
            finally:
                get(0)
            return ys
        """
    assert only(program(source)).definition == only(program(source)).definition


def test_a_platform_failure_is_tried_again_and_a_tasks_own_is_not(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> int:
            return get(a)
        """)
    )
    answers = [
        Answer(503),
        Answer(500, {"Content-Type": "text/html"}, b"no instance"),
        Answer(200, {"Content-Type": "application/json"}, b"3"),
    ]
    asked: list[Request] = []
    engine = Engine(time_scale=0.001)

    def task(request: Request) -> Answer:
        asked.append(request)
        return answers[len(asked) - 1]

    engine.route("https://tasks.run.app", task)
    engine.deploy("f", workflow.definition, environment(workflow))
    assert engine.start("f", {"a": 1}).wait(30).result == 3 and len(asked) == 3
    broken = b'{"error": {"type": "Broken", "bases": ["Exception"], "message": "no"}}'
    answers[:] = [Answer(422, {"Content-Type": "application/json"}, broken)]
    asked.clear()
    execution = engine.start("f", {"a": 1}).wait(30)
    assert json.loads(execution.error or "") == {"type": "Broken", "bases": ["Exception"], "message": "no"}
    assert len(asked) == 1


def test_parts_that_were_started_end_when_another_cannot_be(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(a: int) -> str:
            try:
                return str(race(get(a), get(a + 1), get(a + 2)))
            except TaskFailed as problem:
                return f"failed: {problem}"
        """)
    )
    asked: list[str] = []
    engine = Engine(time_scale=0.001)

    def executions(request: Request) -> Answer:
        path = request.url.partition("/executions")[2]
        asked.append(f"{request.method} {path}")
        if asked.count("POST ") == 2:
            return Answer(403, {"Content-Type": "application/json"}, b'{"error": {"message": "no more today"}}')
        name = f"projects/p/locations/l/workflows/f/executions/part-{asked.count('POST ')}"
        return Answer(200, {"Content-Type": "application/json"}, json.dumps({"name": name}).encode())

    engine.route("https://workflowexecutions.googleapis.com", executions)
    engine.deploy("f", workflow.definition, environment(workflow))
    result = engine.start("f", {"a": 1}).wait(30).result
    assert isinstance(result, str) and result.startswith("failed: a part of the run: ")
    assert asked == ["POST ", "POST ", "POST /part-1:cancel"]


# --- explain -------------------------------------------------------------------------------------------------------


def test_steps_are_explained_with_their_lines_and_costs(program: Any) -> None:
    workflow = only(
        program("""
        @flow
        def f(xs: list[int]) -> list[int]:
            first = get(1)
            return sorted([*xs, first])
        """)
    )
    told = [(one.place, one.what, one.name, one.cost) for one in explanations([workflow])]
    assert told == [
        ("order.py:18", "function tasks", "get", "1 step, 1 invocation"),
        ("order.py:19", "expression, by the helper function", "result_in_python", "1 step, 1 invocation"),
        ("order.py:19", "end", "return_result", "1 step"),
        ("order.py:19", "expression in the helper function", "f_19_result", "1 step, 1 invocation"),
    ]
