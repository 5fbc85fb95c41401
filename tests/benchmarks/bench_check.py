"""How `skyloom check` and the graphs grow with the steps of a flow. Times are CPU seconds of one process each."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.generated_flow import source
from benchmarks.measuring import SKYLOOM, Ratio, Say, medians

BASE = 100
"""Steps whose time for each step is the measure of linear growth: with fewer, fixed costs show."""


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """The command on two flows; then the growth of each part."""
    sizes = [10, 100, 300] if quick else [10, 100, 300, 1000, 3000]
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as folder:
        yield _command(Path(folder), sizes[-1] if quick else 1000, 1 if quick else 5, say)
        taken = {size: _in_own_process(Path(folder), size, 1 if quick else 3, say) for size in sizes}
    for part in ("check", "graph as SVG", "graph as Mermaid"):
        for size in sizes:
            if size != BASE:
                yield Ratio(
                    group="Growth, CPU time for each step",
                    what=f"{part}, {size:,} steps",
                    ours=taken[size][part] / size * 1e6,
                    beside=f"{BASE} steps",
                    theirs=taken[BASE][part] / BASE * 1e6,
                    unit="µs a step",
                    aim="1 is linear" if size > BASE else "",
                )


def _command(folder: Path, size: int, rounds: int, say: Say) -> Ratio:
    say(f"skyloom check, {size} steps")
    files = {count: folder / f"generated_{count}.py" for count in (10, size)}
    for count, file in files.items():
        file.write_text(source(count), encoding="utf-8")
    found = medians({str(count): [*SKYLOOM, "check", str(file)] for count, file in files.items()}, rounds)
    return Ratio(
        group="Command line",
        what=f"skyloom check, a flow of {size:,} steps",
        ours=found[str(size)],
        beside="of 10 steps",
        theirs=found["10"],
        unit="s",
    )


def _in_own_process(folder: Path, size: int, rounds: int, say: Say) -> dict[str, float]:
    say(f"check and graphs, {size} steps")
    command = [sys.executable, "-m", "benchmarks.bench_check", str(folder), str(size), str(rounds)]
    tests = Path(__file__).parents[1]
    ended = subprocess.run(command, cwd=tests, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"check of {size} steps: {ended.stderr}")
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def _measure(folder: Path, size: int, rounds: int) -> dict[str, float]:
    from skyloom.flows.frontend import check_file
    from skyloom.flows.graph import mermaid, svg

    warm_up = folder / "warm_up.py"
    warm_up.write_text(source(10), encoding="utf-8")
    check_file(warm_up)
    file = folder / f"growth_{size}.py"
    taken: dict[str, list[float]] = {}

    def timed(part: str, call: Callable[..., Any], argument: Any) -> Any:
        gc.collect()
        start = time.process_time()
        result = call(argument)
        taken.setdefault(part, []).append(time.process_time() - start)
        return result

    for number in range(rounds):
        # A file that has not changed is not imported again.
        file.write_text(f"{source(size)}# {number}\n", encoding="utf-8")
        checked = timed("check", check_file, file)
        assert not checked.diagnostics, checked.diagnostics
        program = checked.flows["generated"].program
        timed("graph as Mermaid", mermaid, program)
        timed("graph as SVG", svg, program)
    return {part: statistics.median(seconds) for part, seconds in taken.items()}


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
