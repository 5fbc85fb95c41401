"""The process of the local Prefect server: where it lives, the file that names it, whether it lives and answers."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from skyloom.errors import EngineError
from skyloom.flows.runner.store import home


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """The state file: the process that was started last, and its port."""

    pid: int
    port: int


def folder() -> Path:
    """Where the server keeps its database, its log and its state. Made where it is missing."""
    path = home() / "prefect"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def log_file() -> Path:
    """What the server writes."""
    return folder() / "server.log"


_recognised: set[tuple[Path, ServerProcess]] = set()
"""Servers that have told this process whose they are: from then on it is enough that they live and answer."""


def is_up(process: ServerProcess) -> bool:
    """Whether the server lives, answers, and is the user's own."""
    if (folder(), process) in _recognised:
        return is_alive(process.pid) and _get(process.port, "/api/health") is True
    if not answers(process.port):
        return False
    _recognised.add((folder(), process))
    return True


def answers(port: int) -> bool:
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


def is_server(process: ServerProcess) -> bool:
    """Whether the process of the state file lives and is the server, and not a later process with the same number."""
    if not is_alive(process.pid):
        return False
    command = ["ps", "-ww", "-p", str(process.pid), "-o", "args="]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return "prefect server start" in shown.stdout and f"--port {process.port}" in shown.stdout


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
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


def free_port(preferred: int) -> int:
    """The preferred port where it is free, else any that is. Raises EngineError."""
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


def read_state() -> ServerProcess | None:
    """The process that was started last; None where none is known."""
    try:
        known = json.loads(_state_file().read_text())
        return ServerProcess(int(known["pid"]), int(known["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(process: ServerProcess) -> None:
    """Notes the process as the one that was started last."""
    fresh = _state_file().with_suffix(".new")
    fresh.write_text(json.dumps(asdict(process)))
    fresh.replace(_state_file())
