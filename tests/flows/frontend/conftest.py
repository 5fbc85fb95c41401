"""Users' files for the front end's tests: written, imported, checked, and forgotten again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from skyloom.flows.frontend import CheckedFile, check_file

Write = Callable[..., Path]
Check = Callable[..., CheckedFile]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a file (dedented) into a fresh folder, which is the working folder: `write(text, "review.py")`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def written(text: str, name: str = "review.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    yield written
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.fixture
def check(write: Write) -> Check:
    """Writes a file and checks it."""
    return lambda text, name="review.py": check_file(write(text, name))
