"""What people read of a log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyloom.cli.log_lines import readable

RECORD = {
    "level": "INFO", "request": "r-1", "app": "shop", "environment": "dev", "run": "quote-1", "flow": "quote",
    "step": "quote/price[2]", "attempt": 1, "task": "price", "outcome": "done", "seconds": 0.0123, "cold": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (RECORD, "price[2] done in 0.01 s"),
        (RECORD | {"attempt": 3}, "price[2] done in 0.01 s, attempt 3"),
        (
            RECORD
            | {"outcome": "failed", "seconds": 2.5, "error": "NoPrice", "frames": ["a.py:1 b", "shop.py:12 price"]},
            "price[2] failed after 2.50 s: NoPrice at shop.py:12 price",
        ),
        (
            {"prompt": "judge", "outcome": "done", "step": "", "model": "nova", "usage": {"input_tokens": 7}},
            "judge done in 0.00 s, nova (7 tokens in, 0 out)",
        ),
        ({"type": "platform.start", "record": {}}, None),
        ({"type": "platform.report", "record": {"status": "success"}}, None),
        (
            {"type": "platform.report", "record": {"status": "error", "errorType": "Runtime.OutOfMemory"}},
            "the invocation ended with error: Runtime.OutOfMemory",
        ),
        ({"type": "TaskStateEntered", "details": {"name": "price"}, "execution_arn": "x"}, "TaskStateEntered price"),
        (
            {"type": "ExecutionFailed", "details": {"error": "NoPrice"}, "execution_arn": "x"},
            "ExecutionFailed: NoPrice",
        ),
        ({"level": "WARNING", "message": "slow", "logger": "x"}, "WARNING: slow"),
        ({"severity": "INFO", "message": "fine"}, "fine"),
        ({"happening": "not started", "flow": "take"}, "not started: flow take"),
        ({"own": 1}, '{"own": 1}'),
    ],
)
def test_a_record_as_one_line(record: dict[str, Any], line: str | None) -> None:
    assert readable(json.dumps(record)) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("START RequestId: 1 Version: 2", None),
        ("REPORT RequestId: 1 Duration: 2 ms", None),
        ("{no JSON", "{no JSON"),
        ("hello", "hello"),
        ("[1]", "[1]"),
    ],
)
def test_other_text(text: str, line: str | None) -> None:
    assert readable(text) == line
