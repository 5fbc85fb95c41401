"""What a run is charged for: the way it takes through a compiled definition, found by the calls that it makes.

A definition is a graph of stops; each has the units that it is billed. A sample run on this machine tells which calls a
run makes, in the order of the source. The way is the one through the graph that makes exactly these calls: with as few
errors caught as can be, and of those the cheapest one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import count

Call = tuple[str, str]
"""Kind and name of a call: task, prompt, approval, wait_for, emit, sleep. The name may be empty in a definition."""

WHOLE_RUN = ""
"""What takes as long as the run itself."""

DONE, FAILED = "", "!"
"""Where ways end: with a result, with an error."""


class NotCounted(Exception):
    """The compiled definition has something whose charges are not known: the text says what."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something that is billed by its time.

    Attributes:
        of: the task or prompt; one of the app's own functions, such as `helper`; or `WHOLE_RUN`.
        rates: what one second of it is billed, by the name of the unit.
        step: seconds to whose multiples its time is rounded up.
    """

    of: str
    rates: tuple[tuple[str, Decimal], ...]
    step: Decimal = Decimal("0.001")

    def billed(self, seconds: Decimal) -> dict[str, Decimal]:
        """The units of one that takes so many seconds."""
        rounded = (seconds / self.step).to_integral_value(ROUND_CEILING) * self.step
        return {unit: rate * rounded for unit, rate in self.rates}


@dataclass(frozen=True, slots=True)
class Holds:
    """Whether a variable holds a constant, which is written as JSON."""

    variable: str
    constant: str
    is_equal: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a stop.

    Attributes:
        is_error: the stop's call failed, or its expression did; or something as rare.
        tests: what is true where the way is taken, as far as it is known.
    """

    to: str
    is_error: bool = False
    tests: tuple[Holds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A state or step.

    Attributes:
        units: what passing it is billed, by the name of the unit.
        works: what is at work there and billed by its time.
        call: the call that it makes.
        sets: variables that it sets, to a constant as JSON, or None: to what is not known.
        ways: where it may go on; every stop has one at least.
        expression: the expression that the helper function evaluates there, by its id.
    """

    units: Mapping[str, int] = field(default_factory=dict)
    works: tuple[Work, ...] = ()
    call: Call | None = None
    sets: Mapping[str, str | None] = field(default_factory=dict)
    ways: tuple[Way, ...]
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The definition of a flow, with all that it starts: stops by name, and where it begins."""

    start: str
    stops: Mapping[str, Stop]


Charges = Callable[[str], Graph]
"""The graph of a flow, made when it is asked for. Raises NotCounted, also for a flow that it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a run is billed: units that are counted, and what is at work, which is billed by its time."""

    units: Mapping[str, int]
    works: Mapping[Work, int]


def no_charges(flow: str) -> Graph:
    """Nothing is known of what runs are charged for. Raises NotCounted."""
    raise NotCounted(f"what runs of {flow} are charged for is not known there")


def billed(graph: Graph, calls: Sequence[Call], errors: Collection[int] = (), *, failed: bool = False) -> Bill | None:
    """What a run is billed that makes these calls, of which those at the positions `errors` fail, and that ends so;
    None: there is no such way."""
    order = count()
    first: _Here = (graph.start, 0, frozenset())
    waiting: list[tuple[int, int, int, _Here]] = [(0, 0, next(order), first)]
    before: dict[_Here, _Here | None] = {}
    came: dict[_Here, _Here | None] = {first: None}
    best: dict[_Here, tuple[int, int]] = {first: (0, 0)}
    end = FAILED if failed else DONE
    while waiting:
        caught, price, _, here = heapq.heappop(waiting)
        if here in before:
            continue
        before[here] = came[here]
        name, made, _ = here
        if name in (DONE, FAILED):
            if name == end and made == len(calls):
                return _bill(graph, before, here)
            continue
        stop = graph.stops[name]
        if stop.call is not None and (made == len(calls) or not _is(calls[made], stop.call)):
            continue
        must_fail = bool(stop.works) and stop.call is not None and made in errors
        for there, is_error in onward(stop, here):
            if must_fail and not is_error:
                continue
            cost = (caught + is_error, price + _weight(stop))
            if there not in before and cost < best.get(there, (1 << 60, 0)):
                best[there], came[there] = cost, here
                heapq.heappush(waiting, (*cost, next(order), there))
    return None


_Here = tuple[str, int, frozenset[tuple[str, str]]]
"""A stop, how many calls were made before it, and the variables that are known to hold a constant."""


def onward(stop: Stop, here: _Here) -> Iterator[tuple[_Here, bool]]:
    """Where a run may come to from a stop, and whether something has failed there."""
    _, made, known = here
    after = made + (stop.call is not None)
    held = dict(known)
    for variable, constant in stop.sets.items():
        held.pop(variable, None)
        if constant is not None:
            held[variable] = constant
    for way in stop.ways:
        if all(_agrees(held.get(test.variable), test) for test in way.tests):
            seen = {test.variable: test.constant for test in way.tests if test.is_equal}
            yield (way.to, after, frozenset({**held, **seen}.items())), way.is_error


def _agrees(held: str | None, test: Holds) -> bool:
    return held is None or (held == test.constant) == test.is_equal


def _weight(stop: Stop) -> int:
    """What makes a way the dearer one: how often something is done, not how long it takes."""
    return sum(stop.units.values())


def _is(made: Call, known: Call) -> bool:
    return made[0] == known[0] and known[1] in ("", made[1])


def _bill(graph: Graph, before: Mapping[_Here, _Here | None], last: _Here) -> Bill:
    units: Counter[str] = Counter()
    works: Counter[Work] = Counter()
    step = before[last]
    while step is not None:
        units.update(graph.stops[step[0]].units)
        works.update(graph.stops[step[0]].works)
        step = before[step]
    return Bill(units=units, works=works)
