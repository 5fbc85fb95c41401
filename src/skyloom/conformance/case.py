"""One conformance case: a flow, its input, what happens around it, and what must come out. The same on every engine.

A file of `cases/` holds ordinary tasks and flows and a list `CASES`. Tasks behave as their bodies say; a task that
shall fail at first asks `context.attempt`. Times are real on engines and virtual in a plain call: keep them short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyloom.flows import Flow
    from skyloom.flows.ir.program import Program
    from skyloom.flows.outcome import Json
    from skyloom.flows.testing import Answer, Arrival


@dataclass(frozen=True)
class TaskCall:
    """One attempt of a task, with the arguments it got, as JSON; and the path of its step, where that was seen."""

    task: str
    arguments: dict[str, Json]
    step: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.task}({', '.join(f'{name}={value!r}' for name, value in sorted(self.arguments.items()))})"


def call(task: str, /, **arguments: Json) -> TaskCall:
    """An expected call."""
    return TaskCall(task, arguments)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What must be seen.

    Attributes:
        result: the flow's result as JSON, where it ends with one.
        error: class name and message of its error, where it ends with one.
        calls: the attempts of tasks, in the order of a plain call; None: not compared.
        concurrent: the flow runs calls side by side, so their order is compared in the plain call only.
        may_call: attempts behind a failing branch or item, or of a race's losers: an engine may have made them or not.
        approvals: answers in the order in which they are asked for.
        events: payloads or arrivals, by event name.
        emitted: events that the flow publishes: name and payload.
        earlier: runs that end before this one begins, one after the other, each as it says itself: what they leave
            behind in buckets is there. They want no answers.
    """

    flow: Flow[..., Any]
    name: str
    input: dict[str, Json]
    result: Json = None
    error: tuple[str, str] | None = None
    calls: tuple[TaskCall, ...] | None = None
    concurrent: bool = False
    may_call: tuple[TaskCall, ...] = ()
    approvals: tuple[Answer | bool, ...] = ()
    events: dict[str, list[Any | Arrival]] | None = None
    emitted: tuple[tuple[str, Json], ...] = ()
    earlier: tuple[Case, ...] = ()


def case(
    flow: Flow[..., Any],
    input: dict[str, Json] | None = None,  # noqa: A002
    *,
    result: Json = None,
    error: tuple[str, str] | None = None,
    calls: Sequence[TaskCall] | None = None,
    concurrent: bool = False,
    may_call: Sequence[TaskCall] = (),
    approvals: Sequence[Answer | bool] = (),
    events: dict[str, list[Any | Arrival]] | None = None,
    emitted: Sequence[tuple[str, Json]] = (),
    earlier: Sequence[Case] = (),
    name: str = "",
) -> Case:
    """A case. `name` tells apart several cases of one flow."""
    return Case(
        flow=flow,
        name=f"{flow.name}-{name}" if name else flow.name,
        input=input or {},
        result=result,
        error=error,
        calls=None if calls is None else tuple(calls),
        concurrent=concurrent,
        may_call=tuple(may_call),
        approvals=tuple(approvals),
        events=events,
        emitted=tuple(emitted),
        earlier=tuple(earlier),
    )


def programs_of(cases: Iterable[Case]) -> dict[str, Program]:
    """The flows that cases start, by name; those of their earlier runs too."""
    started = [run.flow for case in cases for run in (*case.earlier, case)]
    return {flow.name: flow.program for flow in started}
