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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for flows that say `from prelude import *`; the prelude is imported once for a test file."""
    path = tmp_path_factory.mktemp("flows")
    text = (Path(__file__).parent / "malformed" / "prelude.py").read_text(encoding="utf-8")
    (path / "prelude.py").write_text(text, encoding="utf-8")
    before = list(sys.path)
    yield path
    sys.path[:] = before
    forget(path)


def forget(folder: Path) -> None:
    """Takes the modules that were imported from the folder out of Python's memory."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]
