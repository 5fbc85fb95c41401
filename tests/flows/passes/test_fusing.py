"""What is fused, and what stays apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conformance.suite import ALL

from skyloom.deployers.fused import apart
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program, RetryPolicy, TaskDefinition
from skyloom.flows.passes import Engine, run
from skyloom.flows.passes.fusable import worst_case


def fused(program: Program, **engine: Any) -> Program:
    """The program after all passes, with all tasks in one function that may run for 900 seconds."""
    known: dict[str, Any] = {"functions": dict.fromkeys(program.tasks, "tasks"), "longest": 900.0} | engine
    return run(program, Engine(**known))


def program_of(case: str) -> Program:
    return ALL[f"fusing/{case}"].flow.program


def calls(program: Program) -> list[list[str]]:
    """What each step of the main flow calls that is left: tasks, in order."""
    steps = [one for one in ir.walk(program.flow.body) if isinstance(one, ir.CallTask)]
    return [_inside(program.tasks[one.task]) for one in steps]


def _inside(task: TaskDefinition) -> list[str]:
    if task.fused is None:
        return [task.name]
    return [one.task for one in task.fused.body if isinstance(one, ir.CallTask)]


def with_tasks(program: Program, **changes: Any) -> Program:
    return replace(program, tasks={name: replace(task, **changes) for name, task in program.tasks.items()})


def test_calls_in_a_row_are_one_step_that_gives_back_what_is_read() -> None:
    program = fused(program_of("fused_in_a_row"))
    assert calls(program) == [["clean", "count", "count", "note"]]
    (step,) = (one for one in program.flow.body if isinstance(one, ir.CallTask))
    assert step.id == "clean" and [argument.name for argument in step.arguments] == ["text"]
    task = program.tasks[step.task]
    assert task.timeout == 80 and task.retry.attempts == 1
    names = [one.variable for one in program.flow.body if isinstance(one, ir.Assign)]
    assert names == ["cleaned", "number", "marks", "total"]


def test_nothing_is_fused_that_the_author_does_not_allow() -> None:
    program = program_of("fused_in_a_row")
    plain = with_tasks(program, fuse=False)
    assert fused(plain).tasks == plain.tasks
    assert len(calls(fused(plain))) == 4
    assert len(calls(fused(program, longest=None))) == 4


def test_functions_of_their_own_are_left_apart() -> None:
    program = program_of("fused_in_a_row")
    functions = {"clean": "one", "count": "two", "note": "one"}
    assert calls(fused(program, functions=functions)) == [["clean"], ["count", "count"], ["note"]]


@pytest.mark.parametrize(
    ("longest", "steps"),
    [
        (79.0, [["clean", "count", "count"], ["note"]]),
        (59.0, [["clean", "count"], ["count", "note"]]),
        (40.0, [["clean", "count"], ["count", "note"]]),
        (39.0, [["clean"], ["count"], ["count"], ["note"]]),
    ],
)
def test_only_what_ends_in_time_is_one_step(longest: float, steps: list[list[str]]) -> None:
    assert calls(fused(program_of("fused_in_a_row"), longest=longest)) == steps


def test_the_worst_case_counts_all_attempts_and_pauses() -> None:
    task = program_of("fused_in_a_row").tasks["clean"]
    policy = RetryPolicy(attempts=4, delay=2.0, backoff=3.0, max_delay=10.0, jitter=0.5)
    assert worst_case(replace(task, timeout=5.0, retry=policy)) == 4 * 5 + (2 + 6 + 10) * 1.5


def test_what_a_handler_reads_after_an_error_is_given_back_before() -> None:
    program = fused(program_of("fused_read_in_the_handler"))
    assert calls(program) == [["check"], ["check"], ["check"]]
    assert calls(fused(program_of("fused_caught"))) == [["check", "check"]]


def test_items_of_a_map_are_ten_or_as_many_as_end_in_time() -> None:
    program = program_of("fused_map")
    for longest, size in ((900.0, 10), (199.0, 9), (40.0, 2)):
        made = [task.fused.slice for task in fused(program, longest=longest).tasks.values() if task.fused]
        assert [one.size for one in made if one is not None] == [size]
    assert all(task.fused is None for task in fused(program, longest=39.0).tasks.values())


def test_a_map_keeps_its_limit_and_its_condition_goes_inside() -> None:
    program = fused(program_of("fused_map_with_condition"))
    (step,) = (one for one in program.flow.body if isinstance(one, ir.Map))
    assert step.limit == 2 and step.condition is None
    (task,) = (task for task in program.tasks.values() if task.fused)
    assert task.fused is not None and task.fused.slice is not None and task.fused.slice.condition is not None


def test_where_slices_cost_steps_one_slice_is_one_call() -> None:
    program = fused(program_of("fused_map"), evaluates=lambda expr: False)
    (choice,) = (one for one in program.flow.body if isinstance(one, ir.If))
    assert [type(one) for one in choice.body] == [ir.Map, ir.Assign]
    (few,) = choice.orelse
    assert isinstance(few, ir.If)
    assert [type(one) for one in (*few.body, *few.orelse)] == [ir.CallTask, ir.Assign]


def test_what_is_fused_is_left_as_it_is() -> None:
    program = fused(program_of("fused_map_of_two"))
    assert fused(program) == program


def reasons(case: str, **engine: Any) -> list[str]:
    """Why calls of a case stay apart."""
    program = program_of(case)
    known: dict[str, Any] = {"functions": dict.fromkeys(program.tasks, "tasks"), "longest": 900.0} | engine
    return [one.message.removeprefix("calls stay apart: ") for one in apart(program, Engine(**known))]


def test_what_stays_apart_is_told_with_the_reason() -> None:
    assert reasons("fused_in_a_row") == []
    functions = {"clean": "one", "count": "two", "note": "two"}
    assert reasons("fused_in_a_row", functions=functions) == [
        "`count` runs in the function two, the calls before it in one"
    ]
    assert reasons("fused_in_a_row", longest=79.0) == [
        "with those before it `note` may take 80 s; one invocation has 79 s"
    ]
    assert reasons("fused_map", longest=39.0) == ["two items may take 40 s; those of one invocation have 39 s"]
    assert reasons("fused_read_in_the_handler")[0] == (
        "what `last` is now is read where an error of a later call is caught"
    )
