"""What an execution did: its step entries, and the steps that Google bills.

Entries: https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions.stepEntries
Prices: https://cloud.google.com/workflows/pricing: every step counts, also failed ones and each retry; external are
calls to other addresses than Google's, and steps that wait for a callback; calls of `*.googleapis.com`, Cloud Run
functions and `*.run.app` are internal.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field

from engines.gcp.errors import ResourceLimit
from engines.gcp.limits import STEPS

IN_PROGRESS, SUCCEEDED, FAILED, CANCELLED = (
    "STATE_IN_PROGRESS",
    "STATE_SUCCEEDED",
    "STATE_FAILED",
    "STATE_CANCELLED",
)
UNBILLED = ("STEP_TRY_RETRY_EXCEPT", "STEP_NESTED")
"""Brackets around steps: the pricing page names assignments, conditions and calls. What stands in a case of a `switch`
without a name is no step of its own here; that it is billed as a part of the switch is not documented."""


@dataclass
class Entry:
    """One run of one step.

    Attributes:
        number: Entries count from 1.
        routine: `main` or the subworkflow.
        step: Its name.
        type: `STEP_ASSIGN`, `STEP_STD_LIB_CALL`, `STEP_CONNECTOR_CALL`, `STEP_SUBWORKFLOW_CALL`, `STEP_SWITCH`, ...
        parent: The number of the entry that this one runs in.
        started: Seconds since the epoch.
        ended: Likewise; None while it runs.
        state: `STATE_IN_PROGRESS`, `STATE_SUCCEEDED`, `STATE_FAILED`.
        exception: The JSON text of the error.
        external: Whether it is billed as an external step.
        function: What a call calls.
    """

    number: int
    routine: str
    step: str
    type: str
    parent: int | None
    started: float
    ended: float | None = None
    state: str = IN_PROGRESS
    exception: str | None = None
    external: bool = False
    function: str | None = None


@dataclass
class History:
    """All entries of an execution."""

    entries: list[Entry] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, routine: str, step: str, kind: str, parent: int | None, now: float) -> Entry:
        """A step begins.

        Raises:
            ResourceLimit: It is one too many.
        """
        with self.lock:
            entry = Entry(next(self.numbers), routine, step, kind, parent, now)
            self.entries.append(entry)
            if entry.number > STEPS:
                raise ResourceLimit(f"more than {STEPS} steps")
            return entry

    def billed(self) -> Counter[str]:
        """How many steps are billed: `internal` and `external`."""
        with self.lock:
            counted = [entry for entry in self.entries if entry.type not in UNBILLED]
            return Counter("external" if entry.external else "internal" for entry in counted)
