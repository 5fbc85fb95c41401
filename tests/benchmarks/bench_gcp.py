"""Workflows of Google Cloud: billed steps of the examples' runs beside workflows written by hand and beside the
transitions that AWS bills for the same runs, and how compiling grows with the steps of a flow.

Runs are those of `bench_aws.py`, on the tests' own Workflows; those of the workflows by hand give the same results.
Retries are charged too.
"""

from __future__ import annotations

import contextlib
import gc
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.bench_aws import ROOT, RUNS, Run, shape
from benchmarks.generated_flow import source
from benchmarks.measuring import Ratio, Say

BY_HAND = Path(__file__).parent / "gcp_by_hand"
BASE = 100
"""Steps whose time for each step is the measure of linear growth."""
UNLIMITED = 1 << 30
"""Bytes of a source. A flow of 300 steps is larger than Workflows takes, and would be refused when it is written: what
is measured is all the work up to there."""


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Steps of runs, then the growth."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as folder:
        for run in RUNS[:3] if quick else RUNS:
            say(f"workflows: {run.name}")
            yield from _billed(run, Path(folder))
        yield from _growth(Path(folder), (10, 100, 300), 2 if quick else 7, say)


# --- runs ---------------------------------------------------------------------------------------------------------


def _billed(run: Run, folder: Path) -> Iterator[Ratio]:
    from conformance.case import Case
    from conformance.on_gcp import in_process
    from conformance.on_gcp.case_run import CaseRun
    from engines.aws.in_process import compiled, run_case

    from skyloom.deployers.gcp.workflow import compile_workflow
    from skyloom.flows.frontend import load_file
    from skyloom.flows.testing import approve

    flow: Any = getattr(load_file(ROOT / "examples" / run.example / f"{run.example}.py"), run.flow)
    case = Case(flow=flow, name=run.name, input=run.given, approvals=(approve(),))
    on_aws = run_case(case, pace=0.01, machines={one.flow: one for one in compiled(flow.program)})
    workflow = compile_workflow(flow.program, in_process.settings_for(flow.program))
    handlers = in_process.handlers(flow.program, workflow, folder)
    with in_process.bucket():
        ours = _ended(CaseRun(case, workflow, handlers))
    assert on_aws.ending.status == "SUCCEEDED", on_aws.ending
    besides = [("transitions on AWS", on_aws.transitions)]
    hand = BY_HAND / f"{run.example}.yaml"
    if hand.exists():
        theirs = _ended(CaseRun(case, replace(workflow, definition=hand.read_text(encoding="utf-8")), handlers))
        assert shape(ours.result) == shape(theirs.result), f"they do not agree: {ours.result}, {theirs.result}"
        besides.insert(0, ("by hand", sum(theirs.history.billed().values())))
    steps = sum(ours.history.billed().values())
    for beside, number in besides:
        yield Ratio(
            group="Google Cloud workflows, billed steps of a run",
            what=run.name,
            ours=steps,
            beside=beside,
            theirs=number,
            unit="",
        )


def _ended(run: Any) -> Any:
    """The execution of a case."""
    try:
        # The functions run in this process, and write their logs.
        with contextlib.redirect_stdout(io.StringIO()):
            ended = run.ended()
    finally:
        run.close()
    assert ended.state == "SUCCEEDED", ended.error
    return ended


# --- growth -------------------------------------------------------------------------------------------------------


def _growth(folder: Path, sizes: tuple[int, ...], rounds: int, say: Say) -> Iterator[Ratio]:
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size in sizes:
            say(f"workflows: compiling {size:,} steps, {number + 1} of {rounds}")
            taken[size].append(_in_own_process(folder, size))
    for size in sizes:
        if size != BASE:
            yield Ratio(
                group="Google Cloud workflows, compiling",
                what=f"{size:,} steps",
                ours=min(taken[size]) / size * 1e6,
                beside=f"{BASE} steps",
                theirs=min(taken[BASE]) / BASE * 1e6,
                unit="µs a step",
                aim="1 is linear" if size > BASE else "",
            )


def _in_own_process(folder: Path, size: int) -> float:
    command = [sys.executable, "-m", "benchmarks.bench_gcp", str(folder), str(size)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"compiling {size} steps: {ended.stderr}")
    return float(ended.stdout)


def _measure(folder: Path, size: int) -> float:
    """Seconds from a program to its workflow, when the compiler has been used before."""
    gc.disable()
    from skyloom.cli.process import look_seldom_for_garbage
    from skyloom.deployers.gcp import limits
    from skyloom.deployers.gcp.workflow import WorkflowSettings, compile_workflow
    from skyloom.flows.frontend import load_file

    limits.SOURCE = replace(limits.SOURCE, value=UNLIMITED)
    programs = []
    for steps in (10, size):
        file = folder / f"steps_{steps}.py"
        file.write_text(source(steps), encoding="utf-8")
        programs.append(load_file(file).generated.program)
    settings = WorkflowSettings(app="bench", tasks=dict.fromkeys(programs[0].tasks, "tasks"))
    compile_workflow(programs[0], settings)
    look_seldom_for_garbage()
    start = time.process_time()
    compile_workflow(programs[1], settings)
    return time.process_time() - start


if __name__ == "__main__":
    sys.stdout.write(f"{_measure(Path(sys.argv[1]), int(sys.argv[2]))}\n")
