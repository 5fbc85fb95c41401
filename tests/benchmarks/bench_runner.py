"""The same work by the local runner and by hand-written Prefect, and one measured round of it.

    PREFECT_API_URL=... python tests/benchmarks/bench_runner.py skyloom_map 1000

`runner_ratios` starts this as a process for every round, with the server that it has started.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from skyloom.flows import each, flow, task


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


def measure(name: str, count: int) -> dict[str, float]:
    """One round in this process, after a small one for nothing: seconds, largest resident size in MB, and the task runs
    that the server has recorded as completed."""
    run = MEASURED[name]
    run(3)
    logging.getLogger("prefect").propagate = False
    _settle()
    before, start = _task_runs(), time.perf_counter()
    result = run(count)
    seconds = time.perf_counter() - start
    _settle()
    assert result == (count if name.endswith("sequence") else count * (count - 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak, "task_runs": _task_runs() - before}


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


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
