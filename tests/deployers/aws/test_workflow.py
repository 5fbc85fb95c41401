"""Programs as state machines: what stands in them, and what they cost."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from engines.aws.in_process import compiled
from engines.aws.sources import only, program_of

from skyloom.deployers.aws.workflow import (
    Converse,
    ConverseModel,
    Invoke,
    PutEvents,
    StartExecution,
    WorkflowSettings,
)

Json = Any


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Makes the program of a flow `f` from its source."""
    return functools.partial(program_of, tmp_path)


# --- states ------------------------------------------------------------------------------------------------------


def test_straight_steps_are_their_tasks_and_nothing_else(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> str:
            first = get(a)
            total = first % 100 + 2
            second = get(total)
            return f"{second} of {total}"
        """)
    ).definition
    assert {name: state["Type"] for name, state in machine["States"].items()} == {"get": "Task", "get_2": "Task"}
    assert machine["States"]["get"]["Assign"] == {"total": "{% ($states.result.Payload % 100 + 100) % 100 + 2 %}"}
    assert set(machine["States"]["get_2"]) >= {"Output", "End"} and "Next" not in machine["States"]["get_2"]
    assert machine["States"]["get"]["Comment"] == "order.py:21"


def test_elif_is_one_choice(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> int:
            n = get(a)
            if n == 1:
                return get(10)
            elif n == 2:
                return get(20)
            return n
        """)
    ).definition
    choices = [state for state in machine["States"].values() if state["Type"] == "Choice"]
    assert [len(choice["Choices"]) for choice in choices] == [2]


def test_no_catch_where_nobody_catches(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> int:
            return get(a)
        """)
    ).definition
    assert "Catch" not in machine["States"]["get"]


def test_what_a_map_reads_of_the_input_comes_with_its_items(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(values: list[int], more: int) -> list[int]:
            return [get(v + more) for v in values]
        """)
    ).definition
    assert machine["StartAt"] == "get_map"
    assert machine["States"]["get_map"]["ItemSelector"] == {
        "item": "{% $states.context.Map.Item.Value %}",
        "more": "{% $states.input.more %}",
    }


def test_conditions_of_a_map_leave_items_out_beforehand(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(values: list[int]) -> list[int]:
            return [get(v) for v in values if v > 1]
        """)
    ).definition
    assert "$v > 1 ? [$place, $v]" in machine["States"]["get_map"]["Items"]


# --- policies ----------------------------------------------------------------------------------------------------


def test_retries_and_timeouts(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> list[int]:
            return fetch(a)
        """)
    ).definition
    task = machine["States"]["fetch"]
    assert task["TimeoutSeconds"] == 35
    never, infrastructure, policy = task["Retry"]
    assert never == {"ErrorEquals": ["FileNotFoundError"], "MaxAttempts": 0}
    assert "Lambda.TooManyRequestsException" in infrastructure["ErrorEquals"]
    assert policy == {
        # A timeout is an OSError too.
        "ErrorEquals": ["OSError", "States.Timeout", "Sandbox.Timedout"],
        "IntervalSeconds": 1,
        "BackoffRate": 2.0,
        "MaxAttempts": 3,
        "JitterStrategy": "FULL",
        "MaxDelaySeconds": 60,
    }


def test_every_step_has_a_timeout(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(a: int) -> int:
            emit("begun", a)
            if approval("Go?").approved:
                wait_for("payment", int)
            return get(a)
        """)
    ).definition
    tasks = [state for state in machine["States"].values() if state["Type"] == "Task"]
    assert len(tasks) == 4
    assert all(state["TimeoutSeconds"] > 0 and state["Retry"] for state in tasks)


# --- needs -------------------------------------------------------------------------------------------------------


def test_needs(program: Any) -> None:
    made = program("""
    @flow(timeout=60)
    def slow(n: int) -> int:
        return get(n)

    @flow
    def f(values: list[int]) -> int:
        emit("begun")
        sleep(1)
        if approval("Go?").approved:
            return slow(values[0])
        return 0
    """)
    main, child = compiled(made)
    assert main.uses == {Invoke("helper"), Invoke("waits"), PutEvents(), StartExecution("slow")}
    assert child.uses == {Invoke("get")} and child.definition["TimeoutSeconds"] == 60
    assert main.placeholders == ("Bus", "Function_helper", "Function_waits", "Machine_slow")
    (hoisted,) = main.hoisted
    assert (hoisted.id, hoisted.source, hoisted.names) == ("f_28_n", "values[0]", ("values",))
    assert not hoisted.always


def test_floats_are_told_to_the_helper(program: Any) -> None:
    made = program("""
    @flow
    def f(x: float) -> str:
        return str(x)
    """)
    (hoisted,) = only(made).hoisted
    assert [name for name, _ in hoisted.types] == ["x"]


def test_a_text_is_asked_for_by_the_machine(program: Any) -> None:
    made = program("""
    @flow
    def f(text: str) -> str:
        return say(text)
    """)
    settings = WorkflowSettings(
        app="a", prompts={"say": "say"}, models={"fast": ConverseModel(model="m", provider="bedrock")}
    )
    workflow = only(made, settings)
    assert workflow.uses == {Converse("m"), Invoke("say")}
    asked = workflow.definition["States"]["say"]
    assert asked["Resource"] == "arn:aws:states:::aws-sdk:bedrockruntime:converse"
    assert asked["Arguments"]["Messages"] == [
        {"Role": "user", "Content": [{"Text": "{% 'Say ' & $states.input.text %}"}]}
    ]
    assert asked["Catch"][-1]["Next"] == "say in its function"


# --- names -------------------------------------------------------------------------------------------------------


def test_variables_hide_no_function_and_texts_no_placeholder(program: Any) -> None:
    machine = only(
        program("""
        @flow
        def f(count: int) -> str:
            sum = get(count)
            count = get(sum)
            return str(sum) + "${Bus}" + str(count)
        """)
    ).definition
    assert set(machine["States"]["get"]["Assign"]) == {"sum_"}
    assert "${" not in machine["States"]["get_2"]["Output"]


def test_the_same_program_gives_the_same_machine(program: Any) -> None:
    made = program("""
    @flow
    def f(values: list[int]) -> list[int]:
        return [get(v) for v in values if get(v) > values[0]]
    """)
    assert json.dumps(only(made).definition) == json.dumps(only(made).definition)


def test_starting_an_execution_is_tried_again(program: Any) -> None:
    machine = only(
        program("""
        @flow(timeout=60)
        def sub(a: int) -> int:
            return get(a)

        @flow
        def f(a: int) -> int:
            return sub(a)
        """)
    ).definition
    state = machine["States"]["sub"]
    (retry,) = state["Retry"]
    assert "StepFunctions.AWSStepFunctionsException" in retry["ErrorEquals"] and retry["MaxAttempts"] == 5
    # A name of its own for each time that the run is redriven: the execution of before has taken the first one.
    assert "$states.context.Execution.RedriveCount" in state["Arguments"]["Name"]
