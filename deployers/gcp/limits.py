"""The limits of Workflows that compiled flows must keep, each with its source, and what checks them.

Numbers are from Google's documentation as of November 2026. What is larger than a limit allows in every run is refused
when it is compiled; what only some runs exceed fails in these, with the service's own error.
"""

from __future__ import annotations

from dataclasses import dataclass

_DOCS = "https://cloud.google.com/workflows/"
_QUOTAS = f"{_DOCS}quotas"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it bounds, its value in `unit`, and the page that says so."""

    what: str
    value: int
    unit: str
    source: str

    def __str__(self) -> str:
        return f"{self.value:,} {self.unit}"


SOURCE = Limit("the source of a workflow", 128 * 1024, "bytes", _QUOTAS)
EXPRESSION = Limit("an expression", 400, "characters", _QUOTAS)
ASSIGNMENTS = Limit("assignments in one step", 50, "assignments", _QUOTAS)
CONDITIONS = Limit("conditions of one switch", 50, "conditions", _QUOTAS)
CALL_DEPTH = Limit("calls of subworkflows inside of each other", 20, "calls", _QUOTAS)
STEPS = Limit("steps in one execution", 100_000, "steps", _QUOTAS)
MEMORY = Limit("the variables of an execution", 512 * 1024, "bytes", _QUOTAS)
BRANCHES = Limit("branches of one parallel step", 10, "branches", _QUOTAS)
PARALLEL_WIDTH = Limit("branches and iterations at once", 20, "at once", _QUOTAS)
PARALLEL_DEPTH = Limit("parallel steps inside of each other", 2, "levels", _QUOTAS)
HTTP_TIMEOUT = Limit("a call of a function", 1800, "s", f"{_DOCS}docs/reference/stdlib/http/post")
EXECUTION = Limit("an execution", 31_536_000, "s", _QUOTAS)
