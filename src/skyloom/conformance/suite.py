"""The cases that come with Skyloom."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from skyloom.conformance.case import Case
from skyloom.flows.frontend import load_file

FOLDER = Path(__file__).parent / "cases"


def files() -> dict[str, Path]:
    """The files of cases, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def cases_of(path: Path) -> list[Case]:
    """The cases of a file."""
    cases: list[Case] = load_file(path).CASES
    return cases


def selected(pattern: str = "*") -> dict[Path, dict[str, Case]]:
    """The cases whose names (`file/case`) fit the pattern (`approving/*`), by file."""
    found: dict[Path, dict[str, Case]] = {}
    for file, path in files().items():
        named = {f"{file}/{case.name}": case for case in cases_of(path)}
        fitting = {name: case for name, case in named.items() if fnmatch(name, pattern)}
        if fitting:
            found[path] = fitting
    return found
