"""Cloud Run functions: each one a process of functions-framework, made from the zip that was uploaded.

A function is started when it is deployed, as Cloud Run does to see that it listens, and again when it is asked after it
has died. It sees nothing of Skyloom but what its package holds. Not here: building (the environment of the tests has
the requirements already), instances and concurrency, memory limits, revisions and traffic.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines.gcp_account.front import Answer, ApiError, Front, Request
from engines.gcp_account.permissions import Permissions
from engines.gcp_account.terraform.kinds import Refused

_RUNNER = """
import sys
sys.path[:] = [entry for entry in sys.path if entry not in {hidden!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path.insert(0, {source!r})
from functions_framework import create_app
app = create_app({entry!r}, {main!r}, "http")
from werkzeug.serving import make_server, WSGIRequestHandler
class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_request(self, *arguments): pass
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
print("LISTENING", server.server_port, flush=True)
server.serve_forever()
"""
_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """How a function is deployed."""

    name: str
    source: bytes
    entry: str
    environment: Mapping[str, str]
    account: str
    timeout: float = 60.0


@dataclass
class Instance:
    """A function with its process."""

    deployed: Deployed
    folder: Path
    process: subprocess.Popen[str] | None = None
    port: int = 0
    starting: threading.Lock = field(default_factory=threading.Lock)


class Functions:
    """The functions of the project. `log` takes each line that one writes: function and line."""

    def __init__(self, front: Front, permissions: Permissions, metadata: Callable[[str], str]) -> None:
        self._front, self._permissions, self._metadata = front, permissions, metadata
        self._instances: dict[str, Instance] = {}
        self._root = Path(tempfile.mkdtemp(prefix="functions-"))
        self.surroundings: dict[str, str] = {}
        """Variables of every function, beside its own."""
        self.log: Callable[[str, str], None] = lambda name, line: None
        self.requests: list[tuple[str, str, str]] = []
        """Every request that came in: function, method, path."""

    @property
    def names(self) -> list[str]:
        return sorted(self._instances)

    def address(self, name: str) -> str:
        """The function's address. Its port is its own, as its host name is in Google Cloud."""
        return self._front.listen(f"function {name}", whole=lambda request: self._serve(name, request))

    def deploy(self, deployed: Deployed) -> None:
        """Puts the code in place and starts it. Raises Refused where it does not listen."""
        folder = Path(tempfile.mkdtemp(prefix=f"{deployed.name}-", dir=self._root))
        with zipfile.ZipFile(io.BytesIO(deployed.source)) as archive:
            archive.extractall(folder)
        if not (folder / "main.py").is_file():
            raise Refused(400, f"Build failed: {deployed.name}: missing main.py")
        fresh = Instance(deployed, folder)
        self._start(fresh)
        before = self._instances.get(deployed.name)
        self._instances[deployed.name] = fresh
        if before is not None:
            _stop(before)

    def remove(self, name: str) -> None:
        found = self._instances.pop(name, None)
        if found is not None:
            _stop(found)
            self._front.silence(f"function {name}")

    def close(self) -> None:
        for name in self.names:
            self.remove(name)
        shutil.rmtree(self._root, ignore_errors=True)

    # --- processes ---

    def _start(self, instance: Instance) -> None:
        deployed = instance.deployed
        script = _RUNNER.format(
            hidden=_HIDDEN, source=str(instance.folder), entry=deployed.entry, main=str(instance.folder / "main.py")
        )
        metadata = self._metadata(deployed.account).removeprefix("http://")
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(instance.folder),
            "PYTHONUNBUFFERED": "1",
            "FUNCTION_TARGET": deployed.entry,
            "K_SERVICE": deployed.name,
            "K_REVISION": f"{deployed.name}-00001-abc",
            **deployed.environment,
            "GCE_METADATA_HOST": metadata,
            "GCE_METADATA_IP": metadata,
            **self.surroundings,
            "SKYLOOM_GOOGLE_ENDPOINT": self._front.address("apis"),
        }
        instance.process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=instance.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        told: list[str] = []
        listening = threading.Event()
        threading.Thread(target=self._read, args=(instance, told, listening), daemon=True).start()
        if not listening.wait(_SECONDS) or not instance.port:
            _stop(instance)
            raise Refused(400, f"Container Healthcheck failed: {deployed.name} did not listen: {''.join(told[-8:])}")

    def _read(self, instance: Instance, told: list[str], listening: threading.Event) -> None:
        process = instance.process
        assert process is not None and process.stdout is not None
        for line in process.stdout:
            if not instance.port and line.startswith("LISTENING "):
                instance.port = int(line.split()[1])
                listening.set()
            elif listening.is_set():
                self.log(instance.deployed.name, line.rstrip("\n"))
            else:
                told.append(line)
        listening.set()

    # --- requests ---

    def _serve(self, name: str, request: Request) -> Answer:
        instance = self._instances.get(name)
        if instance is None:
            raise ApiError(404, f"there is no service {name}")
        self.requests.append((name, request.method, request.path))
        self._check(name, request)
        if instance.process is None or instance.process.poll() is not None:
            with instance.starting:
                if instance.process is None or instance.process.poll() is not None:
                    instance.port = 0
                    self._start(instance)
        return _asked(instance, request)

    def _check(self, name: str, request: Request) -> None:
        """Whether who calls may: an identity token for this address, of an account that may invoke."""
        if self._permissions.allows("nobody", "run.routes.invoke", f"run/{name}"):
            return
        caller = request.caller
        if caller.audience.rstrip("/") != self.address(name):
            raise ApiError(401, f"the access token could not be verified: its audience is {caller.audience!r}")
        self._permissions.require(caller.email, "run.routes.invoke", f"run/{name}")


_HIDDEN = [entry for entry in sys.path if Path(entry).name in ("src", "tests")]
"""Where Skyloom itself is imported from here, which a function must not see."""


def _stop(instance: Instance) -> None:
    if instance.process is not None and instance.process.poll() is None:
        instance.process.kill()
        instance.process.wait()


def _asked(instance: Instance, request: Request) -> Answer:
    end = time.monotonic() + instance.deployed.timeout
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=instance.deployed.timeout)
    try:
        dropped = ("host", "connection", "content-length", "authorization", "transfer-encoding")
        headers = {name: value for name, value in request.headers.items() if name not in dropped}
        headers["X-Forwarded-Authorization"] = "checked"
        connection.request(request.method, request.target, request.body, headers)
        response = connection.getresponse()
        body = response.read()
    except TimeoutError:
        raise ApiError(504, "upstream request timeout", "DEADLINE_EXCEEDED") from None
    except (OSError, http.client.HTTPException) as problem:
        if time.monotonic() > end:
            raise ApiError(504, "upstream request timeout", "DEADLINE_EXCEEDED") from None
        raise ApiError(503, f"upstream connect error: {problem!r}") from None
    finally:
        connection.close()
    kept = {
        k: v for k, v in response.getheaders() if k.lower() not in ("content-length", "connection", "server", "date")
    }
    return Answer(response.status, body, kept)


def parsed(line: str) -> object:
    """A line of a log as Cloud Run takes it: an object where it is one."""
    try:
        found = json.loads(line)
    except ValueError:
        return line
    return found if isinstance(found, dict) else line
