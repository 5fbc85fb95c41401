"""What the run store tells of runs and of what they wait for, and the two ways in which it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skyloom.errors import EngineError
from skyloom.flows.outcome import ErrorValue, Json

Status = Literal["running", "done", "failed", "cancelled", "crashed"]
WaitKind = Literal["approval", "event", "sleep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a flow. Times in seconds since the epoch; `failed_at` says where in the source it failed; `engine_run`
    is the engine's own id for it."""

    id: str
    flow: str
    file: str
    program: str
    environment: str
    input: dict[str, Json]
    status: Status
    started: float
    ended: float | None
    result: Json
    error: ErrorValue | None
    failed_at: str | None
    pid: int
    host: str
    engine_run: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something a run waits for. `closed` tells how it ended: "answered", "timed out" or "abandoned"; None: open."""

    id: str
    run: str
    path: str
    kind: WaitKind
    name: str
    key: str | None
    request: Json
    opened: float
    deadline: float | None
    answer: Json
    answered: float | None
    closed: str | None
    engine_run: str | None


class NotOpen(Exception):
    """The question is answered, timed out, or not known; the text says which, and `hint` what to do."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.hint = hint


class Refused(EngineError):
    """What was asked of a run cannot be: there is no such run, or it is in another state than that needs. `hint` says
    what to do."""

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.hint = hint

    @classmethod
    def resumed(cls, run: Run) -> Refused:
        """The run is done, or alive: it cannot be resumed."""
        stops, shows = f"`skyloom runs cancel {run.id}` stops it", f"`skyloom runs show {run.id}` shows what came of it"
        problem = f"run {run.id} is {run.status}; only a run that has stopped can be resumed"
        return cls(problem, stops if run.status == "running" else shows)
