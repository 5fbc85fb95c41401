"""`skyloom doctor`."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from skyloom import __version__
from skyloom.cli import findings
from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerStatus


def found_by(document: Any, check: str, code: int = 0) -> tuple[str, str, str | None]:
    (finding,) = [f for f in document("doctor", "--json", code=code)["findings"] if f["check"] == check]
    return finding["state"], finding["found"], finding["hint"]


def test_a_healthy_installation(invoke: Any, document: Any, own_home: Path) -> None:
    found = document("doctor", "--json")
    assert found["ok"] is True
    states = {finding["check"]: (finding["state"], finding["found"]) for finding in found["findings"]}
    assert states["Python"][0] == "ok" and states["Python"][1].startswith(platform.python_version())
    assert states["skyloom"] == ("ok", __version__)
    assert states["prefect"][0] == states["pydantic"][0] == states["fastapi"][0] == "ok"
    assert states["SKYLOOM_HOME"] == ("ok", str(own_home))
    assert states["runs"] == ("ok", "none yet")
    assert states["Prefect server"] == ("ok", "stopped")
    result = invoke("doctor")
    assert result.exit_code == 0
    assert result.stdout.endswith("\nready\n")
    assert "\x1b" not in result.stdout


def test_a_package_that_is_too_old(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "version", lambda name: "3.0.0" if name == "prefect" else version(name))
    state, found, hint = found_by(document, "prefect", code=1)
    assert state == "fail"
    assert found.startswith("3.0.0, needs ") and "3.8.8" in found
    assert hint is not None and hint.startswith('pip install "prefect')


def test_an_extra_that_is_not_there_is_no_failure(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_openai(name: str) -> str:
        if name == "openai":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(findings, "version", without_openai)
    assert found_by(document, "extra openai") == (
        "ok", "not installed", 'only where it is wanted: pip install "skyloom[openai]"'
    )  # fmt: skip


def test_a_home_that_cannot_be_written(
    invoke: Any, document: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path / "file" / "home"))
    state, found, hint = found_by(document, "SKYLOOM_HOME", code=1)
    assert (state, hint) == ("fail", "set SKYLOOM_HOME to a folder you own")
    assert "Not a directory" in found
    result = invoke("doctor")
    assert result.exit_code == 1
    assert result.stdout.endswith("\nsomething fails\n")


def test_a_broken_record_of_runs(document: Any, own_home: Path) -> None:
    (own_home / "runs.db").write_bytes(b"this is no database, " * 100)
    state, found, hint = found_by(document, "runs", code=1)
    assert state == "fail"
    assert "file is not a database" in found
    assert hint == f"move {own_home / 'runs.db'} away to start anew"


@pytest.mark.parametrize(
    ("free", "state", "code"), [(10_000_000, "fail", 1), (500_000_000, "warn", 0), (10**12, "ok", 0)]
)
def test_the_disk(free: int, state: str, code: int, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert found_by(document, "disk", code=code)[0] == state


def test_a_server_elsewhere_that_does_not_answer(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    state, found, hint = found_by(document, "Prefect server", code=1)
    assert state == "fail"
    assert "http://127.0.0.1:1/api" in found and "does not answer" in found
    assert hint == "start it, or unset PREFECT_API_URL"


def test_a_running_server(document: Any, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = ServerStatus("running", "http://127.0.0.1:4210/api", 7, own_home / "server.log")
    monkeypatch.setattr(server, "status", lambda: running)
    assert found_by(document, "Prefect server")[:2] == ("ok", "running at http://127.0.0.1:4210/api")
