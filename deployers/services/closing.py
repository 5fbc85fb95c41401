"""A run gives up waiting: its time is over.

    {"kind": "close", "run", "step", "token", "event"?, "key"?} -> {"answer": null or {"value"} or {"error"}}

A decision that was taken at the last moment is not lost: the run gets it as the answer to this, for the engine takes an
answer that nobody awaits any more.
"""

from __future__ import annotations

from typing import Any

from skyloom.deployers.services.records import Records
from skyloom.deployers.services.waiting import APPROVALS, event_subject, wait_id

Json = Any


def close(records: Records, asked: dict[str, Json]) -> dict[str, Json]:
    """Closes a wait: tells the answer that there is already, or None."""
    id_ = wait_id(asked["run"], asked["step"])
    subject = event_subject(asked["event"], asked.get("key")) if asked.get("event") is not None else APPROVALS
    known = records.close(subject, id_)
    if known is None or known.state != "answered" or known.token != asked["token"]:
        return {"answer": None}
    if not known.delivered:
        records.delivered(known)
    return {"answer": known.answer}
