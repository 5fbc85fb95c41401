"""Places to go on with: a label stands in front of a step until the steps of its list are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from skyloom.deployers.gcp.steps import (
    Assign,
    Call,
    Case,
    For,
    Group,
    Next,
    ParallelBranches,
    ParallelFor,
    Raise,
    Return,
    Step,
    Steps,
    Switch,
    Try,
)

MOST_ASSIGNMENTS = 50
"""In one step; cloud.google.com/workflows/quotas."""


@dataclass(frozen=True, slots=True)
class Label:
    """The step behind it is meant by `Next(to=name)`."""

    name: str


Lowered = Step | Label


def settled(lowered: Iterable[Lowered], aliases: dict[str, str]) -> Steps:
    """The steps of one list: neighbouring assignments are one, labels are noted in `aliases`, what no way leads to is
    gone."""
    steps: list[Step] = []
    waiting: list[str] = []
    gone = False
    for item in _bounded(lowered):
        if isinstance(item, Label):
            waiting.append(item.name)
            gone = False
            continue
        if gone:
            continue
        before = steps[-1] if steps and not waiting else None
        if isinstance(item, Assign) and isinstance(before, Assign) and _fit(before, item):
            steps[-1] = replace(before, pairs=before.pairs + item.pairs, next=item.next)
        else:
            aliases.update(dict.fromkeys(waiting, item.name))
            steps.append(item)
        waiting = []
        gone = isinstance(item, Return | Raise | Next) or (isinstance(item, Assign) and item.next is not None)
    if waiting:
        aliases.update(dict.fromkeys(waiting[1:], waiting[0]))
        steps.append(nothing(waiting[0]))
    return tuple(steps)


def nothing(name: str, at: str = "") -> Assign:
    """A step that only carries a name: it assigns a variable of its own, which nobody reads and no flow has."""
    return Assign(name=name, at=at, pairs=((f"_{name}", None),))


def _bounded(lowered: Iterable[Lowered]) -> Iterator[Lowered]:
    """Assignments of many variables as several steps."""
    for item in lowered:
        if not isinstance(item, Assign) or len(item.pairs) <= MOST_ASSIGNMENTS:
            yield item
            continue
        parts = [item.pairs[n : n + MOST_ASSIGNMENTS] for n in range(0, len(item.pairs), MOST_ASSIGNMENTS)]
        for number, pairs in enumerate(parts, 1):
            name = item.name if number == 1 else f"{item.name}_part_{number}"
            yield replace(item, name=name, pairs=pairs, next=item.next if number == len(parts) else None)


def _fit(before: Assign, item: Assign) -> bool:
    return before.next is None and len(before.pairs) + len(item.pairs) <= MOST_ASSIGNMENTS


def renamed(steps: Steps, aliases: Mapping[str, str]) -> Steps:
    """The same steps, with labels replaced by the names of the steps that they stand for; a jump to the step that comes
    next anyway is none."""
    return tuple(_renamed(step, lambda name: _target(name, aliases)) for step in steps)


def _target(name: str, aliases: Mapping[str, str]) -> str:
    while name in aliases:
        name = aliases[name]
    return name


def _renamed(step: Step, target: Callable[[str], str]) -> Step:
    def below(steps: Steps) -> Steps:
        return tuple(_renamed(inner, target) for inner in steps)

    def following(name: str | None) -> str | None:
        return None if name is None else target(name)

    match step:
        case Assign() | Call():
            return replace(step, next=following(step.next))
        case Switch(cases=cases):
            found = tuple(Case(condition=c.condition, steps=below(c.steps), next=following(c.next)) for c in cases)
            return replace(step, cases=found, next=following(step.next))
        case For(loop=loop) | ParallelFor(loop=loop):
            return replace(step, loop=replace(loop, steps=below(loop.steps)))
        case ParallelBranches(branches=branches):
            return replace(step, branches=tuple(replace(one, steps=below(one.steps)) for one in branches))
        case Try():
            return replace(step, steps=below(step.steps), handler=below(step.handler))
        case Group(steps=steps):
            return replace(step, steps=below(steps))
        case Next(to=to):
            return replace(step, to=target(to))
        case Return() | Raise():
            return step
        case _:
            assert_never(step)
