"""The shortest ways through a graph of stops, whatever calls a run makes: what it takes at least, and what a round of
each of its loops adds.

Ways on which something fails are left out: attempts, errors and what catches them come on top.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from skyloom.deployers.charging import Stop, onward

_Known = frozenset[tuple[str, str]]
_Edge = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A loop in a graph.

    Attributes:
        head: the stop at which a round begins.
        ends: the stops from which a round goes back to the head; empty: all that lead there.
        exits: the ways out of it when all rounds are over, from one stop to another.
        rounds: how many there are where none leaves it earlier, as far as the source says so.
    """

    head: str
    ends: frozenset[str] = frozenset()
    exits: frozenset[_Edge] = frozenset()
    rounds: int = 0


class Shortest:
    """The shortest ways through some stops."""

    def __init__(self, stops: Mapping[str, Stop], circles: Iterable[Circle]) -> None:
        """`circles`: the loops among them, those inside of others before these."""
        self._stops = stops
        self._besides: dict[_Edge, float] = {}
        self._rounds: dict[str, float] = {}
        for circle in circles:
            taken = self._rounds[circle.head] = self._round(circle)
            if circle.rounds:
                self._besides |= dict.fromkeys(circle.exits, circle.rounds * taken)

    def to(self, end: str, start: str) -> float:
        """What lies between two stops, the first one included; infinite where no way leads there."""
        return self._least(start, lambda edge: edge[1] == end)

    def round(self, circle: Circle) -> float:
        """What a round takes; infinite where none comes to its end."""
        return self._rounds[circle.head]

    def is_left_early(self, circle: Circle, end: str) -> bool:
        """Whether a way leads from a round to `end` before all rounds are over."""
        inside = self._least(circle.head, lambda edge: edge[1] == end, circle.exits)
        return inside < math.inf

    def _round(self, circle: Circle) -> float:
        def is_back(edge: _Edge) -> bool:
            return edge[1] == circle.head and (not circle.ends or edge[0] in circle.ends)

        return self._least(circle.head, is_back, circle.exits)

    def _least(self, start: str, is_end: Callable[[_Edge], bool], closed: frozenset[_Edge] = frozenset()) -> float:
        order = count()
        waiting: list[tuple[float, int, str | None, _Known]] = [(0, next(order), start, frozenset())]
        seen: set[tuple[str, _Known]] = set()
        while waiting:
            taken, _, name, known = heapq.heappop(waiting)
            if name is None:
                return taken
            if (name, known) in seen or name not in self._stops:
                continue
            seen.add((name, known))
            stop = self._stops[name]
            for (there, _, then), is_error in onward(stop, (name, 0, known)):
                edge = name, there
                further = taken + sum(stop.units.values()) + self._besides.get(edge, 0)
                if is_error or edge in closed or further == math.inf:
                    continue
                heapq.heappush(waiting, (further, next(order), None if is_end(edge) else there, then))
        return math.inf
