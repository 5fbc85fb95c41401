"""Errors of executions, back to those that flows raise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyloom.deployers.gcp.errors import decode
from skyloom.flows.outcome import ErrorValue

RAISED = {"type": "NoPrice", "bases": ["PriceError", "Exception"], "message": "none for the moon"}
ERROR = ErrorValue("NoPrice", ("PriceError", "Exception"), "none for the moon")


@pytest.mark.parametrize(
    "document",
    [
        RAISED,
        json.dumps(RAISED),
        {"tags": ["HttpError"], "code": 422, "message": "...", "body": {"error": RAISED}},
        {"tags": ["HttpError"], "code": 422, "body": json.dumps({"error": RAISED})},
        {"tags": ["OperationError"], "error": {"payload": json.dumps(RAISED)}},
    ],
)
def test_the_flows_own_error_is_found_wherever_it_stands(document: Any) -> None:
    assert decode(json.dumps(document)) == ERROR


@pytest.mark.parametrize(
    ("payload", "kind", "message"),
    [
        ('{"tags": ["TimeoutError"], "message": "timeout"}', "TaskTimedOut", "price ran longer than its timeout"),
        ('{"tags": ["HttpError"], "code": 403, "message": "forbidden"}', "TaskFailed", "price: HttpError: forbidden"),
        (
            '{"tags": ["ResourceLimitError"], "message": "too much"}',
            "TaskFailed",
            "price: ResourceLimitError: too much",
        ),
        ("no JSON {", "TaskFailed", "price: no JSON {"),
        ("", "TaskFailed", "price: no reason is known"),
        (None, "TaskFailed", "price: no reason is known"),
        ('{"type": 3, "bases": []}', "TaskFailed", "price: no reason is known"),
    ],
)
def test_what_workflows_itself_raises_becomes_a_neutral_error(payload: str | None, kind: str, message: str) -> None:
    found = decode(payload, "price")
    assert (found.type, found.message) == (kind, message)


def test_errors_inside_errors_end() -> None:
    document: Any = RAISED
    for _ in range(20):
        document = {"error": document}
    assert decode(json.dumps(document)).type == "TaskFailed"
