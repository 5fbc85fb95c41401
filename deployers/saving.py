"""What each pass saves of a flow's definition: the flow is compiled without any, then with one more after the other.

These are counts of what is written, not of what a run goes through: a step in a loop counts once here, and a step on a
way that no run takes counts too. (docs/decisions/0045)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from skyloom.deployers.fused import FusedTask
from skyloom.errors import CheckFailed
from skyloom.flows.passes import PASSES

Units = Mapping[str, int]
"""How many of what is billed, by name in the plural: `states`, `function calls`; and how much one call does."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A pass, or a rewrite of a cloud's own, that can be left out by its name; `saves` says for people what by it
    becomes less."""

    name: str
    saves: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one pass saves of a flow: the units before it and behind it, those that it changes. The last one of a flow,
    without a name, is the total."""

    flow: str
    rewrite: str
    saves: str = ""
    before: Units = field(default_factory=dict)
    after: Units = field(default_factory=dict)


def rewrites(own: Iterable[Rewrite] = ()) -> tuple[Rewrite, ...]:
    """Those that all clouds have, and then a cloud's own, in the order in which they run."""
    return (*(Rewrite(one.name, one.saves) for one in PASSES), *own)


def savings(flow: str, known: Sequence[Rewrite], count: Callable[[frozenset[str]], Units]) -> Iterator[Saving]:
    """What each of the rewrites saves of a flow, and the total; nothing where none saves anything.

    Args:
        count: the units of the definition that is compiled without some rewrites. It may raise CheckFailed: without
            them a flow may be too large.
    """
    left_out = [one.name for one in known]
    first = before = _counted(count, left_out)
    for one in known:
        left_out.remove(one.name)
        after = _counted(count, left_out)
        if before is not None and after is not None and before != after:
            yield _saving(flow, before, after, one)
        before = after
    if first is not None and before is not None and first != before:
        yield _saving(flow, first, before)


def _counted(count: Callable[[frozenset[str]], Units], left_out: Iterable[str]) -> Units | None:
    try:
        return count(frozenset(left_out))
    except CheckFailed:
        return None


def _saving(flow: str, before: Units, after: Units, one: Rewrite | None = None) -> Saving:
    names = [name for name in before if before[name] != after[name]]
    return Saving(
        flow=flow,
        rewrite=one.name if one is not None else "",
        saves=one.saves if one is not None else "",
        before={name: before[name] for name in names},
        after={name: after[name] for name in names},
    )


def items_a_call(fused: Iterable[FusedTask]) -> dict[str, int]:
    """How many items of a map one call carries out at most: what slices save stands in no definition."""
    slices = (one.definition.fused.slice for one in fused if one.definition.fused is not None)
    return {"items of a map a call": max((one.size for one in slices if one is not None), default=1)}


class Costing(Protocol):
    """Something of a compiled flow, with what it costs each time."""

    @property
    def cost(self) -> str: ...


def counted(explained: Iterable[Costing], units: Mapping[str, str]) -> dict[str, int]:
    """How many of each unit stand in the costs; `units` says how each is written there."""
    found = dict.fromkeys(units, 0)
    for one in explained:
        parts = one.cost.split(", ")
        for name, text in units.items():
            found[name] += any(part.startswith(text) for part in parts)
    return found
