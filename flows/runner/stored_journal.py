"""The journal of a run in the store of runs."""

from __future__ import annotations

from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.store import RunStore


class StoredJournal:
    """One run's journal in a store. What earlier processes recorded is read once, at the start."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._earlier = {record.path: record for record in store.steps(run_id)}

    def find(self, path: str) -> StepRecord | None:
        return self._earlier.get(path)

    def record(self, record: StepRecord) -> None:
        self._store.record_step(self._run_id, record)

    @property
    def earlier(self) -> int:
        """How many steps earlier processes finished."""
        return len(self._earlier)
