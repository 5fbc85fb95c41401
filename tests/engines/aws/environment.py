"""One execution environment of a function: a process of Lambda's own runtime and the Runtime API that it asks for work.

The process is `awslambdaric`, which also runs on AWS: it imports the handler, tells what it raises by class name, and
counts down the deadline. What is not here: memory and processor are those of this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

INITIALISATION_SECONDS = 60.0
"""AWS gives 10; a test machine may be busy."""
RESPONSE_BYTES = 6 * 1024 * 1024
"""The largest response of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """What an environment runs.

    Attributes:
        folder: the unpacked package.
        runtime: folders of what the runtime brings along, searched after the package.
        python: the interpreter.
        variables: the function's own and the reserved ones.
        timeout: seconds.
    """

    name: str
    arn: str
    handler: str
    folder: Path
    runtime: tuple[Path, ...]
    python: tuple[str, ...]
    variables: dict[str, str]
    timeout: float


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of one invocation: the response's or the error's JSON text, and what was printed meanwhile."""

    payload: bytes
    failed: bool
    log: str


@dataclass(slots=True)
class _Work:
    payload: bytes
    deadline: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Environment:
    """Runs one invocation at a time, until it fails for good or is closed."""

    def __init__(self, code: FunctionCode, log: Path) -> None:
        self.code = code
        self.idle_since = time.monotonic()
        self._work = queue.Queue[_Work | None]()
        self._answers = queue.Queue[tuple[str, bytes, bool]]()
        self._ready = threading.Event()
        self._broken: bytes | None = None
        self._log: BinaryIO = log.open("w+b")
        self._read = 0
        self._server = _RuntimeApi(("127.0.0.1", 0), _Requests)
        self._server.environment = self
        threading.Thread(target=self._server.serve_forever, args=(1.0,), daemon=True).start()
        self._process = subprocess.Popen(
            [*code.python, "-m", "awslambdaric", code.handler],
            cwd=code.folder,
            env=self._variables(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def invoke(self, payload: bytes) -> Invocation:
        """Runs the handler once. An environment that is not `alive` afterwards must not be used again."""
        if not self._initialised():
            return self._end(self._broken or _error("Runtime.ExitError", "Runtime exited without providing a reason"))
        work = _Work(payload, time.time() + self.code.timeout)
        self._work.put(work)
        give_up = time.monotonic() + self.code.timeout
        while True:
            try:
                answered, body, failed = self._answers.get(timeout=0.05)
            except queue.Empty:
                if time.monotonic() > give_up:
                    seconds = f"{self.code.timeout:.2f}"
                    return self._end(_error("Sandbox.Timedout", f"Task timed out after {seconds} seconds", work.id))
                if self._process.poll() is not None:
                    status = f"Runtime exited with error: exit status {self._process.returncode}"
                    return self._end(_error("Runtime.ExitError", status, work.id))
                continue
            if answered == work.id:
                break
        self.idle_since = time.monotonic()
        if len(body) > RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            return Invocation(_error("Function.ResponseSizeTooLarge", message), True, self._printed())
        return Invocation(body, failed, self._printed())

    @property
    def alive(self) -> bool:
        """Whether it can be invoked again."""
        return self._broken is None and self._process.poll() is None

    def close(self) -> None:
        """Ends the process with everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._work.put(None)
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def next_work(self) -> _Work | None:
        """For the Runtime API: what to do next; None when the environment is closed."""
        self._ready.set()
        return self._work.get()

    def answered(self, id: str, body: bytes, *, failed: bool) -> None:  # noqa: A002
        """For the Runtime API: what the handler returned or raised."""
        self._answers.put((id, body, failed))

    def could_not_start(self, body: bytes) -> None:
        """For the Runtime API: why the handler could not be imported."""
        self._broken = body
        self._ready.set()

    def _initialised(self) -> bool:
        give_up = time.monotonic() + INITIALISATION_SECONDS
        while not self._ready.wait(0.05):
            if self._process.poll() is not None or time.monotonic() > give_up:
                break
        return self._ready.is_set() and self._broken is None

    def _end(self, body: bytes) -> Invocation:
        self._broken = body
        printed = self._printed()
        self.close()
        return Invocation(body, True, printed)

    def _printed(self) -> str:
        self._log.seek(self._read)
        printed = self._log.read()
        self._read += len(printed)
        return printed.decode(errors="replace")

    def _variables(self) -> dict[str, str]:
        host, port = self._server.server_address[:2]
        return {
            **self.code.variables,
            "PATH": os.environ.get("PATH", ""),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(self.code.folder),
            "PYTHONPATH": os.pathsep.join(map(str, (self.code.folder, *self.code.runtime))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(self.code.folder),
            "AWS_LAMBDA_RUNTIME_API": f"{host!s}:{port}",
            "_HANDLER": self.code.handler,
        }


def _error(kind: str, message: str, request: str | None = None) -> bytes:
    text = message if request is None else f"RequestId: {request} Error: {message}"
    return json.dumps({"errorType": kind, "errorMessage": text}).encode()


class _RuntimeApi(ThreadingHTTPServer):
    environment: Environment
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that was killed leaves its connections open: nothing to say."""


class _Requests(BaseHTTPRequestHandler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _RuntimeApi)
        work = server.environment.next_work()
        if work is None:
            self._send(500)
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": work.id,
            "Lambda-Runtime-Deadline-Ms": str(int(work.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": server.environment.code.arn,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            "Content-Type": "application/json",
        }
        self._send(200, work.payload, headers)

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, _RuntimeApi)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        *_, id, what = self.path.split("/")  # noqa: A001
        if self.path.endswith("/init/error"):
            server.environment.could_not_start(body)
        else:
            server.environment.answered(id, body, failed=what == "error")
        self._send(202, b'{"status":"OK"}')

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""
