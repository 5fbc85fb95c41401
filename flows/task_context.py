"""What a task may ask about the attempt it runs in."""

# Annotations are not postponed here: `NamedTuple` would compile each of them whenever a function starts.

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class TaskContext(NamedTuple):
    """The attempt that a task runs in.

    Attributes:
        run_id: the run of the flow; sub-flows belong to the run of the flow that calls them.
        step: the path of the step, the same on every engine: the flow, then the steps, each with the rounds of the
            loops around it: `review/score[3]`. A plain call, which knows no steps, has a name and a number.
        attempt: 1 for the first attempt, 2 for its first repetition, ...
        idempotency_key: the same for every attempt of one step (also after a crash and a resume), different for every
            other step and iteration. Pass it to services that accept one: tasks run *at least* once.
    """

    run_id: str
    step: str
    attempt: int
    idempotency_key: str


_current: ContextVar[TaskContext | None] = ContextVar("skyloom_task_context", default=None)
_OUTSIDE = TaskContext(run_id="local", step="local", attempt=1, idempotency_key="local")


class _Context:
    """Reads the current attempt's `TaskContext`: `context.attempt`. Outside a run every attribute has a fixed value."""

    __slots__ = ()

    @property
    def run_id(self) -> str:
        """The run of the flow."""
        return (_current.get() or _OUTSIDE).run_id

    @property
    def step(self) -> str:
        """Where in the flow the task runs."""
        return (_current.get() or _OUTSIDE).step

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        return (_current.get() or _OUTSIDE).attempt

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of one step."""
        return (_current.get() or _OUTSIDE).idempotency_key


context = _Context()


@contextmanager
def current_attempt(value: TaskContext) -> Iterator[None]:
    """Makes `value` the current attempt within the block (per thread and per asyncio task)."""
    token = _current.set(value)
    try:
        yield
    finally:
        _current.reset(token)
