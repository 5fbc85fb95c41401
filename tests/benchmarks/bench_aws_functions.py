"""Cold starts of Lambda functions: processor time from the first instruction to the first answer, and its ratio.

The processes are Lambda's own runtime client on the bare interpreter; what is counted is the time of the processor,
which other work on the machine disturbs least. Each round starts every function once, and of each the quickest start
counts, which was disturbed least. Beside them what Skyloom adds to the zip file of a function.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.measuring import Ratio, Say, own_home
from engines.aws.runtime import BROUGHT_ALONG, folder_of, interpreter

from skyloom.deployers.aws.functions import FunctionSettings, packages_of_file
from skyloom.deployers.packaging import running_python, zipped

EMPTY = "def handler(event, context):\n    return 42\n"
WITH_SDK = "import boto3\n\n\ndef handler(event, context):\n    return 42\n"
WITH_PYDANTIC = "import pydantic\n\n\ndef handler(event, context):\n    return 42\n"

PLAIN = """
from skyloom.flows import Retry, flow, task


@task(retry=Retry(attempts=3))
def double(n: int) -> int:
    return 2 * n


@flow
def main(n: int) -> int:
    return double(n)
"""

TYPED = """
from pydantic import BaseModel

from skyloom.flows import flow, task


class Number(BaseModel):
    n: int


@task
def double(number: Number) -> Number:
    return Number(n=2 * number.n)


@flow
def main(number: Number) -> Number:
    return double(number)
"""

PLAIN_EVENT = {"task": "double", "arguments": {"n": 21}}
TYPED_EVENT = {"task": "double", "arguments": {"number": {"n": 21}}}


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Cold starts of a plain task and of one with models, with bytecode and without."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as name, own_home():
        folder = Path(name)
        runtime = folder_of(BROUGHT_ALONG, folder / "runtime")
        cases = _cases(folder, say)
        found = _quickest(cases, runtime, 2 if quick else 25, say)
        size = _size(cases["plain"][0], cases["plain, sources"][0])
    rows = (
        ("cold start, plain task", "plain", "an empty handler", "empty", "at most 1.3"),
        ("cold start, plain task", "plain", "import boto3", "boto3", ""),
        ("cold start, plain task without bytecode", "plain, sources", "an empty handler", "empty", ""),
        ("cold start, task with models", "typed", "import pydantic", "pydantic", ""),
        ("cold start, task with models, without bytecode", "typed, sources", "import pydantic", "pydantic", ""),
    )
    for what, ours, beside, theirs, aim in rows:
        yield Ratio(
            group="AWS functions",
            what=what,
            ours=found[ours] * 1000,
            beside=beside,
            theirs=found[theirs] * 1000,
            unit="ms",
            aim=aim,
        )
    yield size


def _size(with_bytecode: Path, sources: Path) -> Ratio:
    """Skyloom's part of a function with a plain task, as a zip file."""

    def kilobytes(folder: Path) -> float:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("skyloom/**/*.*")}
        return len(zipped(files)) / 1000

    return Ratio(
        group="AWS functions",
        what="Skyloom's part, zipped, plain task: sources",
        ours=kilobytes(sources),
        beside="with bytecode",
        theirs=kilobytes(with_bytecode),
        unit="kB",
        aim="below 50 kB",
    )


def _cases(folder: Path, say: Say) -> dict[str, tuple[Path, dict[str, Any]]]:
    """The folder of each function's code, and what it is asked."""
    cases: dict[str, tuple[Path, dict[str, Any]]] = {}
    for name, source in (("empty", EMPTY), ("boto3", WITH_SDK)):
        cases[name] = (_written(folder / name, {"handler.py": source.encode()}), {})
    for name, source, event in (("plain", PLAIN, PLAIN_EVENT), ("typed", TYPED, TYPED_EVENT)):
        say(f"packing a function: {name}")
        file = folder / f"{name}.py"
        file.write_text(source, encoding="utf-8")
        for bytecode in (True, False):
            settings = FunctionSettings(python=running_python(), architecture="x86_64", bytecode=bytecode)
            (package,) = packages_of_file(file, settings=settings).packages.values()
            label = name if bytecode else f"{name}, sources"
            cases[label] = (_written(folder / label, package.files), event)
            if name == "typed" and bytecode:
                files = {path: content for path, content in package.files.items() if not path.startswith("skyloom/")}
                files = {**files, "handler.py": WITH_PYDANTIC.encode()}
                files = {path: content for path, content in files.items() if "__pycache__/handler." not in path}
                cases["pydantic"] = (_written(folder / "pydantic", files), {})
    return cases


def _written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _quickest(
    cases: Mapping[str, tuple[Path, dict[str, Any]]], runtime: Path, rounds: int, say: Say
) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        say(f"cold starts, round {number} of {rounds}")
        for name, (folder, event) in cases.items():
            seconds = _cold_start(folder, event, runtime)
            if number:
                taken[name].append(seconds)
    return {name: min(seconds) for name, seconds in taken.items()}


def _cold_start(folder: Path, event: dict[str, Any], runtime: Path) -> float:
    """Seconds of processor time until the function has answered."""
    with _runtime_api(event) as api:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "en_US.UTF-8",
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join((str(folder), str(runtime))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(folder),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        command = [*interpreter(), "-m", "awslambdaric", "handler.handler"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        api.answered.wait(120)
        process.kill()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    if api.failure is not None:
        sys.exit(f"the function in {folder} failed: {api.failure}")
    return usage.ru_utime + usage.ru_stime


class _Api(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.event = json.dumps(event).encode()
        self.given = False
        self.answered = threading.Event()
        self.failure: str | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that was killed leaves its connection open."""


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        api = self.server
        assert isinstance(api, _Api)
        if api.given:
            threading.Event().wait(60)
        api.given = True
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "1",
            "Lambda-Runtime-Deadline-Ms": "99999999999999",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "Content-Type": "application/json",
        }
        self._send(200, api.event, headers)

    def do_POST(self) -> None:
        api = self.server
        assert isinstance(api, _Api)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/error"):
            api.failure = body.decode()
        api.answered.set()
        self._send(202, b"{}", {})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def _runtime_api(event: dict[str, Any]) -> Iterator[_Api]:
    api = _Api(event)
    thread = threading.Thread(target=api.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join()
