"""The local Prefect server: started once, found again, repaired when something is off, stopped. With real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from skyloom.errors import EngineError
from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerAddress


@pytest.fixture(autouse=True)
def no_external_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without a server; one that the test starts is stopped."""
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path))
    yield tmp_path
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    server.stop()


def silent(text: str) -> None:
    """Takes progress and says nothing."""


def state(home: Path) -> dict[str, int]:
    known: dict[str, int] = json.loads((home / "prefect" / "server.json").read_text())
    return known


def write_state(home: Path, **known: int) -> None:
    (home / "prefect").mkdir(exist_ok=True)
    (home / "prefect" / "server.json").write_text(json.dumps(known))


def taken_port() -> socket.socket:
    busy = socket.socket()
    busy.bind(("127.0.0.1", 0))
    busy.listen()
    return busy


def test_a_server_is_started_once_and_outlives_who_started_it(own_home: Path) -> None:
    script = (
        "from skyloom.flows.runner import server\n"
        "found = server.ensure_server(lambda text: None)\n"
        "print(found.api_url, found.started)\n"
    )
    starters = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [starter.communicate(timeout=150)[0].split() for starter in starters]
    assert said[0][0] == said[1][0]
    assert sorted(answer[1] for answer in said) == ["False", "True"]

    told: list[str] = []
    again = server.ensure_server(told.append)
    assert (again.api_url, again.started, told) == (said[0][0], False, [])
    assert again == ServerAddress(f"http://127.0.0.1:{state(own_home)['port']}/api", again.ui_url, started=False)
    known = server.status()
    assert (known.state, known.api_url, known.pid) == ("running", again.api_url, state(own_home)["pid"])
    settings = httpx.get(f"{again.api_url}/admin/settings").json()
    assert settings["home"] == str(own_home / "prefect")
    assert settings["server"]["analytics_enabled"] is False
    assert httpx.get(f"{again.ui_url}/ui-settings").json()["api_url"] == again.api_url
    assert (own_home / "prefect").stat().st_mode & 0o777 == 0o700

    assert server.stop() is True
    assert server.status().state == "stopped"
    assert server.stop() is False
    with pytest.raises(ProcessLookupError):
        os.kill(known.pid or 0, 0)


def test_the_server_of_another_home_is_not_taken_for_ones_own(own_home: Path, started_server: ServerAddress) -> None:
    # As after a restart of the machine: the number is another process's, the port another user's.
    write_state(own_home, pid=os.getpid(), port=urlsplit(started_server.api_url).port or 0)
    assert server.status().state == "stopped"
    for _ in range(2):
        assert server.ensure_server(silent).api_url != started_server.api_url


def test_a_state_file_whose_process_is_gone_is_repaired(own_home: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with taken_port() as busy:
        # Nobody's process, and the port is now another program's.
        write_state(own_home, pid=gone.pid, port=busy.getsockname()[1])
        assert server.status().state == "stopped"
        found = server.ensure_server(silent)
        assert found.started
        assert state(own_home)["port"] != busy.getsockname()[1]
        assert server.status().state == "running"
    killed = state(own_home)
    os.killpg(killed["pid"], signal.SIGKILL)
    again = server.ensure_server(silent)
    # Runs and links from before stay where they were.
    assert (again.started, again.api_url) == (True, found.api_url)
    assert state(own_home)["pid"] != killed["pid"]


def test_a_process_that_only_has_the_number_is_not_stopped(own_home: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        write_state(own_home, pid=other.pid, port=4210)
        assert server.stop() is False
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "port": 1}'])
def test_a_broken_state_file_counts_as_none(own_home: Path, text: str) -> None:
    (own_home / "prefect").mkdir()
    (own_home / "prefect" / "server.json").write_text(text)
    assert server.status().state == "stopped"
    assert server.stop() is False


def test_a_server_that_does_not_come_up_is_told_with_its_log(own_home: Path) -> None:
    # A folder where the database should be.
    (own_home / "prefect" / "prefect.db").mkdir(parents=True)
    with pytest.raises(EngineError, match="the Prefect server stopped while it started") as failure:
        server.ensure_server(silent)
    assert str(own_home / "prefect" / "server.log") in str(failure.value)
    assert "unable to open database file" in str(failure.value)
    assert server.status().state == "stopped"


def test_the_server_of_the_environment_is_used_and_left_alone(
    own_home: Path, started_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", started_server.api_url + "/")
    found = server.ensure_server(silent)
    assert found == ServerAddress(started_server.api_url, started_server.ui_url, started=False)
    assert server.status() == server.ServerStatus("external", started_server.api_url, None, None)
    with pytest.raises(EngineError, match="not Skyloom's to stop"):
        server.stop()
    assert not (own_home / "prefect").exists()


def test_a_server_of_the_environment_that_does_not_answer_is_told(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(EngineError, match=r"PREFECT_API_URL \(http://127.0.0.1:9/api\) does not answer"):
        server.ensure_server(silent)
