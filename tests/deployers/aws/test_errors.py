"""Errors of executions, read back: what the flow raised, or a neutral error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyloom.deployers.aws.errors import decode
from skyloom.deployers.errors import flow_timed_out
from skyloom.errors import FlowTimedOut, TaskFailed, TaskTimedOut
from skyloom.flows.outcome import ErrorValue

DECLINED = ErrorValue("CardDeclined", ("PaymentError", "Exception"), "card 0002")
TYPED = json.dumps(DECLINED.to_json())


def lambda_cause(message: str, kind: str = "CardDeclined") -> str:
    return json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": []})


def child(error: str | None = None, cause: str | None = None, **more: Any) -> str:
    document = {"ExecutionArn": "arn:1", "StateMachineArn": "arn:aws:states:r:1:stateMachine:sub", "Status": "FAILED"}
    return json.dumps(document | {"Error": error, "Cause": cause} | more)


@pytest.mark.parametrize(
    "cause",
    [
        TYPED,
        lambda_cause(TYPED),
        child("CardDeclined", TYPED),
        child("CardDeclined", lambda_cause(TYPED)),
        child("States.TaskFailed", child("CardDeclined", lambda_cause(TYPED))),
    ],
    ids=["fail-state", "function", "child", "child-function", "grandchild"],
)
def test_the_error_of_the_flow_is_found(cause: str) -> None:
    assert decode("CardDeclined", cause) == DECLINED


@pytest.mark.parametrize(
    ("error", "cause", "message"),
    [
        ("States.Runtime", "no such state", "step: States.Runtime: no such state"),
        ("Lambda.Unknown", lambda_cause("dead", "Exit"), "step: Lambda.Unknown: Exit: dead"),
        (None, None, "step: no reason is known"),
        ("", "[1, 2]", "step: [1, 2]"),
        ("X", '{"type": 1}', 'step: X: {"type": 1}'),
    ],
)  # fmt: skip
def test_what_aws_itself_raises_is_a_failed_task(error: str | None, cause: str | None, message: str) -> None:
    assert decode(error, cause, "step") == ErrorValue("TaskFailed", ErrorValue.of(TaskFailed("")).bases, message)


def test_timeouts() -> None:
    bases = ErrorValue.of(TaskTimedOut("")).bases
    found = decode("States.Timeout", "", "charge")
    assert found == ErrorValue("TaskTimedOut", bases, "charge ran longer than its timeout")
    assert flow_timed_out("pay", 60).bases == ErrorValue.of(FlowTimedOut("")).bases
    assert flow_timed_out("pay", 60).message == "pay ran longer than 60 s"
    assert decode("States.TaskFailed", child(Status="TIMED_OUT")) == flow_timed_out("sub")


def test_causes_inside_causes_end() -> None:
    cause = TYPED
    for _ in range(7):
        cause = child("X", cause)
    assert decode("X", cause).type in ("TaskFailed", "CardDeclined")
