"""The local Prefect server: one for each user, started when it is first needed and left running.

It lives in `SKYLOOM_HOME/prefect` with its own database and listens on 127.0.0.1 only. `PREFECT_API_URL`, where set in
the environment, names another server, which is used as it is and never started or stopped.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from skyloom.errors import EngineError
from skyloom.flows.runner.store import home

PREFERRED_PORT = 4210
READY_SECONDS = 120.0
"""How long a server may take to answer for the first time; making its database takes most of that."""
_STOP_SECONDS = 15.0
_URL_VARIABLE = "PREFECT_API_URL"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a Prefect server answers. `started`: whether this call started it."""

    api_url: str
    ui_url: str
    started: bool


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known of the server.

    Attributes:
        state: `running`; `starting`; `stopped`; or, for the server of `PREFECT_API_URL`, `external`.
        api_url: where it answers; None while it is stopped.
        pid: its process; None for an external or stopped one.
        log: its log file; None for an external one.
    """

    state: Literal["running", "starting", "stopped", "external"]
    api_url: str | None
    pid: int | None
    log: Path | None


@dataclass(frozen=True, slots=True)
class _Process:
    """The state file: the process that was started last, and its port."""

    pid: int
    port: int


def ensure_server(progress: Callable[[str], None]) -> ServerAddress:
    """The user's Prefect server, started where it does not run yet.

    Args:
        progress: told in a line of text what takes time.

    Raises:
        EngineError: it did not come up, with the end of its log; or the server of `PREFECT_API_URL` does not answer.
    """
    external = os.environ.get(_URL_VARIABLE)
    if external:
        return _external(external)
    known = _read_state()
    if known is not None and _is_up(known):
        return _address(known.port, started=False)
    try:
        with FileLock(folder() / "server.lock", timeout=READY_SECONDS + 30):
            return _start(progress)
    except Timeout:
        raise EngineError(f"another process is still starting the Prefect server; see {log_file()}") from None


def status() -> ServerStatus:
    """What is known of the user's server. Starts nothing."""
    external = os.environ.get(_URL_VARIABLE)
    if external:
        return ServerStatus("external", external.rstrip("/"), None, None)
    known = _read_state()
    if known is None:
        return ServerStatus("stopped", None, None, log_file())
    url = _address(known.port, started=False).api_url
    if _answers(known.port):
        return ServerStatus("running", url, known.pid, log_file())
    if _is_server(known):
        return ServerStatus("starting", url, known.pid, log_file())
    return ServerStatus("stopped", None, None, log_file())


def stop() -> bool:
    """Stops the user's server. False when none runs. Raises EngineError for the server of `PREFECT_API_URL`."""
    if os.environ.get(_URL_VARIABLE):
        raise EngineError(f"{_URL_VARIABLE} is set: that server is not Skyloom's to stop")
    with FileLock(folder() / "server.lock", timeout=READY_SECONDS + 30):
        known = _read_state()
        if known is None or not _is_server(known):
            return False
        _end(known)
        return True


def folder() -> Path:
    """Where the server keeps its database, its log and its state. Made where it is missing."""
    path = home() / "prefect"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def log_file() -> Path:
    """What the server writes."""
    return folder() / "server.log"


# --- starting and stopping ------------------------------------------------------------------------------------------


def _start(progress: Callable[[str], None]) -> ServerAddress:
    known = _read_state()
    if known is not None and _is_server(known):
        # Another command started it and did not live to see it answer.
        started = not _answers(known.port)
        _wait_until_ready(known)
        return _address(known.port, started=started)
    progress("starting the local Prefect server (once; it stays for later runs)")
    process = _launch(_free_port(known.port if known is not None else PREFERRED_PORT))
    try:
        _wait_until_ready(process)
    except EngineError:
        if _free_port(process.port) == process.port:
            raise
        # Another program took the port between the look at it and the server's start.
        process = _launch(_free_port(0))
        _wait_until_ready(process)
    return _address(process.port, started=True)


def _launch(port: int) -> _Process:
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log_file().open("wb") as log:
        log_file().chmod(0o600)
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Prefect reads .env, prefect.toml and pyproject.toml of the working directory: not the user's, here.
            cwd=folder(),
            env=_environment(port),
            start_new_session=True,
        )
    process = _Process(started.pid, port)
    _write_state(process)
    return process


def _environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return kept | {
        "PREFECT_HOME": str(folder()),
        "PREFECT_PROFILES_PATH": str(folder() / "profiles.toml"),
        # Without this the pages call port 4200, whatever port the server has.
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        # By default the server writes every state of every task run in a transaction of its own, and other requests
        # wait behind them: 48 ms of its CPU for a task run, 17 with these (measured with 3.8.8).
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    }


def _wait_until_ready(process: _Process) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(process.port):
        if not _is_alive(process.pid):
            raise EngineError(f"the Prefect server stopped while it started; the end of {log_file()}:\n{_log_tail()}")
        if time.monotonic() > deadline:
            _end(process)
            raise EngineError(
                f"the Prefect server did not answer within {READY_SECONDS:g} s; the end of {log_file()}:\n{_log_tail()}"
            )
        time.sleep(0.1)


def _end(process: _Process) -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, ending)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + _STOP_SECONDS
        while _is_alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not _is_alive(process.pid):
            break


def _log_tail(lines: int = 15) -> str:
    try:
        text = log_file().read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])


# --- looking at what is there ---------------------------------------------------------------------------------------


def _address(port: int, *, started: bool) -> ServerAddress:
    return ServerAddress(f"http://127.0.0.1:{port}/api", f"http://127.0.0.1:{port}", started)


def _external(url: str) -> ServerAddress:
    import httpx

    url = url.rstrip("/")
    try:
        # Without TLS there is no need for certificates, which take a tenth of a second to read.
        httpx.get(f"{url}/health", timeout=15, verify=url.startswith("https:"))
    except httpx.HTTPError as error:
        raise EngineError(f"the Prefect server of {_URL_VARIABLE} ({url}) does not answer: {error}") from None
    return ServerAddress(url, url.removesuffix("/api"), started=False)


_recognised: set[tuple[Path, _Process]] = set()
"""Servers that have told this process whose they are: from then on it is enough that they live and answer."""


def _is_up(process: _Process) -> bool:
    if (folder(), process) in _recognised:
        return _is_alive(process.pid) and _get(process.port, "/api/health") is True
    if not _answers(process.port):
        return False
    _recognised.add((folder(), process))
    return True


def _answers(port: int) -> bool:
    """Whether the user's own server answers there, and not some other process."""
    if _get(port, "/api/health") is not True:
        return False
    settings = _get(port, "/api/admin/settings")
    return isinstance(settings, dict) and Path(str(settings.get("home"))) == folder()


def _get(port: int, path: str) -> object:
    """The JSON at a path of a local server; None where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        parsed: object = json.loads(response.read()) if response.status == 200 else None
        return parsed
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _is_server(process: _Process) -> bool:
    """Whether the process of the state file lives and is the server, and not a later process with the same number."""
    if not _is_alive(process.pid):
        return False
    command = ["ps", "-ww", "-p", str(process.pid), "-o", "args="]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return "prefect server start" in shown.stdout and f"--port {process.port}" in shown.stdout


def _is_alive(pid: int) -> bool:
    try:
        # A child of this process that has ended stays visible until somebody asks for its exit code.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the server does: a port whose old connections still linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise EngineError("there is no free port on 127.0.0.1")


# --- the state file -------------------------------------------------------------------------------------------------


def _state_file() -> Path:
    return folder() / "server.json"


def _read_state() -> _Process | None:
    try:
        known = json.loads(_state_file().read_text())
        return _Process(int(known["pid"]), int(known["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_state(process: _Process) -> None:
    fresh = _state_file().with_suffix(".new")
    fresh.write_text(json.dumps(asdict(process)))
    fresh.replace(_state_file())
