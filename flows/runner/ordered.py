"""Runs many coroutines at once with the results and the error that running them one after the other would give.

Items start in order. When one fails, later ones are not started, or cancelled; earlier ones run on, because one of them
may fail too, and then its error is the one that counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def run_in_order(count: int, limit: int, item: Callable[[int], Awaitable[T]]) -> list[T]:
    """Results of `item(0)` to `item(count - 1)`, at most `limit` running at once.

    Raises:
        Exception: the error of the first failing item *in order*.
    """
    results: list[T | None] = [None] * count
    running: dict[asyncio.Task[T], int] = {}
    failed_at, error = count, None
    following = 0
    try:
        while running or (following < count and error is None):
            while error is None and following < count and len(running) < limit:
                running[asyncio.ensure_future(_call(item, following))] = following
                following += 1
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                index = running.pop(task)
                if task.cancelled():
                    continue
                problem = task.exception()
                if problem is None:
                    results[index] = task.result()
                elif index < failed_at:
                    failed_at, error = index, problem
                    for other, other_index in running.items():
                        if other_index > index:
                            other.cancel()
    finally:
        await cancel_all(running)
    if error is not None:
        raise error
    return results  # type: ignore[return-value]  # without an error every item has its result


async def first_to_end(count: int, item: Callable[[int], Awaitable[T]]) -> T:
    """The result, or the error, of the item that ends first; at a tie the first in order. The others are cancelled."""
    tasks = [asyncio.ensure_future(_call(item, index)) for index in range(count)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        winner = next(task for task in tasks if task.done())
    finally:
        await cancel_all(tasks)
    return winner.result()


async def _call(item: Callable[[int], Awaitable[T]], index: int) -> T:
    return await item(index)


async def cancel_all(tasks: Iterable[asyncio.Task[T]]) -> None:
    """Cancels the tasks that still run, and waits until they have stopped."""
    every = list(tasks)
    alive = [task for task in every if not task.done()]
    for task in alive:
        task.cancel()
    if alive:
        await asyncio.wait(alive)
    # Also of those that have failed already: asyncio reports every error that nobody has looked at.
    for task in every:
        if not task.cancelled():
            task.exception()
