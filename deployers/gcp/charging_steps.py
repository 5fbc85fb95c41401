"""Steps of workflows as stops: every step that runs is billed, but brackets around steps are none.

A subworkflow stands in the graph once for each place that calls it, since it goes on behind that place. An execution
that a run starts of itself stands behind the step that starts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import assert_never

from skyloom.deployers.charging import DONE, FAILED, Holds, NotCounted, Stop, Way, Work
from skyloom.deployers.charging_fused import fused_stops
from skyloom.deployers.gcp.charging_own import (
    ENTRY,
    MAIN,
    is_skipped_after_failures,
    lost_answers,
    of_flow,
    of_parts,
)
from skyloom.deployers.gcp.charging_places import Called, Inside, Place, chosen, onward
from skyloom.deployers.gcp.charging_tests import asked_variables, condition, constant
from skyloom.deployers.gcp.steps import (
    BREAK,
    CONTINUE,
    Assign,
    Call,
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
from skyloom.deployers.shortest import Circle

NOTHING: Mapping[str, str | None] = {}
_UNKNOWN = "${}"
"""Stands for a value that is not known before a run: an expression."""
MOST_STOPS = 200_000
"""An execution has 100,000 steps at most; a graph that is larger than this is not made."""


@dataclass(frozen=True, slots=True)
class Looped:
    """A loop of a workflow: its name, where it stands in the source, the likeliest place first, and its step; None
    where it is made of jumps back."""

    circle: Circle
    name: str
    places: tuple[str, ...]
    step: For | ParallelFor | None = None


class Walk:
    """Collects the stops of a workflow."""

    def __init__(self, subworkflows: Sequence[Subworkflow], called: Callable[[Call], Called], step: str) -> None:
        """`step`: the unit that a step is billed by; `called` says what calls of other than subworkflows are."""
        self.stops: dict[str, Stop] = {}
        self.loops: list[Looped] = []
        self._known = {one.name: one for one in subworkflows}
        self._called = called
        self._billed = {step: 1}
        self._numbers = count()
        self._begun: dict[str, str] = {}
        self._backs: dict[str, list[tuple[str, str]]] = {}
        self._asked = {one.name: frozenset(asked_variables(one.steps)) for one in subworkflows}

    def main(self) -> str:
        """Adds a run from its beginning; gives where that is."""
        return self.routine(MAIN)

    def routine(self, name: str) -> str:
        """Adds a subworkflow as if it were a run; gives where it begins."""
        return self._routine(name, Place(DONE, DONE, FAILED))

    # --- lists of steps -----------------------------------------------------------------------------------------

    def _routine(self, name: str, place: Place) -> str:
        """Adds a subworkflow for one call of it."""
        if name in place.inside:
            raise NotCounted(f"{name} calls itself")
        inside = self._in(name, place)
        begin = self._block(self._known[name].steps, inside)
        # It may have been called from there before, with other arguments.
        key = f"{next(self._numbers)}/{name}"
        self.stops[key] = Stop(sets=dict.fromkeys(map(inside.scope.__add__, self._asked[name])), ways=(Way(begin),))
        return key

    def _in(self, name: str, place: Place) -> Place:
        return replace(place, jumps={}, scope=f"{next(self._numbers)}.", inside=(*place.inside, name))

    def _block(self, steps: Steps, place: Place) -> str:
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

    def _step(self, step: Step, key: str, place: Place, is_lost: bool) -> None:
        """Adds a step. `is_lost`: the first case of the switch is for an answer that did not come."""
        self._begun[key] = step.at
        match step:
            case Assign(pairs=pairs, next=to):
                self._add(key, (self._to(to, place, key, step.at),), place, sets=self._held(pairs, place))
            case Call():
                self._call(step, key, place)
            case Switch(next=to):
                otherwise = self._to(to, place, key, step.at)
                self._add(key, self._cases(step, key, place, otherwise, is_lost=is_lost), place)
            case For() | ParallelFor():
                self._rounds(step, key, place)
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
            case Raise(again=again):
                self._add(key, (Way(place.failed, is_error=again),), place)
            case Next(to=to):
                self._add(key, (self._to(to, place, key, step.at),), place)
            case Group(steps=steps):
                self.stops[key] = Stop(ways=(Way(self._block(steps, place)),))
            case _:
                assert_never(step)

    def _rounds(self, step: For | ParallelFor, key: str, place: Place) -> None:
        """Adds a loop. What begins a round is no step of its own. The variables of the loop are others in each."""
        loop, head, after = step.loop, f"{key}/round", Way(place.after)
        jumps = {**place.jumps, BREAK: place.after, CONTINUE: head}
        body = self._block(loop.steps, replace(place, after=head, jumps=jumps))
        if is_skipped_after_failures(step):
            first = self.stops[body]
            self.stops[body] = replace(
                first, ways=(first.ways[0], *(replace(way, is_error=True) for way in first.ways[1:]))
            )
        sets = self._held([(name, _UNKNOWN) for name in (loop.value, loop.index) if name is not None], place)
        self.stops[head] = Stop(sets=sets, ways=(Way(body), after))
        self._add(key, (Way(body), after), place, sets=sets)
        exits = frozenset({(key, place.after), (head, place.after)})
        self.loops.append(Looped(Circle(head=head, exits=exits, rounds=loop.known), step.name, (step.at,), step))

    def jumped_loops(self) -> Iterator[Looped]:
        """The loops that are made of jumps back."""
        for head, jumps in self._backs.items():
            places = (self._begun[head], *(at for _, at in jumps))
            yield Looped(
                Circle(head=head, ends=frozenset(source for source, _ in jumps)), head.partition("/")[2], places
            )

    def _to(self, name: str | None, place: Place, key: str, at: str) -> Way:
        """Where the step `key` goes on that names its next one."""
        way = onward(name, place)
        if name is not None and way.to in self._begun:
            self._backs.setdefault(way.to, []).append((key, at))
        return way

    def _held(self, pairs: Iterable[tuple[str, object]], place: Place) -> dict[str, str | None]:
        """What assignments set of the variables that are asked for, with what is set inside of them."""
        asked = self._asked[place.inside[-1]]
        found = {re.split(r"[.\[]", target)[0]: value if target.isidentifier() else None for target, value in pairs}
        return {place.scope + name: constant(value) for name, value in found.items() if name in asked}

    def _add(
        self,
        key: str,
        ways: tuple[Way, ...],
        place: Place,
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

    def _cases(self, step: Switch, key: str, place: Place, otherwise: Way, *, is_lost: bool) -> tuple[Way, ...]:
        ways: list[Way] = []
        cases, is_certain = chosen(step.cases, place)
        before: tuple[Holds, ...] = ()
        for number, case in enumerate(cases):
            inside = replace(
                place, after=otherwise.to if case.next is None else self._to(case.next, place, key, step.at).to
            )
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

    def _tried(self, step: Try, place: Place) -> str:
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

    def _call(self, step: Call, key: str, place: Place) -> None:
        following = self._to(step.next, place, key, step.at)
        sets = self._held([(step.result, _UNKNOWN)], place) if step.result is not None else {}
        if step.function not in self._known:
            known = self._called(step)
            if known.fused is None:
                ways = self._beyond(known.inside, key, place, self._started(step, place, following))
                self._add(key, ways, place, known, sets)
            else:
                ways = (following, Way(place.failed, is_error=True))
                self.stops |= fused_stops(known.fused, key, known.units, lambda of: _work(of, known.works), ways)
            return
        inner = replace(place, after=following.to, returned=following.to, result=next(iter(sets), None))
        entries = step.arguments.get("entries")
        if isinstance(entries, list):
            inner = replace(inner, jumps={})
            begin = self._routine_of_parts(step.function, [str(one["entry"]) for one in entries], inner)
        else:
            begin = self._routine(step.function, inner)
        made = Called(self._billed, call=of_flow(step), expression=str(step.arguments.get("expression", "")))
        self._add(key, (Way(begin),), place, made)

    def _beyond(self, inside: Inside | None, key: str, place: Place, onward: Way) -> tuple[Way, ...]:
        """Where a call goes on whose own steps stand elsewhere."""
        if inside is None:
            return (onward,)
        ways: list[Way] = []
        for taken, way in ((inside.returns, onward), (inside.raises, Way(place.failed))):
            if taken is not None:
                ways.append(Way(f"{key}/{len(ways)}"))
                self.stops[ways[-1].to] = Stop(units=dict.fromkeys(self._billed, taken), ways=(way,))
        return tuple(ways)

    def _routine_of_parts(self, name: str, entries: Sequence[str], place: Place) -> str:
        """The subworkflow that starts parts of the run: its loops go round once for each."""
        known = self._known[name].steps
        steps = tuple(of_parts(known, entries))
        if not any(ENTRY in one.arguments for one in walk(steps) if isinstance(one, Call)):
            raise NotCounted(f"{name} starts its parts in an unknown way")
        return self._block(steps, self._in(name, place))

    def _started(self, step: Call, place: Place, onward: Way) -> Way:
        """Where a call goes on: behind the execution that it starts, if it starts one."""
        entry = step.arguments.get(ENTRY)
        if not isinstance(entry, str):
            return onward
        if entry in place.parts:
            raise NotCounted(f"{entry} starts itself")
        part = Place(onward.to, onward.to, place.failed, parts=(*place.parts, entry))
        # An execution that is a part looks first which one it is, and does nothing else of `main`.
        return Way(self._block(self._known[MAIN].steps[:1], self._in(MAIN, part)))


def _work(of: str, like: tuple[Work, ...]) -> tuple[Work, ...]:
    """The time of a call in an invocation that others share."""
    return tuple(Work(of, one.rates) for one in like)
