"""A function as a service of Cloud Run: instances that take one request at a time, as many as there are requests.

Each instance is the Functions Framework below gunicorn, in processes of its own, with the package's files and what its
`requirements.txt` names, and nothing else of this machine. What is not here: processor and memory of an instance,
limits of their number, and cold starts: an instance is a fork of one process that has loaded the function.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from engines.aws.runtime import folder_of, interpreter
from engines.gcp.errors import WorkflowError
from engines.gcp.requests import Answer, Request, over_the_wire
from packaging.requirements import Requirement

from skyloom.deployers.packaging import Package

START_SECONDS = 60.0
"""How long a function may take until it listens, on a busy machine."""


class CouldNotStart(Exception):
    """The function does not come up; with what it printed."""


class Service:
    """One deployed function.

    Args:
        package: what is deployed.
        folder: for the unpacked package and the logs; of the service's own.
        libraries: where folders of requirements are, which services share.
        variables: the function's own.

    Attributes:
        instances: how many there have been.

    Raises:
        CouldNotStart: the function cannot be loaded.
    """

    def __init__(self, package: Package, folder: Path, libraries: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._idle: list[int] = []
        self.instances = 0
        _unpack(package, folder / "source")
        required = requirements(package, libraries)
        self._nursery = _Nursery(package.handler, folder, [folder / "source", required], variables)

    def answer(self, request: Request) -> Answer:
        """What an instance answers: an idle one, or a new one where all are busy.

        Raises:
            WorkflowError: as a request over the wire.
        """
        parts = urlsplit(request.url)
        port = self._taken()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        answer = over_the_wire(request, f"http://127.0.0.1:{port}{path}", set())
        # One whose caller has gone away may be at work for long: it is never asked again.
        with self._lock:
            self._idle.append(port)
        return answer

    def log(self) -> str:
        """What the function has written, its instances one after the other."""
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        """Ends all processes."""
        with self._lock:
            self._nursery.close()

    def _taken(self) -> int:
        """The port of an instance that nobody else asks meanwhile."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self.instances += 1
            return self._nursery.born(self._folder / f"instance-{self.instances}.log")


class _Nursery:
    """The process that has loaded the function, and forks its instances."""

    def __init__(self, handler: str, folder: Path, paths: list[Path], variables: Mapping[str, str]) -> None:
        module, _, target = handler.partition(".")
        self._log = folder / "loading.log"
        self._told = queue.Queue[str | None]()
        script = Path(__file__).with_name("cloud_run_forking.py")
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [*interpreter(), str(script), f"{module}.py", target],
                cwd=paths[0],
                # `THREADS` as the template sets it, `FUNCTION_…` and `K_…` as Cloud Run does.
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "LANG": "C.UTF-8",
                    "TZ": "UTC",
                    "HOME": str(folder),
                    "THREADS": "1",
                    "FUNCTION_TARGET": target,
                    "K_SERVICE": folder.name,
                    "K_REVISION": f"{folder.name}-00001-abc",
                    "PYTHONPATH": os.pathsep.join(map(str, paths)),
                    **variables,
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, daemon=True).start()
        self._next("ready")

    def born(self, log: Path) -> int:
        """The port of a new instance."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{log}\n".encode())
            self._process.stdin.flush()
        except (OSError, ValueError):
            # A service that is being closed.
            raise WorkflowError.tagged("ConnectionFailedError", "the service is gone") from None
        return int(self._next("born"))

    def close(self) -> None:
        """Ends the process, and with it the instances."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _next(self, word: str) -> str:
        try:
            line = self._told.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if line is None or not line.startswith(word):
            self._process.kill()
            self._process.wait()
            raise CouldNotStart(f"{line or 'nothing'} in the place of {word}: {self._log.read_text(encoding='utf-8')}")
        return line.removeprefix(word).strip()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(line.decode())
        self._told.put(None)


_making = threading.Lock()


def requirements(package: Package, libraries: Path) -> Path:
    """A folder of what the package's requirements.txt names, and all that this needs, as it is installed here."""
    lines = package.files["requirements.txt"].decode().splitlines()
    names = sorted(Requirement(line).name for line in lines)
    folder = libraries / "-".join(names)
    with _making:
        if not folder.exists():
            folder_of(names, folder)
    return folder


def _unpack(package: Package, folder: Path) -> None:
    for path, content in package.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
