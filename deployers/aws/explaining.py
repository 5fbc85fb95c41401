"""What became of each flow on AWS: its states, what they cost, and what the state machine could not do itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skyloom.deployers.aws.workflow import HELPER, WAITS, Workflow
from skyloom.deployers.base import Explanation
from skyloom.deployers.helped import helped, places_of
from skyloom.flows.ir.program import Program

_TRANSITION = "1 transition"
_FREE = "-"
"""Express workflows are billed by time and memory, not by the step."""

_TYPES = {
    "Choice": "decision",
    "Fail": "end with an error",
    "Map": "parallel map",
    "Parallel": "branches side by side",
    "Pass": "assignment",
    "Succeed": "end",
    "Wait": "timer",
}
_RESOURCES = {
    "arn:aws:states:::aws-sdk:bedrockruntime:converse": ("model, asked by the state machine", "1 model call"),
    "arn:aws:states:::events:putEvents": ("event, published by the state machine", "1 event"),
    "arn:aws:states:::states:startExecution.sync:2": ("execution of another flow", "its own transitions"),
}


def explanations(workflows: Iterable[Workflow], compiled: Iterable[Program] = ()) -> Iterator[Explanation]:
    """Every state of the machines, in their order; then every expression that goes to the helper function. `compiled`:
    the programs after the passes."""
    places = places_of(compiled)
    for workflow in workflows:
        step = _TRANSITION if workflow.kind == "STANDARD" else _FREE
        for name, state in states(workflow.definition):
            what, more = _told(state)
            cost = ", ".join(part for part in (step, more) if part)
            place = place_of_state(state)
            yield Explanation(flow=workflow.flow, place=place, what=what, name=name, cost=cost)
        for hoisted in workflow.hoisted:
            yield helped(workflow.flow, hoisted, places, f"{step}, 1 invocation")


def states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state of a machine and of the machines inside of it, by name."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])
        for branch in state.get("Branches", ()):
            yield from states(branch)


def _told(state: Mapping[str, Any]) -> tuple[str, str]:
    """What the state is, for people, and what it costs beside its transition."""
    if state["Type"] != "Task":
        return _TYPES.get(state["Type"], state["Type"]), ""
    if state["Resource"] in _RESOURCES:
        return _RESOURCES[state["Resource"]]
    function = str(state.get("Arguments", {}).get("FunctionName", "")).removeprefix("${Function_").removesuffix("}")
    if function == HELPER:
        return "expression, by the helper function", "1 invocation"
    if function == WAITS:
        return "wait for somebody's answer", "1 invocation"
    if not function:
        return str(state["Resource"]), ""
    payload = state["Arguments"].get("Payload", {})
    carried = "carry" in payload
    what = "several calls, by function" if "fused" in payload else "function"
    return f"{what} {function}", "1 invocation, a large result by the bucket" if carried else "1 invocation"


def place_of_state(state: Mapping[str, Any]) -> str:
    """The place in the source that a state's comment begins with, or nothing."""
    comment = str(state.get("Comment", ""))
    first = comment.split()[0] if comment else ""
    return first if ":" in first else ""
