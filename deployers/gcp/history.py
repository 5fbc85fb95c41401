"""What an execution did, folded from the step entries that Workflows records of it.

Shown are calls: of functions, of models, of sub-flows, waits. Assignments, conditions and loops are left out.
https://cloud.google.com/workflows/docs/debug-steps
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skyloom.deployers.base import CloudStep
from skyloom.deployers.gcp import errors
from skyloom.deployers.gcp.moments import seconds

_KINDS = {
    "STEP_STD_LIB_CALL": "call",
    "STEP_CONNECTOR_CALL": "connector",
    "STEP_SUBWORKFLOW_CALL": "subworkflow",
}
_OVER = ("STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED")
_Key = tuple[str, str, str]


@dataclass(slots=True)
class StepBoard:
    """The steps of an execution, as far as it has come."""

    _steps: dict[int, CloudStep] = field(default_factory=dict)
    """By the number of the entry with which each began."""
    _states: dict[int, str] = field(default_factory=dict)
    """The state of each entry when it was last seen."""
    _owner: dict[int, int] = field(default_factory=dict)
    """For each entry the step that it is an attempt of."""
    _last: dict[_Key, int] = field(default_factory=dict)

    @property
    def steps(self) -> list[CloudStep]:
        """The steps, in the order in which they began."""
        return list(self._steps.values())

    def apply(self, entry: Mapping[str, Any]) -> CloudStep | None:
        """Takes an entry in, and gives the step that it began, ended or failed; None where nothing is new."""
        number, kind = int(entry["entryId"]), _KINDS.get(entry["stepType"])
        if kind is None or self._states.get(number) == entry["state"]:
            return None
        if number not in self._states:
            self._begin(number, kind, entry)
        self._states[number] = entry["state"]
        if entry["state"] in _OVER:
            self._end(self._owner[number], entry)
        return self._steps[self._owner[number]]

    def _begin(self, number: int, kind: str, entry: Mapping[str, Any]) -> None:
        parent = str((entry.get("navigationInfo") or {}).get("parent", ""))
        key = (entry.get("routine", ""), entry["step"], parent)
        before = self._last.get(key)
        self._last[key] = number
        if before is not None and self._states[before] == "STATE_FAILED":
            # The same step below the same `try`: it is tried again.
            owner = self._owner[number] = self._owner[before]
            step = self._steps[owner]
            self._steps[owner] = replace(step, ended=None, error="", attempts=step.attempts + 1)
            return
        self._owner[number] = number
        self._steps[number] = CloudStep(name=entry["step"], kind=kind, started=seconds(entry["createTime"]))

    def _end(self, owner: int, entry: Mapping[str, Any]) -> None:
        error = ""
        if entry["state"] != "STATE_SUCCEEDED":
            found = errors.decode((entry.get("exception") or {}).get("payload"), entry["step"])
            error = f"{found.type}: {found.message}"
        self._steps[owner] = replace(self._steps[owner], ended=seconds(entry["updateTime"]), error=error)
