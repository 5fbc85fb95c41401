"""Many items of a map as few Prefect task runs: a task run costs the server 30 to 50 ms, an item inside one nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.utilities.annotations import quote

from skyloom.flows.outcome import Raised
from skyloom.flows.runner.engine import Place
from skyloom.flows.runner.ordered import run_in_order

T = TypeVar("T")

SMALLEST = 100
"""Items in a batch, at least (a map's last batch may be smaller)."""
MOST = 100
"""Batches of one map; larger maps have larger batches."""
_MOST_LISTED = 20


@dataclass
class Batch:
    """Items `first` to `last - 1` of a map."""

    name: str
    first: int
    last: int
    unended: int
    failures: dict[int, str] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def state(self) -> State[Any]:
        """How the batch's task run ends."""
        if not self.failures:
            if self.unended:
                return Cancelled(message=f"{self.unended} of {self.last - self.first} items were not carried out")
            return Completed()
        failed = "1 item failed" if len(self.failures) == 1 else f"{len(self.failures)} items failed"
        listed = [f"item {index}: {text}" for index, text in sorted(self.failures.items())[:_MOST_LISTED]]
        more = [f"and {len(self.failures) - _MOST_LISTED} more"] if len(self.failures) > _MOST_LISTED else []
        return Failed(message="\n".join([failed, *listed, *more]))


async def run_in_batches(place: Place, count: int, limit: int, item: Callable[[int], Awaitable[T]]) -> list[T]:
    """What `run_in_order` does, with a task run for each batch: open from its first item's start to its last one's end.

    The limit is one for all items: the next batch's items start as soon as there is room.
    """
    size = max(SMALLEST, -(-count // MOST))
    task: Task[..., Any] = Task(
        _stand_for, name=place.step, task_run_name="{batch.name}", cache_policy=NO_CACHE, persist_result=False
    )
    batches: dict[int, Batch] = {}
    standing: list[asyncio.Task[Any]] = []

    async def counted(index: int) -> T:
        batch = batches.get(index // size)
        if batch is None:
            first, last = index // size * size, min(index // size * size + size, count)
            batch = batches[index // size] = Batch(f"{place.name}[{first}:{last}]", first, last, last - first)
            standing.append(asyncio.ensure_future(_stand(task, batch)))
        try:
            result = await item(index)
        except Raised as raised:
            batch.failures[index] = str(raised)
            _count(batch)
            raise
        _count(batch)
        return result

    try:
        return await run_in_order(count, limit, counted)
    finally:
        for batch in batches.values():
            batch.ended.set()
        await asyncio.gather(*standing, return_exceptions=True)


def _count(batch: Batch) -> None:
    batch.unended -= 1
    if not batch.unended:
        batch.ended.set()


async def _stand(task: Task[..., Any], batch: Batch) -> None:
    await task(quote(batch))


async def _stand_for(batch: Batch) -> State[Any]:
    await batch.ended.wait()
    return batch.state()
