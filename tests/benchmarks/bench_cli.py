"""The command line from the first key to the result: starting up, and running a flow of three tasks."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import SKYLOOM, Ratio, Say, medians, own_home, seconds_of

THREE_TASKS = '''"""Three tasks, one after the other."""

from skyloom.flows import flow, task


@task
def first(number: int) -> int:
    return number + 1


@task
def second(number: int) -> int:
    return number * 2


@task
def third(number: int) -> str:
    return f"number {number}"


@flow
def three(number: int) -> str:
    return third(second(first(number)))
'''


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Starting up, the very first run, and runs with the server up."""
    yield from _starting_up(3 if quick else 15, say)
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as folder:
        file = Path(folder) / "three.py"
        file.write_text(THREE_TASKS, encoding="utf-8")
        yield from _running(file, quick, say)


def _starting_up(rounds: int, say: Say) -> Iterator[Ratio]:
    say("starting up")
    python = [sys.executable, "-c"]
    found = medians(
        {
            "pass": [*python, "pass"],
            "import skyloom": [*python, "import skyloom"],
            "import skyloom.flows": [*python, "import skyloom.flows"],
            "skyloom --help": [*SKYLOOM, "--help"],
        },
        rounds,
    )
    bare = found.pop("pass") * 1000
    for what, seconds in found.items():
        yield Ratio(
            group="Command line", what=what, ours=seconds * 1000, beside="python -c pass", theirs=bare, unit="ms"
        )


def _running(file: Path, quick: bool, say: Say) -> Iterator[Ratio]:
    run = [*SKYLOOM, "run", f"{file}:three", "--input", '{"number": 1}']
    first = []
    for number in range(rounds := 1 if quick else 3):
        say(f"skyloom run for the first time ever, {number + 1} of {rounds}")
        with own_home():
            first.append(seconds_of(run))
            if number == rounds - 1:
                say("skyloom run with the server up")
                prefect = [sys.executable, "-c", "import prefect"]
                found = medians({"warm": run, "import": prefect}, 2 if quick else 7)
    for what, seconds, aim in (
        ("skyloom run, three tasks, server up", found["warm"], "4 s"),
        ("skyloom run, first time ever", statistics.median(first), ""),
    ):
        yield Ratio(
            group="Command line",
            what=what,
            ours=seconds,
            beside="import prefect",
            theirs=found["import"],
            unit="s",
            aim=aim,
        )
