"""The compiler's own subworkflows, as what runs are charged for: waits, models, parts of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from skyloom.deployers.charging import Call as Made
from skyloom.deployers.gcp.steps import Call, Case, For, Group, ParallelFor, Step, Steps, Switch, Try

MAIN = "main"
MODEL, WAIT, ENTERING = "run_model", "wait_for_answer", "run_entry"
"""Names of subworkflows: what asks a model, what waits for people and events, what runs a part of another run."""


ENTRY = "skyloom-part"
"""Beside the arguments of the step that starts an execution: the part that it is."""


def of_parts(steps: Steps, entries: Sequence[str]) -> Iterator[Step]:
    """The steps with their loops unrolled, one round for each part of the run."""
    for step in steps:
        match step:
            case Try():
                yield replace(step, steps=tuple(of_parts(step.steps, entries)))
            case For(loop=loop):
                yield replace(step, loop=replace(loop, steps=()))
                for entry in entries:
                    yield Group(name=f"{step.name}_{entry}", steps=tuple(_starting(one, entry) for one in loop.steps))
            case _:
                yield step


def _starting(step: Step, entry: str) -> Step:
    match step:
        case Try(steps=(Call(function=name) as call,)) if name.endswith(".executions.create"):
            return replace(step, steps=(replace(call, arguments={**call.arguments, ENTRY: entry}),))
        case _:
            return step


def of_flow(step: Call) -> Made | None:
    """The call of the flow that a call of a subworkflow is."""
    match step.function, step.arguments.get("request"):
        case name, _ if name == MODEL:
            return "prompt", ""
        case name, {"kind": "approval"} if name == WAIT:
            return "approval", ""
        case name, {"kind": "event"} if name == WAIT:
            return "wait_for", ""
        case _:
            return None


def lost_answers(steps: Steps) -> frozenset[str]:
    """Switches that look first whether there is no answer: of a model no usable one, of people none in time. That is
    as rare as an error."""
    found: set[str] = set()
    for before, step in pairwise(steps):
        if isinstance(before, Call) and before.function in (MODEL, WAIT) and isinstance(step, Switch):
            found.add(step.name)
    return frozenset(found)


def is_skipped_after_failures(step: For | ParallelFor) -> bool:
    """Whether a round of a map does nothing where one before it has failed."""
    match step:
        case ParallelFor(loop=loop, shared=(_, failed_at)):
            return isinstance(only := loop.steps[0], Switch) and [case.condition for case in only.cases] == [
                f"${{{loop.index} < {failed_at}}}"
            ]
        case _:
            return False


def function_of(case: Case) -> str | None:
    """What a case of a switch calls first."""
    return case.steps[0].function if case.steps and isinstance(case.steps[0], Call) else None
