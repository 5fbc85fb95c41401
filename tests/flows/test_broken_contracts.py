"""A task that breaks its contract is told with what it gave, shortened, beside what was wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from skyloom.errors import TaskFailed
from skyloom.flows import flow, task
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore


class Line(BaseModel):
    price: float


@task
def long_text() -> int:
    return "no" * 500  # type: ignore[return-value]  # what this is about


@task
def wrong_inside() -> list[Line]:
    return [Line(price=1), Line.model_construct(price="three")]


@task
def some_object() -> dict[str, int]:
    return {"a": object()}  # type: ignore[dict-item]


@task
def not_finite() -> float:
    return float("nan")


@flow
def too_long() -> int:
    return long_text()


@flow
def inside() -> list[Line]:
    return wrong_inside()


@flow
def strange() -> dict[str, int]:
    return some_object()


@flow
def nan() -> float:
    return not_finite()


WRONG = "returned a value that is not of its type"


def on_the_runner(called: Any, folder: Path, **arguments: Any) -> str:
    run = launch.start(launch.prepare(called, arguments), carrier=launch.run_inline, store=RunStore(folder / "runs.db"))
    assert run.error is not None
    assert run.error.type == "TaskFailed"
    return run.error.message


@pytest.mark.parametrize(
    ("called", "message"),
    [
        (too_long, f"long_text {WRONG}: Input should be a valid integer (got '{'no' * 13}n...{'no' * 14}')"),
        (inside, f"wrong_inside {WRONG}: [1].price: Input should be a valid number (got 'three')"),
        (strange, f"some_object {WRONG}: a: Input should be a valid integer (got object(...))"),
        (nan, f"not_finite {WRONG}: nan is not a finite number"),
    ],
)  # fmt: skip
def test_what_a_task_gave(called: Callable[[], Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TaskFailed) as plain:
        called()
    assert str(plain.value) == message
    assert on_the_runner(called, tmp_path) == str(plain.value)
