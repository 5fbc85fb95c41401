"""What became of each flow on Google Cloud: its steps, what they cost, and what the workflow could not do itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from skyloom.deployers.base import Explanation
from skyloom.deployers.gcp.least_steps import LeastSteps
from skyloom.deployers.gcp.steps import (
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
    Switch,
    Try,
    walk,
)
from skyloom.deployers.gcp.workflow import HELPER, WAITS, Invoke, Workflow
from skyloom.deployers.helped import helped, places_of
from skyloom.flows.ir.program import Program

_STEP = "1 step"
_AND_MORE = f"{_STEP} and its own"
_NOTHING = "-"
"""Brackets around steps are not billed; a jump is a step that runs. (docs/decisions/0042)"""

_CALLS = {
    "events.await_callback": "wait for a callback",
    "events.create_callback_endpoint": "callback",
    "sys.sleep": "timer",
}
_IN_PYTHON = "in_python"
_SUBWORKFLOWS = {
    "first_of": "executions of their own, the first decides",
    _IN_PYTHON: "expression, by the helper function",
    "run_entry": "part of another run",
    "wait_for_answer": "wait for somebody's answer",
}
_EVENT = "googleapis.pubsub.v1.projects.topics.publish"


def explanations(workflows: Iterable[Workflow], compiled: Iterable[Program] = ()) -> Iterator[Explanation]:
    """Every step of the workflows that stands for a line of a flow, in their order; then every expression that goes to
    the helper function. `compiled`: the programs after the passes."""
    places = places_of(compiled)
    for workflow in workflows:
        functions = {need.variable: need.function for need in workflow.uses if isinstance(need, Invoke)}
        for subworkflow in workflow.subworkflows:
            brackets = {step.name: step.at for step in walk(subworkflow.steps) if isinstance(step, Try)}
            in_cases = set(_in_cases(subworkflow.steps))
            for step in walk(subworkflow.steps):
                # A call that stands bare in its bracket is told once, where the bracket stands.
                place = step.at or brackets.get(step.name, "")
                bare = isinstance(step, Try) and bool(step.steps) and step.steps[0].name == step.name
                if place and not bare:
                    what, cost = _told(step, functions)
                    cost = _NOTHING if step.name in in_cases else cost
                    yield Explanation(flow=workflow.flow, place=place, what=what, name=step.name, cost=cost)
        taken = _taken(workflow)
        for hoisted in workflow.hoisted:
            steps = taken.get(hoisted.id, 1)
            yield helped(workflow.flow, hoisted, places, f"{steps} step{'s'[: steps - 1]}, 1 invocation")


def _taken(workflow: Workflow) -> dict[str, int]:
    """The steps of each evaluation of expressions that a subworkflow sends to the helper function, by their ids."""
    calls = (step for one in workflow.subworkflows for step in walk(one.steps) if isinstance(step, Call))
    found = {str(call.arguments["expression"]) for call in calls if call.function == _IN_PYTHON}
    return (
        dict.fromkeys(found, 1 + (LeastSteps(workflow.subworkflows).inside(_IN_PYTHON).returns or 0)) if found else {}
    )


def _in_cases(steps: Steps) -> Iterator[str]:
    """The steps that are a part of a decision."""
    for step in walk(steps):
        if isinstance(step, Switch):
            yield from (case.steps[0].name for case in step.cases if case.bare)


def _told(step: Step, functions: dict[str, str]) -> tuple[str, str]:
    """What the step is, for people, and what it costs."""
    match step:
        case Assign():
            return "assignment", _STEP
        case Call():
            return _call(step, functions)
        case Switch():
            return "decision", _STEP
        case For():
            return "loop", _STEP
        case ParallelFor():
            return "parallel map", _STEP
        case ParallelBranches():
            return "branches side by side", _STEP
        case Try():
            return "guarded steps" if step.retry is None else "steps that are tried again", _NOTHING
        case Return():
            return "end", _STEP
        case Raise():
            return "end with an error", _STEP
        case Next():
            return "jump", _STEP
        case Group():
            return "steps", _NOTHING
        case _:
            assert_never(step)


def _call(step: Call, functions: dict[str, str]) -> tuple[str, str]:
    if step.function == _EVENT:
        return "event, published by the workflow", f"{_STEP}, 1 message"
    if step.function != "http.post":
        what = _CALLS.get(step.function)
        return (what, _STEP) if what else (_SUBWORKFLOWS.get(step.function, f"subworkflow {step.function}"), _AND_MORE)
    url = str(step.arguments.get("url", ""))
    function = next((key for variable, key in functions.items() if f'"{variable}"' in url), "")
    match function:
        case "":
            return "model, asked by the workflow", f"{_STEP}, 1 model call"
        case key if key == HELPER:
            return "expression, by the helper function", f"{_STEP}, 1 invocation"
        case key if key == WAITS:
            return "wait for somebody's answer", f"{_STEP}, 1 invocation"
        case _:
            body = step.arguments.get("body")
            what = "several calls, by function" if isinstance(body, dict) and "fused" in body else "function"
            return f"{what} {function}", f"{_STEP}, 1 invocation"
