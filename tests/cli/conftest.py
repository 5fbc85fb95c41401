"""What the tests of the command line share: a home of their own, and a way to call commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.cloud_app import write
from typer.testing import CliRunner, Result

from skyloom.cli.app import app
from skyloom.flows.runner.store import RunStore

Invoke = Callable[..., Result]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept in the test's own folder, and nothing of the caller's environment counts."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("SKYLOOM_HOME", str(home))
    for name in ("PREFECT_API_URL", "SKYLOOM_DEBUG", "SKYLOOM_ENV", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def store() -> RunStore:
    """The store that the commands use."""
    return RunStore()


@pytest.fixture
def invoke() -> Invoke:
    """Calls the command line within this process. Errors that are nobody's mistake are raised."""

    def call(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin, catch_exceptions=False, prog_name="skyloom")

    return call


@pytest.fixture
def document(invoke: Invoke) -> Callable[..., Any]:
    """Calls a command and gives the JSON document that it prints."""

    def call(*arguments: str, code: int = 0) -> Any:
        result = invoke(*arguments)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    return call


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with the app of `cloud_app`, in the working folder. Its module is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop_app.py"
    write(path, 3)
    yield path
    sys.modules.pop("shop_app", None)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
