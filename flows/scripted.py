"""What a script answers in a plain call, in the place of tasks, people and events."""

from __future__ import annotations

import functools
from typing import Any

from skyloom.flows import values
from skyloom.flows.definitions import Task


def from_outside(value: Any, annotation: Any) -> Any:
    """What a script answers, as every engine hands it to the flow. Raises NotOfType."""
    canonical = values.to_json(values.from_json(values.shown(value), annotation), annotation)
    return values.from_json(canonical, annotation)


def standing_in(task: Task[..., Any], answer: Any) -> Task[..., Any]:
    """The task with its own types and another body: a function, or a value that it always gives."""

    @functools.wraps(task.function)
    def body(*args: Any, **kwargs: Any) -> Any:
        return answer(*args, **kwargs) if callable(answer) else answer

    return Task(body)
