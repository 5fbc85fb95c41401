"""`skyloom doctor`."""

from __future__ import annotations

import http.server
import platform
import shutil
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from skyloom import __version__
from skyloom.cli import findings
from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerStatus


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, without a skyloom.toml above it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


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
    none = "none, so every model is the offline stand-in (environment dev)"
    assert states["skyloom.toml"] == ("ok", none)
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


class _Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers every request with 404: what counts is that it answers."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of a server that answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1"
        running.shutdown()
        thread.join()


CONFIGURATION = """
[models.local]
fast = "offline"
near = "near:small"
far = "far:large"

[providers.near]
kind = "openai"
base_url = "{url}"

[providers.far]
kind = "openai"
base_url = "http://127.0.0.1:1/v1"
"""


def test_the_models_of_the_configuration(document: Any, own_folder: Path, endpoint: str) -> None:
    (own_folder / "skyloom.toml").write_text(CONFIGURATION.format(url=endpoint))
    assert found_by(document, "skyloom.toml", code=1)[:2] == ("ok", f"{own_folder}/skyloom.toml (environment dev)")
    assert found_by(document, "model fast", code=1)[:2] == ("ok", "offline, the stand-in that understands nothing")
    assert found_by(document, "model near", code=1)[:2] == ("ok", f"near:small, {endpoint} answers")
    state, found, hint = found_by(document, "model far", code=1)
    assert (state, hint) == ("fail", "start it, or name another model")
    assert found.startswith("far:large, http://127.0.0.1:1/v1 does not answer: ")


def test_a_wrong_configuration(document: Any, own_folder: Path) -> None:
    (own_folder / "skyloom.toml").write_text('[models.local]\nfast = "nobody:x"\nsmart = 3\n')
    findings = [f for f in document("doctor", "--json", code=1)["findings"] if f["check"] == "skyloom.toml"]
    assert [finding["state"] for finding in findings] == ["fail", "fail"]
    assert sorted(finding["found"] for finding in findings) == [
        "skyloom.toml:2: SKY635 no provider `nobody`",
        "skyloom.toml:3: SKY632 `smart` must be a string, not a number",
    ]
