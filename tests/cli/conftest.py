"""What the tests of the command line share: a home of their own, and a way to call commands."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.cloud_app import write
from conformance import elsewhere
from typer.testing import CliRunner, Result

from skyloom.cli.app import app
from skyloom.flows.runner.store import RunStore

Invoke = Callable[..., Result]
Plugin = Callable[..., None]


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


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """Installs the engine of `conformance.elsewhere`, with a body of its own in the place of its declarations."""

    def install(declared: str = "") -> None:
        place = tmp_path / "site"
        info = place / "elsewhere-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[skyloom.conformance]\nelsewhere = elsewhere_engine:Own\n")
        source = Path(elsewhere.__file__).read_text(encoding="utf-8")
        body = declared or "    pass\n"
        (place / "elsewhere_engine.py").write_text(f"{source}\n\nclass Own(Elsewhere):\n{body}", encoding="utf-8")
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, "elsewhere_engine", raising=False)
        importlib.invalidate_caches()

    return install
