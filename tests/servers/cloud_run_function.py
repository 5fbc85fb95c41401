"""A function as Cloud Run runs it: its package, unpacked, below the Functions Framework in a process of its own, with
nothing else of Skyloom in reach."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from skyloom.deployers.packaging import Package

_SECONDS = 60.0


class Function:
    """One running function."""

    def __init__(self, package: Package, folder: Path, variables: Mapping[str, str]) -> None:
        for path, content in package.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self._log = folder.with_suffix(".log")
        self.port = free_port()
        module, _, target = package.handler.partition(".")
        # `THREADS` as the template sets it; what is imported from `skyloom` comes from the package's own folder.
        command = [sys.executable, "-m", "functions_framework", "--target", target, "--source", f"{module}.py"]
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = {**inherited, "THREADS": "1", "PYTHONPATH": str(folder), **variables}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--host", "127.0.0.1"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def task(self, name: str, arguments: dict[str, Any], headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Runs a task once: status and body."""
        return self.invoke({"task": name, "arguments": arguments}, headers)

    def invoke(self, event: dict[str, Any], headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Runs whatever the event asks for."""
        context = {"run": "run-1", "flow": "main", "step": "step", "attempt": 1}
        return self.post(json.dumps({"context": context, **event}).encode(), headers)

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Sends a body of JSON."""
        return self._request("POST", body, {"Content-Type": "application/json", **(headers or {})})

    def get(self) -> tuple[int, str]:
        """Asks without a body."""
        return self._request("GET", None, {})

    def log(self) -> str:
        """What the process has written so far."""
        return self._log.read_text(encoding="utf-8")

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _request(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            connection.request(method, "/", body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def _wait(self) -> None:
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise AssertionError(f"the function ended: {self.log()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the function does not listen: {self.log()}")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Start = Callable[..., Function]
"""Starts a function from its package, with variables."""
