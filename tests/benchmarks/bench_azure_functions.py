"""Cold starts of function apps: processor time from the first instruction to the first outcome of an activity.

The processes load an app as the Python worker does (`azure_cold_start.py`); what the worker itself and the host before
it take is the same for every app, and is not in it. Beside them stand apps written by hand with one orchestrator and
one activity. Each round starts every app once, and of each the quickest start counts, which was disturbed least. What
is installed has its bytecode.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.bench_aws_functions import PLAIN, PLAIN_EVENT, TYPED, TYPED_EVENT
from benchmarks.measuring import Ratio, Say, own_home

STARTER = Path(__file__).parent / "azure_cold_start.py"
EMPTY = """import azure.durable_functions as df
import azure.functions as func
{more}
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def flow(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("work", "1"))


@app.activity_trigger(input_name="call")
def work(call: str, context: func.Context) -> str:
    return '{{"value": 42}}'
"""
_BY_HAND = {"empty": "", "pydantic": "import pydantic\n", "openai": "import openai\n"}


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Cold starts of a plain task and of one with models."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as name, own_home():
        found = _quickest(_cases(Path(name), say), 1 if quick else 15, say)
    rows = (
        ("cold start, plain task", "plain", "an empty app", "empty", "at most 1.3"),
        ("cold start, plain task", "plain", "import openai", "openai", ""),
        ("cold start, plain task without bytecode", "plain, sources", "an empty app", "empty", ""),
        ("cold start, task with models", "typed", "import pydantic", "pydantic", ""),
        ("cold start, task with models, without bytecode", "typed, sources", "import pydantic", "pydantic", ""),
    )
    for what, ours, beside, theirs, aim in rows:
        yield Ratio(
            group="Azure function apps",
            what=what,
            ours=found[ours] * 1000,
            beside=beside,
            theirs=found[theirs] * 1000,
            unit="ms",
            aim=aim,
        )


def _cases(folder: Path, say: Say) -> dict[str, tuple[Path, str, dict[str, Any]]]:
    """The folder of each app's code, the function that is called, and what it is asked."""
    from skyloom.deployers.azure.compiling import compile_app
    from skyloom.deployers.azure.functions import FunctionSettings
    from skyloom.deployers.functions import load_app
    from skyloom.deployers.packaging import running_python

    cases: dict[str, tuple[Path, str, dict[str, Any]]] = {}
    for name, more in _BY_HAND.items():
        files = {"function_app.py": EMPTY.format(more=more).encode()}
        cases[name] = (_written(folder / name, files), "work", {})
    for name, source, event in (("plain", PLAIN, PLAIN_EVENT), ("typed", TYPED, TYPED_EVENT)):
        say(f"packing a function app: {name}")
        file = folder / f"{name}.py"
        file.write_text(source, encoding="utf-8")
        for kind in ("", ", sources"):
            settings = FunctionSettings(python=running_python(), pinned=False, bytecode=not kind)
            files = dict(compile_app(load_app(file), "dev", settings).bundle.below("app"))
            cases[f"{name}{kind}"] = (_written(folder / f"{name}{kind}", files), "double", event)
    return cases


def _written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _quickest(cases: Mapping[str, tuple[Path, str, dict[str, Any]]], rounds: int, say: Say) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        say(f"cold starts, round {number} of {rounds}")
        for name, (folder, function, event) in cases.items():
            seconds = _cold_start(folder, function, event)
            if number:
                taken[name].append(seconds)
    return {name: min(seconds) for name, seconds in taken.items()}


def _cold_start(folder: Path, function: str, event: dict[str, Any]) -> float:
    """Seconds of processor time until the activity has given its outcome."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "HOME": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", str(STARTER), str(folder), function],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(event).encode())
    process.stdin.close()
    outcome = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or b'"value"' not in outcome:
        assert process.stderr is not None
        sys.exit(f"the app in {folder} said {outcome!r}: {process.stderr.read().decode()[-3000:]}")
    return usage.ru_utime + usage.ru_stime
