"""What compiling for AWS takes: each example as a command, one of them beside `cdk synth`, and growth over the steps.

Times are of the processor, of the command and of all processes that it starts: other work on the machine disturbs them
less than a clock. Commands take turns; what counts is the quickest of each, which was disturbed least.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import cdk_synth
from benchmarks.generated_flow import source
from benchmarks.measuring import SKYLOOM, Ratio, Say, Taken, taken_by

ROOT = Path(__file__).parents[2]
EXAMPLES = ("ticket_triage", "order_saga", "document_pipeline")
COMPARED = "order_saga"
"""The example that `cdk/order_saga.py` is a hand-written copy of."""
BASE = 100
"""Steps whose time for each step is the measure of linear growth."""
UNLIMITED = 1 << 30
"""Bytes of a definition. The machine of 1,000 steps is larger than Step Functions takes, and would be refused when it
is written: what is measured is all the work up to there."""


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """The commands, then the growth."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as folder:
        yield from _commands(Path(folder), 1 if quick else 5, say)
        yield from _growth(Path(folder), (10, 100, 300) if quick else (10, 100, 300, 1000), 2 if quick else 7, say)


# --- commands -----------------------------------------------------------------------------------------------------


def _commands(folder: Path, rounds: int, say: Say) -> Iterator[Ratio]:
    files = {name: str(ROOT / "examples" / name / f"{name}.py") for name in EXAMPLES}
    commands: dict[str, Sequence[str]] = {}
    for name, file in files.items():
        commands[f"compile {name}"] = [*SKYLOOM, "compile", file, "--to", "aws", "--out", str(folder / name)]
        commands[f"check {name}"] = [*SKYLOOM, "check", file]
    say("compiling the examples, for nothing")
    found = _quickest(commands, 1, say)
    environment = dict(os.environ)
    if cdk_synth.is_installed():
        environment = cdk_synth.environment(folder / COMPARED / "functions")
        commands["cdk synth"] = cdk_synth.command(folder / "cdk.out")
        found = _quickest(commands, 1, say, environment)
        cdk_synth.assert_same(folder / "cdk.out", Path(__file__).parent / "aws_by_hand" / f"{COMPARED}.asl.json")
    else:
        say("no CDK here (`make .make/cdk`): left out")
    found = _quickest(commands, rounds, say, environment)
    yield from _rows(found)


def _rows(found: Mapping[str, Taken]) -> Iterator[Ratio]:
    for name in EXAMPLES:
        yield Ratio(
            group="AWS, compiling as a command, CPU time",
            what=f"skyloom compile, {name}",
            ours=found[f"compile {name}"].processor,
            beside="skyloom check",
            theirs=found[f"check {name}"].processor,
            unit="s",
        )
    if "cdk synth" in found:
        for what in ("processor", "clock"):
            yield Ratio(
                group="AWS, compiling as a command, CPU time",
                what=f"skyloom compile, {COMPARED}{', by the clock' if what == 'clock' else ''}",
                ours=getattr(found[f"compile {COMPARED}"], what),
                beside="cdk synth",
                theirs=getattr(found["cdk synth"], what),
                unit="s",
                aim="below 1",
            )


def _quickest(
    commands: Mapping[str, Sequence[str]], rounds: int, say: Say, environment: Mapping[str, str] | None = None
) -> dict[str, Taken]:
    found: dict[str, list[Taken]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in commands.items():
            say(f"{name}, {number + 1} of {rounds}")
            found[name].append(taken_by(command, environment))
    return {
        name: Taken(min(one.processor for one in taken), min(one.clock for one in taken))
        for name, taken in found.items()
    }


# --- growth -------------------------------------------------------------------------------------------------------


def _growth(folder: Path, sizes: tuple[int, ...], rounds: int, say: Say) -> Iterator[Ratio]:
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size in sizes:
            say(f"state machines: compiling {size:,} steps, {number + 1} of {rounds}")
            taken[size].append(_in_own_process(folder, size))
    for size in sizes:
        if size != BASE:
            yield Ratio(
                group="AWS state machines, compiling",
                what=f"{size:,} steps",
                ours=min(taken[size]) / size * 1e6,
                beside=f"{BASE} steps",
                theirs=min(taken[BASE]) / BASE * 1e6,
                unit="µs a step",
                aim="1 is linear" if size > BASE else "",
            )


def _in_own_process(folder: Path, size: int) -> float:
    command = [sys.executable, "-m", "benchmarks.bench_aws_compile", str(folder), str(size)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"compiling {size} steps: {ended.stderr}")
    return float(ended.stdout)


def _measure(folder: Path, size: int) -> float:
    """Seconds from a program to its state machine, the first one of that size in this process."""
    gc.disable()
    from engines.aws.in_process import compiled

    from skyloom.cli.process import look_seldom_for_garbage
    from skyloom.deployers.aws import limits
    from skyloom.flows.frontend import load_file

    limits.DEFINITION = replace(limits.DEFINITION, value=UNLIMITED)
    programs = []
    for steps in (10, size):
        file = folder / f"steps_{steps}.py"
        file.write_text(source(steps), encoding="utf-8")
        programs.append(load_file(file).generated.program)
    compiled(programs[0])
    look_seldom_for_garbage()
    start = time.process_time()
    (machine,) = compiled(programs[1])
    taken = time.process_time() - start
    assert len(machine.definition["States"]) >= size, "it is not all in one machine"
    return taken


if __name__ == "__main__":
    print(_measure(Path(sys.argv[1]), int(sys.argv[2])))
