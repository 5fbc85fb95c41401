"""Scripts for plain calls of flows: who approves what, which events arrive, what models and tasks answer.

    with script(approvals=[approve(comment="fine")], events={"payment": [{"amount": 3}]}) as run:
        reply = answer(ticket)
    assert [call.name for call in run.calls] == ["triage", "search"]

Inside the block time is virtual: `sleep`, waits and the pauses between attempts take no time and move a clock on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person does with an approval, `after` so many seconds. `after=None`: nothing, ever."""

    approved: bool = True
    comment: str = ""
    by: str = "tester"
    answer: Any = None
    after: float | None = 0.0


def approve(comment: str = "", *, by: str = "tester", answer: Any = None, after: float = 0.0) -> Answer:
    """The person approves. `answer` is the filled-in form."""
    return Answer(approved=True, comment=comment, by=by, answer=answer, after=after)


def reject(comment: str = "", *, by: str = "tester", after: float = 0.0) -> Answer:
    """The person rejects."""
    return Answer(approved=False, comment=comment, by=by, after=after)


def no_answer() -> Answer:
    """Nobody ever answers."""
    return Answer(after=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that arrives `after` so many seconds. `after=None`: it never does."""

    payload: Any = None
    key: str | None = None
    after: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the flow made: `kind` is task, prompt, flow, approval, wait_for, emit or sleep; arguments as JSON."""

    kind: str
    name: str
    arguments: Json


@dataclass(kw_only=True)
class Script:
    """What happens around a plain call; and, afterwards, which calls it made."""

    approvals: Iterator[Answer | bool]
    events: dict[str, list[Any]]
    prompts: Mapping[str, Any]
    tasks: Mapping[str, Any]
    calls: list[Call] = field(default_factory=list)
    """The calls in their order; a task's repeated attempts count once."""
    failed: set[int] = field(default_factory=set)
    """The positions of those that ended with an error."""
    emitted: list[tuple[str, Json]] = field(default_factory=list)
    """The events that the flow published: name and payload."""
    clock: float = 0.0
    """Seconds of virtual time that have passed."""


_current: ContextVar[Script | None] = ContextVar("skyloom_script", default=None)


def current_script() -> Script | None:
    """The script of the `with script(...)` block around, if there is one."""
    return _current.get()


@contextmanager
def script(
    *,
    approvals: Sequence[Answer | bool] = (),
    events: Mapping[str, Sequence[Any]] | None = None,
    prompts: Mapping[str, Any] | None = None,
    tasks: Mapping[str, Any] | None = None,
) -> Iterator[Script]:
    """Scripts the plain calls of flows inside the block.

    Args:
        approvals: answers in the order in which they are asked for; `True` and `False` are the short forms.
        events: for each event's name its payloads (or `Arrival`s) in their order.
        prompts: for a prompt's name an answer, a list of answers in their order, or a function of its arguments;
            prompts that are not named ask the configured model.
        tasks: for a task's name a value, or a function of its arguments (by their names), in its place. What runs as
            it is takes real time.
    """
    active = Script(
        approvals=iter(approvals),
        events={name: list(payloads) for name, payloads in (events or {}).items()},
        prompts={
            name: iter(answers) if isinstance(answers, list) else answers for name, answers in (prompts or {}).items()
        },
        tasks=dict(tasks or {}),
    )
    token = _current.set(active)
    try:
        yield active
    finally:
        _current.reset(token)
