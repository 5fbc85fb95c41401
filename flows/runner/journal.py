"""What a run remembers of its steps. A resumed run asks here first, and finds finished steps done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Protocol

from skyloom.errors import EngineError
from skyloom.flows.outcome import Json, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A finished step. Times in seconds since the epoch; `inputs` is a digest of what went in; `notes` is what the
    engine had to add (`Place.notes`)."""

    path: str
    kind: str
    name: str
    inputs: str
    outcome: Outcome
    started: float
    ended: float
    notes: dict[str, Json] = field(default_factory=dict)


class Journal(Protocol):
    """Remembers the outcomes of steps by path."""

    def find(self, path: str) -> StepRecord | None:
        """The record of a finished step."""
        ...

    def record(self, record: StepRecord) -> None:
        """Remembers a finished step, for good, before the run goes on. Raises EngineError when that is impossible."""
        ...


class MemoryJournal:
    """Remembers for as long as the process lives."""

    def __init__(self) -> None:
        self.records: dict[str, StepRecord] = {}

    def find(self, path: str) -> StepRecord | None:
        return self.records.get(path)

    def record(self, record: StepRecord) -> None:
        self.records[record.path] = record


def digest(inputs: Json) -> str:
    """A short digest of a step's inputs, by which a resumed run notices that it went another way."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_same(record: StepRecord, kind: str, inputs: str) -> None:
    """Raises EngineError where a record belongs to another step than the one that is about to run."""
    if (record.kind, record.inputs) != (kind, inputs):
        raise EngineError(
            f"step {record.path} was recorded with other inputs: the flow or one of its pure inputs has changed "
            "since the run started; start a new run"
        )
