"""What runs of orchestrations are charged for: messages of the scheduler, executions of functions and their time.

An orchestrator is Python: which way a run takes through it shows in nothing but its calls. So its graph is a star, with
every call that the flow and its sub-flows can make, alone or in an activity that calls share; of several ways to share
one, that of the fewest activities. A message of the scheduler is an action: one that starts an
orchestration or an activity, and one that brings a result, a timer or an event, and resumes the orchestrator.
Source: https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-billing
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import assert_never

from skyloom.deployers.azure.apps import MAIN, AppPart
from skyloom.deployers.charging import DONE, FAILED, Charges, Graph, NotCounted, Stop, Way, Work
from skyloom.deployers.charging_fused import fused_stops
from skyloom.deployers.fused import FusedTask
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program

ACTION, EXECUTION, EVENT, GIGABYTES = "scheduler actions", "executions", "events", "GB-seconds"
ORCHESTRATOR, WAITS, EMIT = "orchestrator", "waits", "emit"

NOTHING: Mapping[str, Sequence[FusedTask]] = {}
_HUB = "flow"
_BEHIND = (Way(_HUB), Way(_HUB, is_error=True))


def charges(
    programs: Mapping[str, Program], parts: Sequence[AppPart], fused: Mapping[str, Sequence[FusedTask]] = NOTHING
) -> Charges:
    """The orchestrations of an app. `fused`: calls that share an activity, by flow."""
    return lambda flow: graph(flow, programs, parts, fused.get(flow, ()))


def graph(
    flow: str, programs: Mapping[str, Program], parts: Sequence[AppPart], fused: Sequence[FusedTask] = ()
) -> Graph:
    """The orchestration of a flow, with its sub-flows, which are parts of it.

    Raises:
        NotCounted: there is no such flow.
    """
    if flow not in programs:
        raise NotCounted(f"{flow} has no orchestrator")
    star = _Star(parts)
    stops = dict(star.stops(statement for one in programs[flow].flows.values() for statement in ir.walk(one.body)))
    begins = list(stops)
    for one in fused:
        made = fused_stops(
            one, one.name, star.activity_units(one.calls.like), partial(star.shared_works, one.calls.like), _BEHIND
        )
        stops |= made | {one.name: replace(made[one.name], works=(star.resumed,))}
        begins.append(one.name)
    ways = (*map(Way, sorted(begins)), Way(DONE), Way(FAILED))
    begin = Stop(units={ACTION: 1, EXECUTION: 1}, works=(star.resumed,), ways=(Way(_HUB),))
    return Graph(start="begin", stops={**stops, "begin": begin, _HUB: Stop(ways=ways)})


@dataclass(frozen=True, slots=True)
class _Star:
    """The calls of an app's flows."""

    parts: Sequence[AppPart]

    @property
    def resumed(self) -> Work:
        """The orchestrator goes on: it runs anew from its beginning to where it stands."""
        return Work(ORCHESTRATOR, ((GIGABYTES, _gigabytes(self.parts[0])),))

    def stops(self, statements: Iterable[ir.Statement]) -> Iterator[tuple[str, Stop]]:
        """What each statement may call."""
        for statement in statements:
            match statement:
                case ir.CallTask(task=name):
                    yield f"task {name}", self._activity("task", name)
                case ir.CallPrompt(prompt=name):
                    yield f"prompt {name}", self._activity("prompt", name)
                case ir.Emit():
                    units = {ACTION: 2, EXECUTION: 2, EVENT: 1}
                    yield (
                        "emit",
                        Stop(units=units, works=(self._own(EMIT), self.resumed), call=("emit", ""), ways=_BEHIND),
                    )
                case ir.Approval():
                    yield "approval", self._wait("approval")
                case ir.WaitFor():
                    yield "wait_for", self._wait("wait_for")
                case ir.Sleep():
                    units = {ACTION: 1, EXECUTION: 1}
                    yield "sleep", Stop(units=units, works=(self.resumed,), call=("sleep", ""), ways=_BEHIND)
                case (
                    ir.Assign()
                    | ir.SetItem()
                    | ir.Append()
                    | ir.Extend()
                    | ir.If()
                    | ir.While()
                    | ir.For()
                    | ir.Break()
                ) | (ir.Continue() | ir.Return() | ir.Raise() | ir.Reraise() | ir.Try() | ir.CallFlow() | ir.Sample()):
                    pass
                case ir.Parallel() | ir.Race() | ir.Map():
                    pass
                case _:
                    assert_never(statement)

    def activity_units(self, name: str) -> dict[str, int]:
        """What an activity is billed: it is started, and its result resumes the orchestrator. One that another function
        app carries out is an execution there as well."""
        return {ACTION: 2, EXECUTION: 2 if self._elsewhere(name) is None else 3}

    def activity_works(self, name: str) -> tuple[Work, ...]:
        """What is billed by the time of a task or prompt: where another function app carries it out, the activity
        waits as long."""
        elsewhere = self._elsewhere(name)
        both = (self.parts[0], *(() if elsewhere is None else (elsewhere,)))
        return tuple(Work(name, ((GIGABYTES, _gigabytes(part)),)) for part in both)

    def shared_works(self, like: str, name: str) -> tuple[Work, ...]:
        """The same of a call in an activity that others share, which runs where the task `like` does."""
        return tuple(Work(name, work.rates) for work in self.activity_works(like))

    def _activity(self, kind: str, name: str) -> Stop:
        works = (*self.activity_works(name), self.resumed)
        return Stop(units=self.activity_units(name), works=works, call=(kind, name), ways=_BEHIND)

    def _wait(self, kind: str) -> Stop:
        """An activity opens the wait; the answer is an event."""
        works = (self._own(WAITS), self.resumed, self.resumed)
        return Stop(units={ACTION: 3, EXECUTION: 3}, works=works, call=(kind, ""), ways=_BEHIND)

    def _own(self, name: str) -> Work:
        return Work(name, ((GIGABYTES, _gigabytes(self.parts[0])),))

    def _elsewhere(self, name: str) -> AppPart | None:
        """The function app that carries a task or prompt out, where it is not the one that has the flows."""
        found = (part for part in self.parts if any(name in (*group.tasks, *group.prompts) for group in part.groups))
        return next((part for part in found if part.key != MAIN), None)


def _gigabytes(part: AppPart) -> Decimal:
    return Decimal(part.memory) / 1024
