"""The steps that an execution takes at least, and what each round of its loops adds: those of `charging_steps`, counted
for each subworkflow once.

Counted is where nothing fails: attempts, errors that are caught and calls of the app's own functions come on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skyloom.deployers.charging import DONE, FAILED
from skyloom.deployers.gcp.charging_own import ENTERING, MAIN
from skyloom.deployers.gcp.charging_places import Called, Inside
from skyloom.deployers.gcp.charging_steps import Looped, Walk
from skyloom.deployers.gcp.steps import Call, Subworkflow, walk
from skyloom.deployers.shortest import Shortest

_STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Round:
    """A loop, and the steps that a round of it takes at least. `is_left_early`: whether a run may leave it before all
    rounds are over."""

    loop: Looped
    takes: int
    is_left_early: bool


class LeastSteps:
    """The steps of a workflow's subworkflows."""

    def __init__(self, subworkflows: Sequence[Subworkflow], *, is_timed: bool = False) -> None:
        """`is_timed`: the main flow has a timeout, and so runs in an execution that `main` starts and watches."""
        self._known = {one.name: one for one in subworkflows}
        self._inside: dict[str, Inside] = {}
        self._rounds: dict[str, tuple[Round, ...]] = {}
        self._start = _watched(self._known[MAIN]) if is_timed else MAIN

    @property
    def run(self) -> int:
        """Of the execution that runs the flow. 0 for one that never ends."""
        whole = self.inside(self._start)
        return whole.returns if whole.returns is not None else whole.raises or 0

    def rounds(self) -> Iterator[Round]:
        """The loops of that execution of which a round comes to its end."""
        waiting = [self._start]
        for name in waiting:
            self.inside(name)
            yield from self._rounds[name]
            called = (step.function for step in walk(self._known[name].steps) if isinstance(step, Call))
            waiting += dict.fromkeys(
                one for one in called if one in self._known and one not in waiting and one != ENTERING
            )

    def inside(self, name: str) -> Inside:
        """What one call of a subworkflow takes, beside the step that calls it."""
        if name not in self._inside:
            walked = Walk([self._known[name]], self._called, _STEPS)
            start = walked.routine(name)
            loops = [*walked.loops, *walked.jumped_loops()]
            shortest = Shortest(walked.stops, [one.circle for one in loops])
            self._inside[name] = Inside(_whole(shortest.to(DONE, start)), _whole(shortest.to(FAILED, start)))
            self._rounds[name] = tuple(
                Round(one, taken, shortest.is_left_early(one.circle, DONE))
                for one in loops
                if (taken := _whole(shortest.round(one.circle))) is not None
            )
        return self._inside[name]

    def _called(self, step: Call) -> Called:
        inside = self.inside(step.function) if step.function in self._known else None
        return Called({_STEPS: 1}, inside=inside)


def _watched(main: Subworkflow) -> str:
    """The subworkflow that runs in an execution of its own."""
    (entry,) = (
        part["entry"] for one in main.steps if isinstance(one, Call) for part in one.arguments.get("entries", ())
    )
    return str(entry)


def _whole(steps: float) -> int | None:
    return None if steps == math.inf else int(steps)
