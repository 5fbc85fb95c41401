"""What the tests of the pages share: a folder to work in, and commands as processes of their own."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SKYLOOM = [sys.executable, "-m", "skyloom"]


class Shell:
    """Runs the lines of a page in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._begun: list[subprocess.Popen[str]] = []

    def begin(self, line: str) -> subprocess.Popen[str]:
        """Starts a `skyloom` line. The comment behind it is left out."""
        words = shlex.split(line, comments=True)
        assert words[0] == "skyloom", line
        process = subprocess.Popen(
            [*SKYLOOM, *words[1:]],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._begun.append(process)
        return process

    def run(self, line: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a `skyloom` line."""
        process = self.begin(line)
        out, err = process.communicate(timeout=150)
        return process.returncode, out, err

    def end(self) -> None:
        """Ends what still runs."""
        for process in self._begun:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell in an empty folder, with a home of its own."""
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    found = Shell(tmp_path / "work")
    yield found
    found.end()
