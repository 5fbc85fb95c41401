"""Flows whose steps take time: how long they take together says what ran side by side."""

from __future__ import annotations

import time

from conformance.case import call, case

from skyloom.flows import each, flow, parallel, race, sleep, task


@task
def work(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@flow
def chain(seconds: list[float]) -> float:
    total = 0.0
    for one in seconds:
        total += work(one)
    return total


@flow
def chains_side_by_side(first: list[float], second: list[float], third: list[float]) -> float:
    a, b, c = parallel(chain(first), chain(second), chain(third))
    return a + b + c


@flow
def window(seconds: list[float]) -> float:
    return sum([work(one) for one in each(seconds, limit=2)])


@flow
def window_of_chains(seconds: list[list[float]]) -> float:
    return sum([chain(one) for one in each(seconds, limit=2)])


@flow
def sleeps_beside_work(pause: float, seconds: list[float]) -> float:
    _, b = parallel(sleep(pause), chain(seconds))
    return b


@flow
def after_a_race(quick: float, slow: float, after: float) -> float:
    first = race(work(quick), work(slow))
    return first + work(after)


@flow
def tidied(seconds: float) -> float:
    try:
        return work(seconds)
    finally:
        work(0.5)


@flow
def a_loser_is_not_tidied() -> float:
    return race(tidied(5.0), work(1.0))


CASES = [
    (3.0, case(chain, {"seconds": [1.0, 2.0]}, result=3.0)),
    (
        11.0,
        case(chains_side_by_side, {"first": [1.0, 10.0], "second": [10.0, 1.0], "third": [1.0] * 5}, result=27.0),
    ),
    (6.0, case(window, {"seconds": [6.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]}, result=12.0)),
    (4.0, case(window, {"seconds": [2.0] * 4}, result=8.0, name="full")),
    (8.0, case(window_of_chains, {"seconds": [[1.0, 7.0], [1.0, 1.0], [2.0, 2.0], [1.0]]}, result=15.0)),
    (6.0, case(sleeps_beside_work, {"pause": 6.0, "seconds": [1.0, 1.0, 1.0]}, result=3.0)),
    (6.0, case(sleeps_beside_work, {"pause": 2.0, "seconds": [1.0, 4.0, 1.0]}, result=6.0, name="longer")),
    # What is given up ends by itself, and the orchestration with it.
    (10.0, case(after_a_race, {"quick": 1.0, "slow": 10.0, "after": 5.0}, result=6.0)),
    (16.0, case(after_a_race, {"quick": 1.0, "slow": 10.0, "after": 15.0}, result=16.0, name="longer")),
    (
        5.0,
        case(
            a_loser_is_not_tidied,
            result=1.0,
            calls=[call("work", seconds=5.0), call("work", seconds=1.0)],
            concurrent=True,
        ),
    ),
]
"""Seconds that each takes, and what it gives."""
