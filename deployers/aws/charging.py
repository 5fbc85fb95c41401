"""What runs of state machines are charged for: transitions, or an Express run's time; and what the states call.

A state that is not known here is an error: nothing is left out unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from skyloom.deployers.aws.machine.scopes import RACE_WON
from skyloom.deployers.aws.resources.functions import MEMORY
from skyloom.deployers.aws.workflow import HELPER, WAITS, Workflow
from skyloom.deployers.charging import (
    DONE,
    FAILED,
    WHOLE_RUN,
    Call,
    Charges,
    Graph,
    NotCounted,
    Stop,
    Way,
    Work,
)
from skyloom.deployers.charging_fused import fused_stops

_CONVERSE = "arn:aws:states:::aws-sdk:bedrockruntime:converse"
_EVENTS = "arn:aws:states:::events:putEvents"
_START = "arn:aws:states:::states:startExecution.sync:2"
_LAMBDA = "arn:aws:states:::lambda:invoke"

TRANSITION, REQUEST, INVOCATION, EVENT = "transitions", "Express requests", "invocations", "events"
_EXPRESS_TIME = Work(WHOLE_RUN, (("Express GB-seconds", Decimal(64) / 1024),), step=Decimal("0.1"))
"""Memory is billed in parts of 64 MB, time in parts of 100 ms: 50 MB are the service's own, the rest holds definitions
and values up to 14 MB. https://aws.amazon.com/step-functions/pricing/"""


def charges(workflows: Sequence[Workflow], memory: Mapping[str, int | None], architecture: str) -> Charges:
    """The machines, each with those that it starts.

    Args:
        memory: MiB of functions, by key; None: the usual.
        architecture: the processor of the functions.
    """
    machines = {workflow.flow: workflow for workflow in workflows}
    sizes = {key.replace("-", "_"): size for key, size in memory.items() if size is not None}
    return lambda flow: graph(flow, machines, sizes, architecture)


def graph(flow: str, machines: Mapping[str, Workflow], sizes: Mapping[str, int], architecture: str) -> Graph:
    """The machine of a flow with those that it starts. `sizes`: MiB of functions, by their names in definitions.

    Raises:
        NotCounted: there is no such machine; it has a state that is not known here.
    """
    if flow not in machines:
        raise NotCounted(f"{flow} has no state machine")
    building = _Building(machines, sizes, architecture)
    start = building.machine(machines[flow], flow, (DONE,), (FAILED,))
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
        self._unit = f"GB-seconds on {architecture}"
        self._step: Mapping[str, int] = {}
        """What each state of the machine is billed that is added now."""

    def machine(self, machine: Workflow, at: str, done: Sequence[str], failed: Sequence[str]) -> str:
        """Adds a machine; gives where it begins."""
        is_express, before = machine.kind == "EXPRESS", self._step
        self._step = {} if is_express else {TRANSITION: 1}
        begin = self._states(machine.definition, at, done, failed)
        self._step = before
        if not is_express:
            return begin
        self.stops[at] = Stop(units={REQUEST: 1}, works=(_EXPRESS_TIME,), ways=(Way(begin),))
        return at

    def _states(self, machine: Mapping[str, Any], at: str, done: Sequence[str], failed: Sequence[str]) -> str:
        for name, state in machine["States"].items():
            self._state(state, at, name, done, failed)
        return f"{at}/{machine['StartAt']}"

    def _state(self, state: Mapping[str, Any], at: str, name: str, done: Sequence[str], failed: Sequence[str]) -> None:
        key = f"{at}/{name}"
        caught = [f"{at}/{one['Next']}" for one in state.get("Catch", ())] or failed
        errors = tuple(Way(to, is_error=True) for to in caught)
        onward = _onward(state, at, done)
        fused = _fused_name(state)
        if fused is not None:
            self._fused(state, key, fused, (*map(Way, onward), *errors))
            return
        units, works, call = self._billed(state, key)
        match state["Type"]:
            case "Fail":
                ways: tuple[Way, ...] = tuple(map(Way, failed))
            case "Map":
                begin = f"{key}/{state['ItemProcessor']['StartAt']}"
                self._states(state["ItemProcessor"], key, (begin, *onward), caught)
                ways = (Way(begin), *map(Way, onward), *errors)
            case "Parallel":
                ways = (*self._branches(state, key, onward, caught), *errors)
            case "Task" if state["Resource"] == _START:
                child = self._child(state)
                begin = self.machine(child, f"{key}/{child.flow}", onward, caught)
                ways = (Way(begin), *errors)
            case "Choice" | "Pass" | "Succeed" | "Task" | "Wait":
                ways = (*map(Way, onward), *errors)
            case unknown:
                raise NotCounted(f"{key} is a state of the type {unknown}")
        self.stops[key] = Stop(units=units, works=works, call=call, ways=ways, expression=_expression(state))

    def _fused(self, state: Mapping[str, Any], key: str, name: str, ways: Sequence[Way]) -> None:
        """Calls that share an invocation."""
        known = {fused.name: fused for machine in self._machines.values() for fused in machine.fused}
        if name not in known:
            raise NotCounted(f"{key} calls {name}, which is not known")
        function = _function(state)
        units = {**self._step, INVOCATION: 1}
        self.stops |= fused_stops(known[name], key, units, lambda task: (self._work(task, function),), ways)

    def _work(self, of: str, function: str) -> Work:
        return Work(of, ((self._unit, Decimal(self._sizes.get(function, MEMORY)) / 1024),))

    def _branches(
        self, state: Mapping[str, Any], key: str, onward: Sequence[str], caught: Sequence[str]
    ) -> tuple[Way, ...]:
        """One branch after the other: what is billed is the same. In a race the first branch stands for the one that
        wins, and the others are cancelled in their calls."""
        won = [name for branch in state["Branches"] for name, inner in branch["States"].items() if _has_won(inner)]
        after = caught if won else onward
        for number, branch in reversed(list(enumerate(state["Branches"]))):
            at = f"{key}/{number}"
            after = (self._states(branch, at, after, after if won else caught),)
            for ended in (f"{at}/{name}" for name in won if number and name in branch["States"]):
                self.stops[ended] = replace(self.stops[ended], units={})
        return tuple(map(Way, after))

    def _billed(self, state: Mapping[str, Any], key: str) -> tuple[dict[str, int], tuple[Work, ...], Call | None]:
        units = dict(self._step)
        match state["Type"], state.get("Resource", ""):
            case "Wait", _:
                return units, (), ("sleep", "")
            case "Task", str(resource) if resource == _CONVERSE:
                return units, (), ("prompt", "")
            case "Task", str(resource) if resource == _EVENTS:
                return units | {EVENT: 1}, (), ("emit", "")
            case "Task", str(resource) if resource.removesuffix(".waitForTaskToken") == _LAMBDA:
                of, call = _called(state["Arguments"].get("Payload", {}), key)
                return units | {INVOCATION: 1}, (self._work(of, _function(state)),), call
            case "Task", str(resource) if resource != _START:
                raise NotCounted(f"{key} calls {resource}")
            case _:
                return units, (), None

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


def _has_won(state: Mapping[str, Any]) -> bool:
    return bool(state.get("Error") == RACE_WON)


def _function(state: Mapping[str, Any]) -> str:
    return str(state["Arguments"]["FunctionName"]).removeprefix("${Function_").removesuffix("}")


def _fused_name(state: Mapping[str, Any]) -> str | None:
    payload = state.get("Arguments", {}).get("Payload", {})
    return payload.get("fused") if isinstance(payload, dict) else None


def _called(payload: Any, key: str) -> tuple[str, Call | None]:
    """Whose time a call of a function takes, and the call of the flow that it is."""
    match payload:
        case {"task": str(name)}:
            return name, ("task", name)
        case {"prompt": str(name)}:
            return name, ("prompt", name)
        case {"token": _, "kind": str(kind)}:
            return WAITS, ("approval" if kind == "approval" else "wait_for", "")
        case {"expression": str()}:
            return HELPER, None
        case _:
            raise NotCounted(f"{key} calls a function with {payload}")
