"""Orchestrators on Azure: what the examples' runs take beside orchestrators written by hand, and how compiling grows
with the steps of a flow.

Runs are those of `bench_aws.py`, on the tests' own Durable host, in several orders of what happens at once, with the
same activities and the offline model; those of the orchestrators by hand give the same results. What is billed are the
messages of the scheduler: activities, orchestrations, timers, events. A replay is a run of the orchestrator's code over
the history.
"""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bench_aws import ROOT, RUNS, Run, shape
from benchmarks.generated_flow import source
from benchmarks.measuring import Ratio, Say

Json = Any

BY_HAND = Path(__file__).parent / "azure_by_hand"
RUNNER = Path(__file__).parent / "azure_runs.py"
LONG = "document_pipeline"
"""The example whose runs take long: every replay reads some hundred events anew."""
BASE = 100
"""Steps whose time for each step is the measure of linear growth."""
_CONFIG = '[models.azure]\nfast = "offline"\nsmart = "offline"\n'
_MEASURES = (
    ("activities", "activities of a run", "", "at most 1.1"),
    ("replays", "replays of a run", "", ""),
    ("history", "events in the history of a run", "", ""),
    ("seconds", "orchestrators' time of a run", "ms", ""),
)


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """The examples beside orchestrators written by hand, then the growth."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as name:
        folder = Path(name)
        for run in RUNS[:3] if quick else RUNS:
            say(f"orchestrators: {run.name}")
            orders = 2 if quick or run.example == LONG else 20
            yield from _compared(run, folder / run.name.replace(", ", "-"), orders)
        yield from _growth(folder, (10, 100, 300), 2 if quick else 7, say)


# --- runs ---------------------------------------------------------------------------------------------------------


def _compared(run: Run, folder: Path, orders: int) -> Iterator[Ratio]:
    ours = _built(run.example, folder)
    theirs = folder / "by_hand"
    shutil.copytree(ours, theirs)
    module = theirs / "flows" / f"{run.flow}.py"
    for old in module.parent.rglob(f"{run.flow}.*.pyc"):
        old.unlink()
    shutil.copy(BY_HAND / f"{run.example}.py", module)
    mine, beside = (_taken(place, run, orders) for place in (ours, theirs))
    same = shape(json.loads(mine["output"])) == shape(json.loads(beside["output"]))
    assert same, f"they do not agree: {mine['output']}, {beside['output']}"
    for key, group, unit, aim in _MEASURES:
        scale = 1000 if unit == "ms" else 1
        yield Ratio(
            group=f"Azure orchestrators, {group}",
            what=run.name,
            ours=mine[key] / orders * scale,
            beside="by hand",
            theirs=beside[key] / orders * scale,
            unit=unit,
            aim=aim,
        )


def _built(example: str, folder: Path) -> Path:
    """The folder of an example's function app, whose prompts are answered by the offline model."""
    from skyloom.deployers.azure.compiling import compile_app
    from skyloom.deployers.azure.functions import FunctionSettings
    from skyloom.deployers.functions import load_app
    from skyloom.deployers.packaging import running_python

    shutil.copytree(ROOT / "examples" / example, folder / example)
    (folder / example / "skyloom.toml").write_text(_CONFIG, encoding="utf-8")
    app = load_app(folder / example / f"{example}.py")
    settings = FunctionSettings(python=running_python(), pinned=False)
    compile_app(app, "dev", settings).bundle.write(folder / "bundle")
    return folder / "bundle" / "app"


def _taken(folder: Path, run: Run, orders: int) -> dict[str, Json]:
    command = [sys.executable, "-P", str(RUNNER), str(folder), run.flow, json.dumps(run.given), str(orders)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{run.name} in {folder}: {ended.stderr[-4000:]}")
    taken: dict[str, Json] = json.loads(ended.stdout)
    return taken


# --- growth -------------------------------------------------------------------------------------------------------


def _growth(folder: Path, sizes: tuple[int, ...], rounds: int, say: Say) -> Iterator[Ratio]:
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size in sizes:
            say(f"orchestrators: compiling {size:,} steps, {number + 1} of {rounds}")
            taken[size].append(_in_own_process(folder, size))
    for size in sizes:
        if size != BASE:
            yield Ratio(
                group="Azure orchestrators, compiling",
                what=f"{size:,} steps",
                ours=min(taken[size]) / size * 1e6,
                beside=f"{BASE} steps",
                theirs=min(taken[BASE]) / BASE * 1e6,
                unit="µs a step",
                aim="1 is linear" if size > BASE else "",
            )


def _in_own_process(folder: Path, size: int) -> float:
    command = [sys.executable, "-m", "benchmarks.bench_azure", str(folder), str(size)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"compiling {size} steps: {ended.stderr}")
    return float(ended.stdout)


def _measure(folder: Path, size: int) -> float:
    """Seconds from a program to its orchestrator, when the compiler has been used before."""
    gc.disable()
    from skyloom.cli.process import look_seldom_for_garbage
    from skyloom.deployers.azure.workflow import WorkflowSettings, compile_workflow
    from skyloom.flows.frontend import load_file

    programs = []
    for steps in (10, size):
        file = folder / f"steps_{steps}.py"
        file.write_text(source(steps), encoding="utf-8")
        programs.append(load_file(file).generated.program)
    settings = WorkflowSettings()
    compile_workflow(programs[0], settings)
    look_seldom_for_garbage()
    start = time.process_time()
    compile_workflow(programs[1], settings)
    return time.process_time() - start


if __name__ == "__main__":
    sys.stdout.write(f"{_measure(Path(sys.argv[1]), int(sys.argv[2]))}\n")
