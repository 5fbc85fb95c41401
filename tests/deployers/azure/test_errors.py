"""Errors of orchestrations, back from what Durable Functions makes of them."""

from __future__ import annotations

import json

import pytest

from skyloom.deployers.azure.errors import decode
from skyloom.deployers.azure.history import StepBoard
from skyloom.flows.outcome import ErrorValue

NO_PRICE = {"type": "NoPrice", "bases": ["ShopError", "Exception"], "message": 'none for "the moon": {}'}
TEXT = json.dumps(NO_PRICE)
FOUND = ErrorValue("NoPrice", ("ShopError", "Exception"), 'none for "the moon": {}')


@pytest.mark.parametrize(
    "output",
    [
        TEXT,
        f"Orchestrator function 'quote' failed: {TEXT}",
        f'Orchestrator function \'quote\' failed: {TEXT}\n\n$OutOfProcData$:{{"isDone":false,"actions":[]}}',
        f"Orchestrator function 'outer' failed: Sub-orchestration failed: {TEXT} at line 3",
        NO_PRICE,
    ],
)
def test_the_error_of_a_flow_is_found_in_what_the_engine_says(output: object) -> None:
    assert decode(output) == FOUND


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("The operation was canceled.", "The operation was canceled."),
        (None, "no reason is known"),
        ("", "no reason is known"),
        ("{not json", "{not json"),
        ('{"type": "Half"}', '{"type": "Half"}'),
        ("two\n  lines", "two lines"),
    ],
)
def test_everything_else_is_a_failed_task(output: str | None, message: str) -> None:
    found = decode(output)
    assert (found.type, found.message) == ("TaskFailed", message)
    assert "FlowError" in found.bases


def test_a_step_of_the_engines_own_is_named() -> None:
    assert decode("out of memory", "price").message == "price: out of memory"


# --- steps ----------------------------------------------------------------------------------------------------------


def event(kind: str, name: str, second: int, began: int = 0, **more: object) -> dict[str, object]:
    moment = f"2026-01-01T00:00:{second:02}.1234567Z"
    scheduled = f"2026-01-01T00:00:{began:02}.1234567Z"
    return {"EventType": kind, "FunctionName": name, "Timestamp": moment, "ScheduledTime": scheduled, **more}


def given(step: str, attempt: int) -> str:
    return json.dumps(json.dumps({"task": "price", "context": {"step": step, "attempt": attempt}}))


def test_steps_are_calls_with_the_errors_of_their_tasks() -> None:
    board = StepBoard()
    board.update(
        [
            event("ExecutionStarted", "quote", 0),
            event("TaskCompleted", "price", 2, 1, Result=json.dumps({"error": NO_PRICE})),
            event("TimerFired", "", 3, 2),
            event("TaskFailed", "stock", 5, 4, Reason="the worker is gone"),
            event("SubOrchestrationInstanceCompleted", "inner", 8, 6, Result="1"),
            {"EventType": "TaskScheduled", "Name": "late", "Timestamp": "2026-01-01T00:00:09Z"},
        ]
    )
    assert [(step.name, step.kind, step.error, step.ended is None) for step in board.steps] == [
        ("price", "activity", 'NoPrice: none for "the moon": {}', False),
        ("stock", "activity", "TaskFailed: the worker is gone", False),
        ("inner", "sub-flow", "", False),
        ("late", "activity", "", True),
    ]
    assert board.steps[0].ended == board.steps[0].started + 1


def test_attempts_of_a_step_are_one_step_where_its_path_is_recorded() -> None:
    board = StepBoard()
    board.update(
        [
            event(
                "TaskCompleted", "price", 2, 1, Input=given("quote/price", 1), Result=json.dumps({"error": NO_PRICE})
            ),
            event("TaskCompleted", "price", 4, 3, Input=given("quote/price", 2), Result=json.dumps({"value": 3})),
            event("TaskCompleted", "price", 6, 5, Input=given("quote/again/price", 1), Result='{"value": 3}'),
        ]
    )
    found = [(step.path, step.attempts, step.error) for step in board.steps]
    assert found == [("quote/price", 2, ""), ("quote/again/price", 1, "")]


def test_only_what_is_new_is_told() -> None:
    board = StepBoard()
    first = {"EventType": "TaskScheduled", "Name": "price", "Timestamp": "2026-01-01T00:00:01.1234567Z"}
    assert [step.ended for step in board.update([first])] == [None]
    assert board.update([first]) == []
    (ended,) = board.update([event("TaskCompleted", "price", 3, 1, Result='{"value": 3}')])
    assert ended.ended is not None
    assert len(board.steps) == 1
