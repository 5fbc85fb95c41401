"""Tasks of Durable as orchestrators look at them, in both lines of the SDK."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from skyloom.adapters.hosts.durable_strands import is_over, outcome_of

FAULT = RuntimeError("the activity failed")


def two(*, over: bool, fault: Exception | None = None) -> SimpleNamespace:
    """A task of 2.x (`durabletask.task.Task`), whose `result` raises where it failed."""
    return SimpleNamespace(is_complete=over, is_failed=fault is not None, get_exception=lambda: fault, result="told")


def one(*, over: bool, fault: Exception | None = None) -> SimpleNamespace:
    """A task of 1.x (`azure.durable_functions.models.Task`), whose result is the exception where it failed."""
    return SimpleNamespace(is_completed=over, result=fault or "told")


@pytest.mark.parametrize("task", [one, two])
def test_whether_a_task_is_over_and_what_it_gave(task: Callable[..., SimpleNamespace]) -> None:
    assert not is_over(task(over=False))
    assert is_over(task(over=True))
    assert outcome_of(task(over=True)) == "told"
    assert outcome_of(task(over=True, fault=FAULT)) is FAULT
