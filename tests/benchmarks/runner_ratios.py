"""The ratios of `bench_runner`: the local runner and hand-written Prefect, row by row on one server."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import bench_runner
from benchmarks.measuring import Ratio, Say, own_home

Rows = dict[tuple[str, int], dict[str, float]]
"""What was measured, by row and count: median `seconds`, `peak` MB, and `records` of steps that were kept."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows of `bench_runner.MEASURED` that do the same work."""

    count: int
    ours: str
    theirs: str
    beside: str
    rounds: int
    their_rounds: int
    aim: str

    def ratio(self, found: Rows, number: str, unit: str, aim: str = "") -> Ratio:
        """One of the measured numbers, ours and theirs."""
        return Ratio(
            group=f"Runner, {unit}",
            what=f"{self.ours}, {self.count:,} items",
            ours=found[self.ours, self.count][number],
            beside=self.beside,
            theirs=found[self.theirs, self.count][number],
            unit=unit,
            aim=aim,
        )


def pairs(quick: bool) -> list[Pair]:
    """What is compared, in the order of the table."""
    steps, few, many = (20, 200, 1000) if quick else (100, 1000, 10_000)
    once, often = (1, 1) if quick else (3, 5)
    by_map, by_batches = "Prefect's .map", "Prefect, batched by hand"
    return [
        Pair(steps, "skyloom_sequence", "prefect_sequence", "Prefect by hand", often, often, "at most 1.15"),
        Pair(few, "skyloom_map", "prefect_map", by_map, often, 1, "below 1"),
        Pair(few, "skyloom_map", "prefect_batches", by_batches, often, often, ""),
        Pair(many, "skyloom_map", "prefect_map", by_map, once, 1, "below 1"),
        Pair(many, "skyloom_map", "prefect_batches", by_batches, once, once, ""),
    ]


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Seconds, then peak memory, then records of every pair, all rows on one server."""
    from skyloom.flows.runner import server

    compared = pairs(quick)
    with own_home() as home:
        address = server.ensure_server(say)
        os.environ.update(PREFECT_API_URL=address.api_url, PREFECT_HOME=str(home / "by-hand"))
        found: Rows = {}
        for count in dict.fromkeys(pair.count for pair in compared):
            found |= _in_turn([pair for pair in compared if pair.count == count], say)
    for pair in compared:
        yield pair.ratio(found, "seconds", "s", pair.aim)
    for pair in compared:
        yield pair.ratio(found, "peak", "MB")
    for pair in compared:
        yield pair.ratio(found, "records", "records")
    few, many = compared[1], compared[-1]
    yield Ratio(
        group="Runner, MB",
        what=f"{many.ours}, {many.count:,} items",
        ours=found[many.ours, many.count]["peak"],
        beside=f"{few.count:,} items",
        theirs=found[few.ours, few.count]["peak"],
        unit="MB",
        aim="flat",
    )


def _in_turn(compared: list[Pair], say: Say) -> Rows:
    """The rows of these pairs: medians of rounds in which they take turns, so that all see the same load."""
    rounds: dict[tuple[str, int], int] = {}
    for pair in compared:
        rounds |= {(pair.ours, pair.count): pair.rounds, (pair.theirs, pair.count): pair.their_rounds}
    taken: dict[tuple[str, int], list[dict[str, float]]] = {row: [] for row in rounds}
    for number in range(max(rounds.values())):
        for row, wanted in rounds.items():
            if number < wanted:
                say(f"{row[0]}, {row[1]:,} items, {number + 1} of {wanted}")
                taken[row].append(_measured(*row))
    return {
        row: {key: statistics.median(one[key] for one in found) for key in found[0]} for row, found in taken.items()
    }


def _measured(name: str, count: int) -> dict[str, float]:
    """One round of a row, in a process of its own."""
    from skyloom.flows.runner.store import RunStore

    command = [sys.executable, bench_runner.__file__, name, str(count)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{name}: {ended.stderr}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    records = found["task_runs"]
    if name.startswith("skyloom"):
        store = RunStore()
        records = len(store.steps(store.runs(limit=1)[0].id))
        store.close()
    return {"seconds": found["seconds"], "peak": found["peak"], "records": records}
