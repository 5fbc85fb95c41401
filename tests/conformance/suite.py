"""All cases by name: `file/case`."""

from __future__ import annotations

from pathlib import Path

from conformance.case import Case

from skyloom.flows.frontend import load_file
from skyloom.flows.ir.nodes import Step, walk

FOLDER = Path(__file__).parent / "cases"
FILES = {path.stem: path for path in sorted(FOLDER.rglob("*.py"))}


def cases_of(path: Path) -> list[Case]:
    """The cases of a file."""
    cases: list[Case] = load_file(path).CASES
    return cases


ALL = {f"{stem}/{case.name}": case for stem, path in FILES.items() for case in cases_of(path)}


def has_steps(case: Case) -> bool:
    """Whether an engine has anything to carry out: the rest is the interpreter's alone, which runs without Prefect."""
    return any(isinstance(statement, Step) for statement in walk(case.flow.program.flow.body))
