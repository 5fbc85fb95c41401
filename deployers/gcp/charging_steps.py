"""Steps of workflows as stops: every step that runs is billed, but brackets around steps are none.

A subworkflow stands in the graph once for each place that calls it, since it goes on behind that place. An execution
that a run starts of itself stands behind the step that starts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import assert_never

from skyloom.deployers.charging import DONE, FAILED, Holds, NotCounted, Stop, Way, Work
from skyloom.deployers.charging import Call as Made
from skyloom.deployers.charging_fused import fused_stops
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.charging_own import ENTERING, ENTRY, MAIN, function_of, lost_answers, of_flow, of_parts
from skyloom.deployers.gcp.charging_tests import asked_variables, condition, constant
from skyloom.deployers.gcp.steps import (
    BREAK,
    CONTINUE,
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

NOTHING: Mapping[str, str | None] = {}
_UNKNOWN = "${}"
"""Stands for a value that is not known before a run: an expression."""
MOST_STOPS = 200_000
"""An execution has 100,000 steps at most; a graph that is larger than this is not made."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of a step is billed, what is at work, which call of the flow it is, what the helper evaluates; and
    the calls that share the invocation, where several do."""

    units: Mapping[str, int]
    works: tuple[Work, ...] = ()
    call: Made | None = None
    expression: str = ""
    fused: FusedTask | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where steps stand: where they go on, by name and at their end; where a `return` and an error lead.

    Attributes:
        result: the variable that a `return` sets where it leads to.
        scope: what tells the variables of this call of a subworkflow from those of others.
        inside: the subworkflows that these steps are inside of, the innermost last.
        parts: the part of another run that this execution is, last, and those that it is itself started by.
    """

    after: str
    returned: str
    failed: str
    jumps: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    scope: str = ""
    inside: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class Walk:
    """Collects the stops of a workflow."""

    def __init__(self, subworkflows: Sequence[Subworkflow], called: Callable[[Call], Called], step: str) -> None:
        """`step`: the unit that a step is billed by; `called` says what calls of other than subworkflows are."""
        self.stops: dict[str, Stop] = {}
        self._known = {one.name: one for one in subworkflows}
        self._called = called
        self._billed = {step: 1}
        self._numbers = count()
        self._asked = {one.name: frozenset(asked_variables(one.steps)) for one in subworkflows}

    def main(self) -> str:
        """Adds a run from its beginning; gives where that is."""
        return self._routine(MAIN, _Place(DONE, DONE, FAILED))

    # --- lists of steps -----------------------------------------------------------------------------------------

    def _routine(self, name: str, place: _Place) -> str:
        """Adds a subworkflow for one call of it."""
        if name in place.inside:
            raise NotCounted(f"{name} calls itself")
        inside = self._in(name, place)
        begin = self._block(self._known[name].steps, inside)
        # It may have been called from there before, with other arguments.
        key = f"{next(self._numbers)}/{name}"
        self.stops[key] = Stop(sets=dict.fromkeys(map(inside.scope.__add__, self._asked[name])), ways=(Way(begin),))
        return key

    def _in(self, name: str, place: _Place) -> _Place:
        return replace(place, jumps={}, scope=f"{next(self._numbers)}.", inside=(*place.inside, name))

    def _block(self, steps: Steps, place: _Place) -> str:
        """Adds steps; gives the first, or what is behind them where there are none."""
        if not steps:
            return place.after
        names = [f"{next(self._numbers)}/{step.name}" for step in steps]
        if len(self.stops) > MOST_STOPS:
            raise NotCounted("its calls of subworkflows in one another make too many steps")
        jumps = {**place.jumps, **{step.name: name for step, name in zip(steps, names, strict=True)}}
        following = [*names[1:], place.after]
        lost = lost_answers(steps)
        for step, name, after in zip(steps, names, following, strict=True):
            self._step(step, name, replace(place, after=after, jumps=jumps), step.name in lost)
        return names[0]

    # --- steps --------------------------------------------------------------------------------------------------

    def _step(self, step: Step, key: str, place: _Place, is_lost: bool) -> None:
        """Adds a step. `is_lost`: the first case of the switch is for an answer that did not come."""
        match step:
            case Assign(pairs=pairs, next=to):
                self._add(key, (_to(to, place),), place, sets=self._held(pairs, place))
            case Call():
                self._call(step, key, place)
            case Switch(cases=cases, next=to):
                self._add(key, self._cases(cases, key, place, _to(to, place), is_lost=is_lost), place)
            case For(loop=loop) | ParallelFor(loop=loop):
                # What begins a round is no step of its own. The variables of the loop are others in each.
                head, after = f"{key}/round", Way(place.after)
                jumps = {**place.jumps, BREAK: place.after, CONTINUE: head}
                body = self._block(loop.steps, replace(place, after=head, jumps=jumps))
                sets = self._held([(name, _UNKNOWN) for name in (loop.value, loop.index) if name is not None], place)
                self.stops[head] = Stop(sets=sets, ways=(Way(body), after))
                self._add(key, (Way(body), after), place, sets=sets)
            case ParallelBranches(branches=branches):
                begin = place.after
                for branch in reversed(branches):
                    begin = self._block(branch.steps, replace(place, after=begin))
                self._add(key, (Way(begin),), place)
            case Try():
                self.stops[key] = Stop(ways=(Way(self._tried(step, place)),))
            case Return(value=value):
                sets = {} if place.result is None else {place.result: constant(value)}
                self._add(key, (Way(place.returned),), place, sets=sets)
            case Raise():
                self._add(key, (Way(place.failed),), place)
            case Next(to=to):
                self._add(key, (_to(to, place),), place)
            case Group(steps=steps):
                self.stops[key] = Stop(ways=(Way(self._block(steps, place)),))
            case _:
                assert_never(step)

    def _held(self, pairs: Iterable[tuple[str, object]], place: _Place) -> dict[str, str | None]:
        """What assignments set of the variables that are asked for, with what is set inside of them."""
        asked = self._asked[place.inside[-1]]
        found = {re.split(r"[.\[]", target)[0]: value if target.isidentifier() else None for target, value in pairs}
        return {place.scope + name: constant(value) for name, value in found.items() if name in asked}

    def _add(
        self,
        key: str,
        ways: tuple[Way, ...],
        place: _Place,
        called: Called | None = None,
        sets: Mapping[str, str | None] = NOTHING,
    ) -> None:
        """Adds a stop whose expressions may fail."""
        known = called or Called(self._billed)
        self.stops[key] = Stop(
            units=known.units,
            works=known.works,
            call=known.call,
            sets=sets,
            ways=(*ways, Way(place.failed, is_error=True)),
            expression=known.expression,
        )

    def _cases(
        self, cases: Sequence[Case], key: str, place: _Place, otherwise: Way, *, is_lost: bool
    ) -> tuple[Way, ...]:
        ways: list[Way] = []
        chosen, is_certain = _chosen(cases, place)
        before: tuple[Holds, ...] = ()
        for number, case in enumerate(chosen):
            inside = replace(place, after=otherwise.to if case.next is None else _to(case.next, place).to)
            if case.bare:
                # It stands in the switch, without a name, and is a part of it.
                begin = f"{key}/{number}"
                self._step(case.steps[0], begin, inside, is_lost=False)
                self.stops[begin] = replace(self.stops[begin], units={})
            else:
                begin = self._block(case.steps, inside)
            asked = condition(case.condition, place.scope)
            tests = before if asked is None else (*before, asked)
            ways.append(Way(begin, is_error=is_lost and number == 0, tests=tests))
            if asked is not None:
                before = (*before, replace(asked, is_equal=not asked.is_equal))
        return tuple(ways) if is_certain else (*ways, replace(otherwise, tests=before))

    def _tried(self, step: Try, place: _Place) -> str:
        """The steps of a `try`; where they fail, the test for another attempt runs, then what catches the error."""
        caught = place.failed
        if step.caught is not None:
            caught = self._block(step.handler, place)
        if step.retry is not None:
            predicate = str(step.retry.predicate).removeprefix("${").removesuffix("}")
            if predicate in self._known:
                caught = self._routine(predicate, replace(place, after=caught, returned=caught))
        return self._block(step.steps, replace(place, failed=caught))

    # --- calls --------------------------------------------------------------------------------------------------

    def _call(self, step: Call, key: str, place: _Place) -> None:
        onward = _to(step.next, place)
        sets = self._held([(step.result, _UNKNOWN)], place) if step.result is not None else {}
        if step.function not in self._known:
            known = self._called(step)
            if known.fused is None:
                self._add(key, (self._started(step, place, onward),), place, known, sets)
            else:
                ways = (onward, Way(place.failed, is_error=True))
                self.stops |= fused_stops(known.fused, key, known.units, lambda of: _work(of, known.works), ways)
            return
        inner = replace(place, after=onward.to, returned=onward.to, result=next(iter(sets), None))
        entries = step.arguments.get("entries")
        if isinstance(entries, list):
            inner = replace(inner, jumps={})
            begin = self._routine_of_parts(step.function, [str(one["entry"]) for one in entries], inner)
        else:
            begin = self._routine(step.function, inner)
        made = Called(self._billed, call=of_flow(step), expression=str(step.arguments.get("expression", "")))
        self._add(key, (Way(begin),), place, made)

    def _routine_of_parts(self, name: str, entries: Sequence[str], place: _Place) -> str:
        """The subworkflow that starts parts of the run: its loops go round once for each."""
        known = self._known[name].steps
        steps = tuple(of_parts(known, entries))
        if not any(ENTRY in one.arguments for one in walk(steps) if isinstance(one, Call)):
            raise NotCounted(f"{name} starts its parts in an unknown way")
        return self._block(steps, self._in(name, place))

    def _started(self, step: Call, place: _Place, onward: Way) -> Way:
        """Where a call goes on: behind the execution that it starts, if it starts one."""
        entry = step.arguments.get(ENTRY)
        if not isinstance(entry, str):
            return onward
        if entry in place.parts:
            raise NotCounted(f"{entry} starts itself")
        part = _Place(onward.to, onward.to, place.failed, parts=(*place.parts, entry))
        # An execution that is a part looks first which one it is, and does nothing else of `main`.
        return Way(self._block(self._known[MAIN].steps[:1], self._in(MAIN, part)))


def _work(of: str, like: tuple[Work, ...]) -> tuple[Work, ...]:
    """The time of a call in an invocation that others share."""
    return tuple(Work(of, one.rates) for one in like)


def _chosen(cases: Sequence[Case], place: _Place) -> tuple[Sequence[Case], bool]:
    """The cases that may be true, and whether one of them is: it is known which part of another run an execution is."""
    part = place.parts[-1] if place.parts else None
    functions = [function_of(case) for case in cases]
    wanted = ENTERING if part is not None and ENTERING in functions else part
    if wanted is not None and place.inside[-1] in (ENTERING, MAIN) and wanted in functions:
        return (cases[functions.index(wanted)],), True
    kept = [case for case, function in zip(cases, functions, strict=True) if function != ENTERING]
    return kept, any(case.condition is True for case in kept)


def _to(name: str | None, place: _Place) -> Way:
    """Where a step goes on that names its next one."""
    if name is None:
        return Way(place.after)
    if name == "end":
        return Way(place.returned)
    if name not in place.jumps:
        raise NotCounted(f"a step goes on with {name}, which is not there")
    return Way(place.jumps[name])
