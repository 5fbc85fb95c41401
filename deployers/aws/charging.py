"""What runs of state machines are charged for: transitions, and what the states call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from skyloom.deployers.aws.resources.functions import MEMORY
from skyloom.deployers.aws.workflow import Workflow
from skyloom.deployers.charging import DONE, FAILED, MEMORY_SECONDS, Call, Graph, Stop, Way

_CONVERSE = "arn:aws:states:::aws-sdk:bedrockruntime:converse"
_EVENTS = "arn:aws:states:::events:putEvents"
_START = "arn:aws:states:::states:startExecution.sync:2"

TRANSITION, INVOCATION, MODEL_CALL, EVENT = "transitions", "invocations", "model calls", "events"


def graphs(workflows: Sequence[Workflow], memory: Mapping[str, int | None], architecture: str) -> dict[str, Graph]:
    """The machines that are billed by their transitions, each with those that it starts, by flow.

    Args:
        memory: MiB of functions, by key; None: the usual.
        architecture: the processor of the functions.
    """
    machines = {workflow.flow: workflow for workflow in workflows}
    sizes = {key.replace("-", "_"): size for key, size in memory.items() if size is not None}
    return {
        flow: graph(flow, machines, sizes, architecture)
        for flow, workflow in machines.items()
        if workflow.kind == "STANDARD"
    }


def graph(flow: str, machines: Mapping[str, Workflow], sizes: Mapping[str, int], architecture: str) -> Graph:
    """The machine of a flow with those that it starts. `sizes`: MiB of functions, by their names in definitions."""
    building = _Building(machines, sizes, architecture)
    start = building.machine(machines[flow].definition, flow, (DONE,), (FAILED,))
    return Graph(start=start, stops=_with_doubts(building.stops, machines))


def _with_doubts(stops: Mapping[str, Stop], machines: Mapping[str, Workflow]) -> dict[str, Stop]:
    """Expressions that the helper function evaluates only where they fail are ways to an error."""
    failing = {one.id for machine in machines.values() for one in machine.hoisted if not one.always}
    doubted = {name for name, stop in stops.items() if stop.expression in failing}
    return {
        name: replace(stop, ways=tuple(Way(way.to, way.is_error or way.to in doubted) for way in stop.ways))
        for name, stop in stops.items()
    }


class _Building:
    """Collects the stops of machines, each under the names of what it stands in."""

    def __init__(self, machines: Mapping[str, Workflow], sizes: Mapping[str, int], architecture: str) -> None:
        self.stops: dict[str, Stop] = {}
        self._machines = machines
        self._sizes = sizes
        self._memory = f"{MEMORY_SECONDS} {architecture}"

    def machine(self, machine: Mapping[str, Any], at: str, done: Sequence[str], failed: Sequence[str]) -> str:
        """Adds a machine, or one inside of a state; gives where it begins."""
        for name, state in machine["States"].items():
            self._state(state, at, name, done, failed)
        return f"{at}/{machine['StartAt']}"

    def _state(self, state: Mapping[str, Any], at: str, name: str, done: Sequence[str], failed: Sequence[str]) -> None:
        key = f"{at}/{name}"
        caught = [f"{at}/{one['Next']}" for one in state.get("Catch", ())] or failed
        errors = tuple(Way(to, is_error=True) for to in caught)
        onward = _onward(state, at, done)
        units, call = self._billed(state)
        match state["Type"]:
            case "Fail":
                ways: tuple[Way, ...] = tuple(map(Way, failed))
            case "Map":
                begin = f"{key}/{state['ItemProcessor']['StartAt']}"
                self.machine(state["ItemProcessor"], key, (begin, *onward), caught)
                ways = (Way(begin), *map(Way, onward), *errors)
            case "Parallel":
                ways = (*self._branches(state, key, onward, caught), *errors)
            case "Task" if state["Resource"] == _START:
                child = self._child(state)
                begin = self.machine(child.definition, f"{key}/{child.flow}", onward, caught)
                ways = (Way(begin), *errors)
            case _:
                ways = (*map(Way, onward), *errors)
        self.stops[key] = Stop(units=units, call=call, ways=ways, expression=_expression(state))

    def _branches(
        self, state: Mapping[str, Any], key: str, onward: Sequence[str], caught: Sequence[str]
    ) -> tuple[Way, ...]:
        """One branch after the other: what is billed is the same."""
        after = onward
        for number, branch in reversed(list(enumerate(state["Branches"]))):
            after = (self.machine(branch, f"{key}/{number}", after, caught),)
        return tuple(map(Way, after))

    def _billed(self, state: Mapping[str, Any]) -> tuple[dict[str, int], Call | None]:
        units = {TRANSITION: 1}
        match state["Type"], state.get("Resource"):
            case "Wait", _:
                return units, ("sleep", "")
            case "Task", resource if resource == _CONVERSE:
                return units | {MODEL_CALL: 1}, ("prompt", "")
            case "Task", resource if resource == _EVENTS:
                return units | {EVENT: 1}, ("emit", "")
            case "Task", resource if resource != _START:
                arguments = state["Arguments"]
                function = str(arguments["FunctionName"]).removeprefix("${Function_").removesuffix("}")
                memory = self._sizes.get(function, MEMORY)
                return units | {INVOCATION: 1, self._memory: memory}, _call(arguments.get("Payload", {}))
            case _:
                return units, None

    def _child(self, state: Mapping[str, Any]) -> Workflow:
        machine = str(state["Arguments"]["StateMachineArn"]).removeprefix("${Machine_").removesuffix("}")
        return self._machines[machine]


def _onward(state: Mapping[str, Any], at: str, done: Sequence[str]) -> tuple[str, ...]:
    if state.get("End") or state["Type"] == "Succeed":
        return tuple(done)
    named = (*(choice["Next"] for choice in state.get("Choices", ())), state.get("Default"), state.get("Next"))
    return tuple(dict.fromkeys(f"{at}/{name}" for name in named if name is not None))


def _expression(state: Mapping[str, Any]) -> str:
    payload = state.get("Arguments", {}).get("Payload", {})
    return str(payload.get("expression", "")) if isinstance(payload, dict) else ""


def _call(payload: Any) -> Call | None:
    match payload:
        case {"task": str(name)}:
            return "task", name
        case {"prompt": str(name)}:
            return "prompt", name
        case {"token": _, "kind": str(kind)}:
            return ("approval", "") if kind == "approval" else ("wait_for", "")
        case _:
            return None
