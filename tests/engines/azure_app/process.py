"""Starts the functions host for an app's folder, and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_TESTS = Path(__file__).parents[2]
KEYS = {
    "master": "key-of-the-master",
    "functions": {"default": "key-of-functions"},
    "systemkeys": {"durabletask_extension": "key-of-durable"},
}


class AppProblem(Exception):
    """The host does not start: why."""


class AppHost:
    """The host of an app as a process. Use it as a context manager.

    Args:
        folder: the app's.
        variables: its settings.
        place: a folder for what the process writes.
        state: a file in which orchestrations outlive the process.

    Raises:
        AppProblem: the app cannot be loaded.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, str], place: Path, port: int = 0, state: Path | None = None
    ) -> None:
        keys = place / "keys.json"
        keys.write_text(json.dumps(KEYS))
        self._log = (place / "host.log").open("a")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        command = [sys.executable, "-m", "engines.azure_app", str(folder), "--keys", str(keys), "--port", str(port)]
        self._process = subprocess.Popen(
            [*command, *(["--state", str(state)] if state else [])],
            env={**kept, "PYTHONPATH": str(_TESTS), **variables},
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        told: dict[str, Any] = json.loads(first) if first else {"problem": (place / "host.log").read_text()[-4000:]}
        if "problem" in told:
            self.close()
            raise AppProblem(told["problem"])
        self.address = str(told["address"])
        self.functions: list[str] = list(told["functions"])
        # What the app prints, the platform would log.
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._log.write(line)
            self._log.flush()

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
