"""Compares the local runner with hand-written Prefect doing the same work.

    .venv/bin/python tests/benchmarks/bench_runner.py [--quick]

Every row is taken in a process of its own, against one server in a temporary folder that is given time to catch up
between rows; ratios compare rows of one run of this script. `--quick` leaves out 10,000 items with Prefect's `.map`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from skyloom.flows import each, flow, task

ROUNDS = 5


@task
async def add(number: int) -> int:
    return number + 1


@task
async def double(number: int) -> int:
    return number * 2


@flow
def sequence(count: int) -> int:
    number = 0
    for _ in range(count):
        number = add(number)
    return number


@flow
def mapped(count: int) -> int:
    return sum([double(number) for number in each(range(count), limit=16)])


def skyloom_sequence(count: int) -> int:
    """100 steps, one after the other."""
    result: int = sequence.run(count)
    return result


def skyloom_map(count: int) -> int:
    """A mapped task."""
    result: int = mapped.run(count)
    return result


def prefect_sequence(count: int) -> int:
    """The same with Prefect's decorators and their defaults."""
    import prefect

    @prefect.task(name="add")
    async def add_one(number: int) -> int:
        return number + 1

    @prefect.flow(name="sequence")
    async def by_hand(count: int) -> int:
        number = 0
        for _ in range(count):
            number = await add_one(number)
        return number

    return asyncio.run(by_hand(count))


def prefect_map(count: int) -> int:
    """Prefect's `.map`, 16 at once."""
    import prefect
    from prefect.task_runners import ThreadPoolTaskRunner

    @prefect.task(name="double")
    def twice(number: int) -> int:
        return number * 2

    threads: Any = ThreadPoolTaskRunner(max_workers=16)

    @prefect.flow(name="mapped", task_runner=threads)
    def by_hand(count: int) -> int:
        return sum(twice.map(range(count)).result())

    result: int = by_hand(count)
    return result


def prefect_batches(count: int) -> int:
    """Batches of 100 as tasks, 16 items at once, as an expert would write it."""
    import prefect

    async def twice(number: int) -> int:
        return number * 2

    @prefect.task(name="doubles")
    async def doubles(numbers: list[int]) -> list[int]:
        gate = asyncio.Semaphore(16)

        async def one(number: int) -> int:
            async with gate:
                return await twice(number)

        return list(await asyncio.gather(*(one(number) for number in numbers)))

    @prefect.flow(name="mapped")
    async def by_hand(count: int) -> int:
        return sum([sum(await doubles(list(range(at, min(at + 100, count))))) for at in range(0, count, 100)])

    return asyncio.run(by_hand(count))


MEASURED: dict[str, Callable[[int], int]] = {
    made.__name__: made for made in (skyloom_sequence, prefect_sequence, skyloom_map, prefect_map, prefect_batches)
}


def measure(name: str, count: int, rounds: int) -> dict[str, Any]:
    """Runs one row in this process: a small round first, then the counted ones."""
    run = MEASURED[name]
    run(3)
    logging.getLogger("prefect").propagate = False
    seconds, task_runs = [], []
    for _ in range(rounds):
        _settle()
        before, start = _task_runs(), time.perf_counter()
        result = run(count)
        seconds.append(time.perf_counter() - start)
        _settle()
        task_runs.append(_task_runs() - before)
        assert result == (count if name.endswith("sequence") else count * (count - 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": statistics.median(seconds), "peak": peak, "task_runs": statistics.median(task_runs)}


def _task_runs() -> int:
    return int(_ask("/task_runs/count", {"task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}))


def _settle() -> None:
    """Waits until the server has written down what it was told."""
    before = None
    while True:
        now = (_task_runs(), _ask("/events/filter", {"limit": 1, "filter": {}})["total"])
        if now == before:
            return
        before = now
        time.sleep(3)


def _ask(path: str, body: Any) -> Any:
    request = urllib.request.Request(
        os.environ["PREFECT_API_URL"] + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def _row(name: str, count: int, rounds: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--row", name, str(count), str(rounds)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{name}: {ended.stderr}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    print(
        f"{name:18} {count:6}  {found['seconds']:8.2f} s  {found['peak']:5.0f} MB  {found['task_runs']:7.0f}",
        flush=True,
    )
    return found


def main(quick: bool) -> None:
    """Prints the table."""
    from skyloom.flows.runner import server

    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(SKYLOOM_HOME=folder, DO_NOT_TRACK="1")
        os.environ.pop("PREFECT_API_URL", None)
        address = server.ensure_server(print)
        os.environ.update(PREFECT_API_URL=address.api_url, PREFECT_HOME=f"{folder}/by-hand")
        try:
            print(f"{'':18} {'items':>6}  {'median':>10}  {'peak':>8}  task runs recorded")
            found = {
                (name, count): _row(name, count, rounds)["seconds"]
                for name, count, rounds in [
                    ("skyloom_sequence", 100, ROUNDS),
                    ("prefect_sequence", 100, ROUNDS),
                    ("skyloom_map", 1000, ROUNDS),
                    ("prefect_batches", 1000, ROUNDS),
                    ("prefect_map", 1000, 1),
                    ("skyloom_map", 10_000, 3),
                    ("prefect_batches", 10_000, 3),
                    *([] if quick else [("prefect_map", 10_000, 1)]),
                ]
            }
        finally:
            del os.environ["PREFECT_API_URL"]
            server.stop()
    for count, pairs in {
        100: ["sequence/sequence"],
        1000: ["map/map", "map/batches"],
        10_000: ["map/map", "map/batches"],
    }.items():
        for pair in pairs:
            ours, theirs = pair.split("/")
            seconds = found.get((f"prefect_{theirs}", count))
            if seconds is not None:
                print(f"{count} {ours} : Prefect {theirs} = {found[f'skyloom_{ours}', count] / seconds:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--row", nargs=3)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(measure(options.row[0], int(options.row[1]), int(options.row[2]))))
    else:
        main(options.quick)
