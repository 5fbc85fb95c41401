"""What a run is charged for: the way it takes through a compiled definition, found by the calls that it makes.

A definition is a graph of stops; each has the units that it is billed. A sample run on this machine tells which calls a
run makes, in the order of the source. The way is the one through the graph that makes exactly these calls: with as few
errors caught as can be, and of those the cheapest one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

Call = tuple[str, str]
"""Kind and name of a call: task, prompt, approval, wait_for, emit, sleep. The name may be empty in a definition."""

MEMORY_SECONDS = "MiB on"
"""How the unit is called that counts the memory of the functions that are called; the processor stands behind it."""

DONE, FAILED = "", "!"
"""Where ways end: with a result, with an error."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a stop. `is_error`: the stop's call failed, or its expression did."""

    to: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A state or step.

    Attributes:
        units: what passing it is billed, by the name of the unit.
        call: the call that it makes.
        ways: where it may go on; every stop has one at least.
        expression: the expression that the helper function evaluates there, by its id.
    """

    units: Mapping[str, int] = field(default_factory=dict)
    call: Call | None = None
    ways: tuple[Way, ...]
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The definition of a flow, with all that it starts: stops by name, and where it begins."""

    start: str
    stops: Mapping[str, Stop]


def billed(graph: Graph, calls: Sequence[Call], *, failed: bool = False) -> Counter[str] | None:
    """The units of a run that makes these calls and ends so; None: there is no such way."""
    order = count()
    waiting: list[tuple[int, int, int, str, int]] = [(0, 0, next(order), graph.start, 0)]
    before: dict[tuple[str, int], tuple[str, int] | None] = {}
    came: dict[tuple[str, int], tuple[str, int] | None] = {(graph.start, 0): None}
    best: dict[tuple[str, int], tuple[int, int]] = {(graph.start, 0): (0, 0)}
    end = FAILED if failed else DONE
    while waiting:
        errors, price, _, name, made = heapq.heappop(waiting)
        here = (name, made)
        if here in before:
            continue
        before[here] = came[here]
        if name in (DONE, FAILED):
            if name == end and made == len(calls):
                return _units(graph, before, here)
            continue
        stop = graph.stops[name]
        after = made + (stop.call is not None)
        if stop.call is not None and (made == len(calls) or not _is(calls[made], stop.call)):
            continue
        for way in stop.ways:
            there, cost = (way.to, after), (errors + way.is_error, price + _weight(stop.units))
            if there not in before and cost < best.get(there, (1 << 60, 0)):
                best[there], came[there] = cost, here
                heapq.heappush(waiting, (*cost, next(order), *there))
    return None


def _weight(units: Mapping[str, int]) -> int:
    """What makes a way the dearer one: how often something is done, not in how much memory."""
    return sum(number for unit, number in units.items() if not unit.startswith(MEMORY_SECONDS))


def _is(made: Call, known: Call) -> bool:
    return made[0] == known[0] and known[1] in ("", made[1])


def _units(
    graph: Graph, before: Mapping[tuple[str, int], tuple[str, int] | None], last: tuple[str, int]
) -> Counter[str]:
    found: Counter[str] = Counter()
    step = before[last]
    while step is not None:
        found.update(graph.stops[step[0]].units)
        step = before[step]
    return found
