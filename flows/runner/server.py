"""The local Prefect server: one for each user, started when it is first needed and left running.

It lives in `SKYLOOM_HOME/prefect` with its own database and listens on 127.0.0.1 only. `PREFECT_API_URL`, where set in
the environment, names another server, which is used as it is and never started or stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from skyloom.errors import EngineError
from skyloom.flows.runner.server_process import (
    ServerProcess,
    answers,
    folder,
    free_port,
    is_alive,
    is_server,
    is_up,
    log_file,
    read_state,
    write_state,
)

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
    known = read_state()
    if known is not None and is_up(known):
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
    known = read_state()
    if known is None:
        return ServerStatus("stopped", None, None, log_file())
    url = _address(known.port, started=False).api_url
    if answers(known.port):
        return ServerStatus("running", url, known.pid, log_file())
    if is_server(known):
        return ServerStatus("starting", url, known.pid, log_file())
    return ServerStatus("stopped", None, None, log_file())


def stop() -> bool:
    """Stops the user's server. False when none runs. Raises EngineError for the server of `PREFECT_API_URL`."""
    if os.environ.get(_URL_VARIABLE):
        raise EngineError(f"{_URL_VARIABLE} is set: that server is not Skyloom's to stop")
    with FileLock(folder() / "server.lock", timeout=READY_SECONDS + 30):
        known = read_state()
        if known is None or not is_server(known):
            return False
        _end(known)
        return True


# --- starting and stopping ------------------------------------------------------------------------------------------


def _start(progress: Callable[[str], None]) -> ServerAddress:
    known = read_state()
    if known is not None and is_server(known):
        # Another command started it and did not live to see it answer.
        started = not answers(known.port)
        _wait_until_ready(known)
        return _address(known.port, started=started)
    progress("starting the local Prefect server (once; it stays for later runs)")
    process = _launch(free_port(known.port if known is not None else PREFERRED_PORT))
    try:
        _wait_until_ready(process)
    except EngineError:
        if free_port(process.port) == process.port:
            raise
        # Another program took the port between the look at it and the server's start.
        process = _launch(free_port(0))
        _wait_until_ready(process)
    return _address(process.port, started=True)


def _launch(port: int) -> ServerProcess:
    prefect = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, "-m", "skyloom.flows.runner.prefect_server", *prefect]
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
    process = ServerProcess(started.pid, port)
    write_state(process)
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
        # Prefect's client uses a connection again for 25 s, and by default the server closes it after 5: a request that
        # is on its way just then is reset.
        "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT": "60",
    }


def _wait_until_ready(process: ServerProcess) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not answers(process.port):
        if not is_alive(process.pid):
            raise EngineError(f"the Prefect server stopped while it started; the end of {log_file()}:\n{_log_tail()}")
        if time.monotonic() > deadline:
            _end(process)
            raise EngineError(
                f"the Prefect server did not answer within {READY_SECONDS:g} s; the end of {log_file()}:\n{_log_tail()}"
            )
        time.sleep(0.1)


def _end(process: ServerProcess) -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, ending)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + _STOP_SECONDS
        while is_alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not is_alive(process.pid):
            break


def _log_tail(lines: int = 15) -> str:
    try:
        text = log_file().read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])


# --- addresses -------------------------------------------------------------------------------------------------------


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
