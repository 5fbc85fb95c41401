"""Rows of the run store's tables as the objects that they stand for, and JSON as it is kept there."""

from __future__ import annotations

import json
import sqlite3

from skyloom.flows.outcome import Done, ErrorValue, Failed, Json, Outcome
from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.run_records import Run, Wait


def dump(value: Json) -> str:
    """JSON as a column keeps it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _outcome(row: sqlite3.Row) -> Outcome:
    if row["error"] is not None:
        return Failed(ErrorValue.from_json(json.loads(row["error"])))
    return Done(json.loads(row["value"]))


def step_of(row: sqlite3.Row) -> StepRecord:
    """A row of `steps`."""
    return StepRecord(
        path=row["path"],
        kind=row["kind"],
        name=row["name"],
        inputs=row["inputs"],
        outcome=_outcome(row),
        started=row["started"],
        ended=row["ended"],
        notes=json.loads(row["notes"]),
    )


def run_of(row: sqlite3.Row) -> Run:
    """A row of `runs`."""
    values = {key: row[key] for key in row.keys() if key != "cancel"}  # noqa: SIM118 -- a Row is no mapping
    values["input"] = json.loads(row["input"])
    values["result"] = None if row["result"] is None else json.loads(row["result"])
    values["error"] = None if row["error"] is None else ErrorValue.from_json(json.loads(row["error"]))
    return Run(**values)


def wait_of(row: sqlite3.Row) -> Wait:
    """A row of `waits`."""
    values = dict(row)
    values["request"] = json.loads(row["request"])
    values["answer"] = None if row["answer"] is None else json.loads(row["answer"])
    return Wait(**values)
