"""What the meaning of a workflow does not need as steps of their own: every step that runs is billed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, assert_never

from skyloom.deployers.gcp.flow.labels import MOST_ASSIGNMENTS
from skyloom.deployers.gcp.limits import CONDITIONS
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
    Subworkflow,
    Switch,
    Try,
    walk,
)

Json = Any
_Change = Callable[[Steps], Steps]


def fewer_steps(one: Subworkflow) -> Subworkflow:
    """The same subworkflow with fewer steps: two switches are one where none of the first one's cases comes to the
    second; an assignment, a `return` or `raise` alone in a case stands in it without a name."""
    return replace(one, steps=_merged(one.steps, _targets(one.steps)))


def _targets(steps: Steps) -> frozenset[str]:
    """The steps that others jump to."""
    return frozenset(chain.from_iterable(_jumps(step) for step in walk(steps)))


def _jumps(step: Step) -> Iterator[str]:
    match step:
        case Next(to=to):
            yield to
        case Assign(next=str(to)) | Call(next=str(to)):
            yield to
        case Switch():
            yield from (to for to in (step.next, *(case.next for case in step.cases)) if to is not None)
        case _:
            return


# --- switches ---------------------------------------------------------------------------------------------------


def _merged(steps: Steps, targets: frozenset[str]) -> Steps:
    found: list[Step] = []
    for one in steps:
        step = _below(one, lambda inner: _merged(inner, targets))
        before = found[-1] if found else None
        if isinstance(step, Switch):
            step = replace(step, cases=tuple(_bare(case, targets) for case in step.cases))
            if isinstance(before, Switch) and step.name not in targets and _leads_away(before, step):
                found[-1] = replace(before, cases=before.cases + step.cases, next=step.next)
                continue
        found.append(step)
    return tuple(found)


def _leads_away(before: Switch, step: Switch) -> bool:
    """Whether the second switch is reached only where no case of the first was true, and may stand in it."""
    if before.next is not None or len(before.cases) + len(step.cases) > CONDITIONS.value:
        return False
    return all(case.next is not None or (case.steps and _leaves(case.steps[-1])) for case in before.cases)


def _leaves(step: Step) -> bool:
    match step:
        case Return() | Raise() | Next():
            return True
        case Assign(next=following):
            return following is not None
        case _:
            return False


def _bare(case: Case, targets: frozenset[str]) -> Case:
    match case.steps:
        case (Return(name=name) | Raise(name=name) | Assign(name=name, next=None),) if case.next is None:
            return replace(case, bare=name not in targets)
        case _:
            return case


# --- first values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """An assignment that further pairs may go to; their variables are shared with the branches of `fans`, ids of steps
    that stand between."""

    pairs: list[tuple[str, Json]] = field(default_factory=list)
    fans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Before:
    """Assignments that have run wherever the steps of a list run: the last one in the same round of a loop, and the
    last one outside of loops."""

    here: _Open | None = None
    outside: _Open | None = None


@dataclass(slots=True)
class _Early:
    """Moves first values, constants of variables that nothing else has touched by then, to earlier assignments.

    Attributes:
        once: variables that are set once in each round of a loop.
        ever: variables that are set once for all rounds.
    """

    once: Collection[str]
    ever: Collection[str]
    targets: frozenset[str]
    assigned: dict[int, _Open] = field(default_factory=dict)
    shared: dict[int, list[str]] = field(default_factory=dict)


def first_values_early(steps: Steps, once: Collection[str], ever: Collection[str]) -> Steps:
    """The same steps, with the first values of these variables in an earlier assignment where there is one."""
    if not once and not ever:
        return steps
    early = _Early(once, ever, _targets(steps))
    _collect(early, steps, _Before())
    return _rewritten(early, steps)


def _collect(early: _Early, steps: Steps, before: _Before) -> None:
    for step in steps:
        if step.name in early.targets:
            before = _Before()
        match step:
            case Assign():
                before = _assigning(early, step, before)
            case For(loop=loop):
                _collect(early, loop.steps, _Before(outside=before.here or before.outside))
            case ParallelFor(loop=loop):
                _collect(early, loop.steps, _Before())
            case ParallelBranches(branches=branches):
                for branch in branches:
                    _collect(early, branch.steps, _in_branch(before, id(step)))
            case Switch(cases=cases):
                for case in cases:
                    _collect(early, case.steps, before)
            case Try():
                # What is tried again is set again.
                _collect(early, step.steps, before if step.retry is None else _Before())
                _collect(early, step.handler, before)
            case Group(steps=inner):
                _collect(early, inner, before)
            case Call() | Return() | Raise() | Next():
                pass
            case _:
                assert_never(step)


def _in_branch(before: _Before, fan: int) -> _Before:
    """What has run before a branch, which runs once for each time that its neighbours do."""
    found = (None if one is None else replace(one, fans=(*one.fans, fan)) for one in (before.here, before.outside))
    return _Before(*found)


def _assigning(early: _Early, step: Assign, before: _Before) -> _Before:
    kept = _Open()
    early.assigned[id(step)] = kept
    for pair in step.pairs:
        ever = pair[0] in early.ever
        wished = (before.outside if ever else None, before.here if ever or pair[0] in early.once else None)
        free = (place for place in wished if place is not None and len(place.pairs) < MOST_ASSIGNMENTS)
        place = next(free, kept)
        place.pairs.append(pair)
        for fan in place.fans:
            early.shared.setdefault(fan, []).append(pair[0])
    if step.next is not None:
        return _Before()
    return replace(before, here=kept) if kept.pairs else before


def _rewritten(early: _Early, steps: Steps) -> Steps:
    found: list[Step] = []
    for step in steps:
        if not isinstance(step, Assign):
            below = _below(step, lambda inner: _rewritten(early, inner))
            if isinstance(below, ParallelBranches):
                below = replace(below, shared=(*below.shared, *early.shared.get(id(step), ())))
            found.append(below)
            continue
        pairs = tuple(early.assigned[id(step)].pairs)
        if pairs or step.name in early.targets or step.next is not None:
            found.append(replace(step, pairs=pairs or step.pairs))
    return tuple(found)


# --- steps below a step -----------------------------------------------------------------------------------------


def _below(step: Step, changed: _Change) -> Step:
    """The step with changed lists of steps below it."""
    match step:
        case Switch(cases=cases):
            return replace(step, cases=tuple(replace(case, steps=changed(case.steps)) for case in cases))
        case For(loop=loop) | ParallelFor(loop=loop):
            return replace(step, loop=replace(loop, steps=changed(loop.steps)))
        case ParallelBranches(branches=branches):
            return replace(step, branches=tuple(replace(one, steps=changed(one.steps)) for one in branches))
        case Try():
            return replace(step, steps=changed(step.steps), handler=changed(step.handler))
        case Group(steps=steps):
            return replace(step, steps=changed(steps))
        case Assign() | Call() | Return() | Raise() | Next():
            return step
        case _:
            assert_never(step)
