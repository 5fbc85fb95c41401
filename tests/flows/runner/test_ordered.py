"""Parallel work gives the results, and the error, of doing it in order."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from skyloom.flows.runner.ordered import first_to_end, run_in_order


class Boom(Exception):
    pass


def run(coroutine: object) -> object:
    return asyncio.run(coroutine)  # type: ignore[arg-type]


def test_results_stand_in_the_order_of_the_items_whatever_ends_first() -> None:
    async def item(index: int) -> int:
        await asyncio.sleep(0.02 * (4 - index))
        return index * 10

    assert run(run_in_order(4, 4, item)) == [0, 10, 20, 30]


def test_no_items_give_an_empty_list() -> None:
    async def item(index: int) -> int:
        raise AssertionError("never called")

    assert run(run_in_order(0, 4, item)) == []


def test_never_more_than_the_limit_run_at_once_and_all_of_it_is_used() -> None:
    running, most = 0, 0

    async def item(index: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    run(run_in_order(40, 7, item))
    assert most == 7


def test_the_first_failing_item_in_order_decides_not_the_first_in_time() -> None:
    ended: list[int] = []

    async def item(index: int) -> int:
        if index == 1:
            await asyncio.sleep(0.05)
            raise Boom("early item, late error")
        if index == 3:
            raise Boom("late item, early error")
        await asyncio.sleep(0.02)
        ended.append(index)
        return index

    with pytest.raises(Boom, match="early item"):
        run(run_in_order(6, 6, item))
    assert ended == [0, 2]


def test_items_behind_a_failed_one_are_not_started() -> None:
    started: list[int] = []

    async def item(index: int) -> None:
        started.append(index)
        if index == 2:
            raise Boom

    with pytest.raises(Boom):
        run(run_in_order(100, 1, item))
    assert started == [0, 1, 2]


def test_cancelling_the_whole_cancels_every_item() -> None:
    stopped: list[int] = []

    async def item(index: int) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            stopped.append(index)
            raise

    async def main() -> None:
        work = asyncio.ensure_future(run_in_order(3, 3, item))
        await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    run(main())
    assert sorted(stopped) == [0, 1, 2]


@pytest.mark.parametrize(("times", "winner"), [((0.2, 0.01), 1), ((0.01, 0.2), 0), ((0.0, 0.0), 0)])
def test_the_first_to_end_decides_and_the_others_are_cancelled(times: tuple[float, ...], winner: int) -> None:
    cancelled: list[int] = []

    async def item(index: int) -> int:
        try:
            if times[index]:
                await asyncio.sleep(times[index])
        except asyncio.CancelledError:
            cancelled.append(index)
            raise
        return index

    assert run(first_to_end(2, item)) == winner
    assert cancelled == ([1 - winner] if times[winner] else [])


def test_an_error_decides_a_race_too() -> None:
    async def item(index: int) -> int:
        if index == 1:
            raise Boom("quick")
        await asyncio.sleep(1)
        return index

    with pytest.raises(Boom, match="quick"):
        run(first_to_end(2, item))


@pytest.mark.parametrize("together", [first_to_end, lambda count, item: run_in_order(count, count, item)])
def test_errors_that_decide_nothing_are_not_reported_as_forgotten(
    together: Callable[[int, Callable[[int], Awaitable[int]]], Awaitable[object]],
) -> None:
    reported: list[object] = []

    async def item(index: int) -> int:
        raise Boom(str(index))

    async def two(_: int) -> object:
        return await together(3, item)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told["message"]))
        with pytest.raises(Boom, match="0"):
            await run_in_order(2, 2, two)
        gc.collect()

    run(main())
    assert reported == []
