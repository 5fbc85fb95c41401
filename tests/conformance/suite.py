"""All cases by name: `file/case`."""

from __future__ import annotations

from pathlib import Path

from skyloom.conformance.case import Case
from skyloom.conformance.suite import cases_of
from skyloom.flows.ir.nodes import Step, walk

__all__ = ["ALL", "BUCKETS", "FILES", "cases_of", "has_steps"]

FOLDER = Path(__file__).parent / "cases"
FILES = {path.stem: path for path in sorted(FOLDER.rglob("*.py"))}


BUCKETS = ("SKYLOOM_BUCKET_BOOKS",)
"""The variables of the buckets that tasks of cases use: every engine has one bucket for them."""

ALL = {f"{stem}/{case.name}": case for stem, path in FILES.items() for case in cases_of(path)}


def has_steps(case: Case) -> bool:
    """Whether an engine has anything to carry out: the rest is the interpreter's alone, which runs without Prefect."""
    return any(isinstance(statement, Step) for statement in walk(case.flow.program.flow.body))
