"""What runs wait for: one record each, with the token that lets the run go on.

The key is (`subject`, `id`). The subject is `approval`, or the event with its key, so that an event finds its waits,
and a role can be held to approvals or to events. The id comes from the run and the step: a task that the cloud repeats
writes the same record with its new token, and a link that was sent before stays good; what is asked anew replaces it.

A record is `open`, `answered` or `abandoned` (the run stopped waiting). It is answered once: the answer is written
under the condition that the record is open, and only then handed to the run. If that was cut off, the next look hands
it over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Json = Any
State = Literal["open", "answered", "abandoned"]

APPROVALS = "approval"
"""The subject of all approvals."""
KEPT_SECONDS = 30 * 24 * 3600
"""How long a record is kept behind its end, to say what became of it."""


def event_subject(event: str, key: str | None) -> str:
    """The subject of the waits for an event; no two events share one."""
    return f"event/{json.dumps([event, key], ensure_ascii=False, separators=(',', ':'))}"


def wait_id(run: str, step: str) -> str:
    """The id of what `step` of `run` waits for: 32 hexadecimal digits."""
    return hashlib.sha256(f"{run}\n{step}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A record. Times in seconds since 1970; `deadline` is when the flow's own timeout ends the wait; `expires` when
    its link does. `asked` is the request as the flow made it, `answer` what the run was, or will be, given."""

    subject: str
    id: str
    token: str = field(repr=False)
    execution: str
    run: str
    flow: str
    step: str
    asked: dict[str, Json]
    opened: float
    deadline: float | None
    expires: int
    state: State = "open"
    answer: Json = None
    answered: float | None = None
    told: bool = False
    """Whether people have been told of the question."""
    delivered: bool = False
    """Whether the run has its answer."""


def is_repeated(known: Wait, wait: Wait) -> bool:
    """Whether `wait` is the one that is `known`, come once more: the question stands, and the link that people have is
    good. A run that was stopped and goes on may begin a part of itself anew, as another execution; and what is over was
    not always noted."""
    return known.state == "open" and known.execution == wait.execution and known.expires > wait.opened


class NotOpen(Exception):
    """The wait was answered or abandoned before; `wait` is its record, None where there is none."""

    def __init__(self, wait: Wait | None) -> None:
        super().__init__("no such wait" if wait is None else f"the wait is {wait.state}")
        self.wait = wait


class Waits(Protocol):
    """The records, where the cloud keeps them. Every change is one conditional write: two that come at once never both
    succeed."""

    def open(self, wait: Wait) -> Wait:
        """Writes down an open wait, and gives it as it stands: where the same one is open already (`is_repeated`), that
        one with the new token."""

    def get(self, subject: str, wait: str) -> Wait | None:
        """One record, as it stands now."""

    def unsettled(self, subject: str) -> Iterator[Wait]:
        """The records of a subject that are open, or answered with the answer not handed over yet."""

    def answer(self, wait: Wait, answer: Json, now: float) -> Wait:
        """Writes down the answer.

        Raises:
            NotOpen: somebody else was first.
        """

    def told(self, wait: Wait) -> None:
        """Notes that people have been told."""

    def delivered(self, wait: Wait) -> None:
        """Notes that the run has its answer."""

    def abandoned(self, wait: Wait) -> None:
        """Notes that the run does not wait any more, and never took an answer."""
