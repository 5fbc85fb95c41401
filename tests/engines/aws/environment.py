"""One execution environment of a function: a process of Lambda's own runtime and the Runtime API that it asks for work.

The process is `awslambdaric`, which also runs on AWS: it imports the handler, tells what it raises by class name, and
counts down the deadline. What is not here: memory and processor are those of this machine, and a function's
environments are forks of one process that has imported the handler, because cold starts cost this machine much.
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


class Nursery:
    """A process that has imported a function's handler, and forks its environments."""

    def __init__(self, code: FunctionCode, log: Path) -> None:
        self._lock = threading.Lock()
        self._born = queue.Queue[int]()
        self._gone: dict[int, int] = {}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*code.python, str(Path(__file__).with_name("forking.py")), code.handler],
                cwd=code.folder,
                env=_variables(code),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def fork(self, api: str, log: Path) -> int:
        """The id of a new process that asks this Runtime API for work."""
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps({"api": api, "log": str(log)}).encode() + b"\n")
            self._process.stdin.flush()
            return self._born.get(timeout=INITIALISATION_SECONDS)

    def status(self, pid: int) -> int | None:
        """The exit status of a process, None while it runs."""
        return self._gone.get(pid)

    def close(self) -> None:
        """Ends the process; its forks live on."""
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, pid, *status = line.decode().split()
            if word == "born":
                self._born.put(int(pid))
            else:
                self._gone[int(pid)] = int(status[0])


class Environment:
    """Runs one invocation at a time, until it fails for good or is closed."""

    def __init__(self, code: FunctionCode, nursery: Nursery, log: Path) -> None:
        self.code = code
        self.idle_since = time.monotonic()
        self._work = queue.Queue[_Work | None]()
        self._answers = queue.Queue[tuple[str, bytes, bool]]()
        self._ready = threading.Event()
        self._broken: bytes | None = None
        self._nursery = nursery
        self._log: BinaryIO = log.open("w+b")
        self._read = 0
        self._server = _RuntimeApi(("127.0.0.1", 0), _Requests)
        self._server.environment = self
        threading.Thread(target=self._server.serve_forever, args=(1.0,), daemon=True).start()
        host, port = self._server.server_address[:2]
        self._pid = nursery.fork(f"{host!s}:{port}", log)

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
                status = self._nursery.status(self._pid)
                if status is not None:
                    message = f"Runtime exited with error: exit status {status}"
                    return self._end(_error("Runtime.ExitError", message, work.id))
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
        return self._broken is None and self._nursery.status(self._pid) is None

    def close(self) -> None:
        """Ends the process with everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
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
            if self._nursery.status(self._pid) is not None or time.monotonic() > give_up:
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


def _variables(code: FunctionCode) -> dict[str, str]:
    return {
        **code.variables,
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(code.folder),
        "PYTHONPATH": os.pathsep.join(map(str, (code.folder, *code.runtime))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(code.folder),
        "_HANDLER": code.handler,
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
