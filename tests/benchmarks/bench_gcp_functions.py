"""Cold starts of Cloud Run functions: processor time from the first instruction to the first answer, and its ratio.

The processes are Google's Functions Framework on this Python, with everything that it starts; what is counted is the
time of the processor, which other work on the machine disturbs least. Each round starts every function once, and of
each the quickest start counts, which was disturbed least. What is installed has its bytecode; a function's own code has
none.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.bench_aws_functions import PLAIN, PLAIN_EVENT, TYPED, TYPED_EVENT
from benchmarks.measuring import Ratio, Say, own_home
from servers.cloud_run_function import free_port

from skyloom.deployers.gcp.functions import FunctionSettings, packages_of_file
from skyloom.deployers.packaging import running_python

EMPTY = "def handler(request):\n    return '42'\n"
WITH_PYDANTIC = f"import pydantic\n\n\n{EMPTY}"
WITH_SDK = f"from google import genai\n\n\n{EMPTY}"
_SECONDS = 120.0


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Cold starts of a plain task and of one with models."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as name, own_home():
        found = _quickest(_cases(Path(name), say), 1 if quick else 15, say)
    rows = (
        ("cold start, plain task", "plain", "an empty handler", "empty", "at most 1.3"),
        ("cold start, plain task", "plain", "import google.genai", "genai", ""),
        ("cold start, task with models", "typed", "import pydantic", "pydantic", ""),
    )
    for what, ours, beside, theirs, aim in rows:
        yield Ratio(
            group="Google Cloud functions",
            what=what,
            ours=found[ours] * 1000,
            beside=beside,
            theirs=found[theirs] * 1000,
            unit="ms",
            aim=aim,
        )


def _cases(folder: Path, say: Say) -> dict[str, tuple[Path, dict[str, Any]]]:
    """The folder of each function's code, and what it is asked."""
    cases: dict[str, tuple[Path, dict[str, Any]]] = {}
    for name, source in (("empty", EMPTY), ("pydantic", WITH_PYDANTIC), ("genai", WITH_SDK)):
        cases[name] = (_written(folder / name, {"main.py": source.encode()}), {})
    for name, source, event in (("plain", PLAIN, PLAIN_EVENT), ("typed", TYPED, TYPED_EVENT)):
        say(f"packing a function: {name}")
        file = folder / f"{name}.py"
        file.write_text(source, encoding="utf-8")
        settings = FunctionSettings(python=running_python(), pinned=False)
        (package,) = packages_of_file(file, settings=settings).packages.values()
        cases[name] = (_written(folder / name, package.files), event)
    return cases


def _written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _quickest(cases: Mapping[str, tuple[Path, dict[str, Any]]], rounds: int, say: Say) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        say(f"cold starts, round {number} of {rounds}")
        for name, (folder, event) in cases.items():
            seconds = _cold_start(folder, event)
            if number:
                taken[name].append(seconds)
    return {name: min(seconds) for name, seconds in taken.items()}


def _cold_start(folder: Path, event: dict[str, Any]) -> float:
    """Seconds of processor time until the function has answered, of all its processes."""
    port = free_port()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "HOME": str(folder),
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "THREADS": "1",
    }
    command = [sys.executable, "-m", "functions_framework", "--target", "handler", "--source", "main.py"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        status = _asked(port, event)
    finally:
        # Asked to end, the server waits for the process that answers, whose time then counts.
        process.terminate()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    if status != 200:
        sys.exit(f"the function in {folder} answered {status}")
    return usage.ru_utime + usage.ru_stime


def _asked(port: int, event: dict[str, Any]) -> int:
    """The status of the first answer."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        try:
            connection.request("POST", "/", json.dumps(event), {"Content-Type": "application/json"})
            return connection.getresponse().status
        except ConnectionError:
            time.sleep(0.02)
        finally:
            connection.close()
    return 0
