"""The commands for the local Prefect server, without starting one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skyloom.errors import EngineError
from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerAddress, ServerStatus


def test_starting(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(progress: Any) -> ServerAddress:
        progress("starting the local Prefect server")
        return ServerAddress("http://127.0.0.1:4210/api", "http://127.0.0.1:4210", True)

    monkeypatch.setattr(server, "ensure_server", ensure)
    result = invoke("server", "start")
    assert (result.exit_code, result.stdout) == (0, "http://127.0.0.1:4210\n")
    assert result.stderr == "starting the local Prefect server\nstarted\n"


def test_a_server_that_does_not_come_up(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(progress: Any) -> ServerAddress:
        raise EngineError("the Prefect server stopped while it started; the end of /x/server.log:\nno room")

    monkeypatch.setattr(server, "ensure_server", ensure)
    result = invoke("server", "start")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == ("error: the Prefect server stopped while it started; the end of /x/server.log:\nno room\n")


@pytest.mark.parametrize(("stopped", "text"), [(True, "stopped\n"), (False, "no server was running\n")])
def test_stopping(stopped: bool, text: str, invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "stop", lambda: stopped)
    result = invoke("server", "stop")
    assert (result.exit_code, result.stderr) == (0, text)


def test_another_server_is_not_stopped(invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    result = invoke("server", "stop")
    assert result.exit_code == 1
    assert result.stderr == "error: PREFECT_API_URL is set: that server is not Skyloom's to stop\n"


def test_the_status(invoke: Any, document: Any, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = own_home / "prefect" / "server.log"
    assert invoke("server", "status").stdout == f"stopped\nlog {log}\n"
    assert document("server", "status", "--json") == {
        "state": "stopped", "api": None, "ui": None, "pid": None, "log": str(log)
    }  # fmt: skip
    running = ServerStatus("running", "http://127.0.0.1:4210/api", 77, log)
    monkeypatch.setattr(server, "status", lambda: running)
    assert invoke("server", "status").stdout == f"running: http://127.0.0.1:4210\nprocess 77\nlog {log}\n"
    assert document("server", "status", "--json")["ui"] == "http://127.0.0.1:4210"
