"""What runs of workflows are charged for: internal and external steps, and what the steps call.

What counts as a step is said where steps become stops (`charging_steps.py`); here stands what a call is.
Sources: https://cloud.google.com/workflows/pricing, https://cloud.google.com/run/pricing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from skyloom.deployers.charging import Call, Charges, Graph, NotCounted, Stop, Way, Work
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.charging_places import Called
from skyloom.deployers.gcp.charging_steps import Walk
from skyloom.deployers.gcp.resources.functions import MEMORY
from skyloom.deployers.gcp.steps import Call as CallStep
from skyloom.deployers.gcp.workflow import HELPER, WAITS, Invoke, Workflow

INTERNAL, EXTERNAL, REQUEST, EVENT = "internal steps", "external steps", "requests", "events"
GIGABYTES, PROCESSORS = "GiB-seconds", "vCPU-seconds"

_PROCESSORS = (
    (128, "0.083"),
    (256, "0.167"),
    (512, "0.333"),
    (1024, "0.583"),
    (2048, "1"),
    (4096, "2"),
    (8192, "2"),
    (16384, "4"),
    (32768, "8"),
)
"""MiB of a function, and the share of a processor that goes with it; sizes between are counted as the smaller one.
https://cloud.google.com/functions/docs/configuring/memory"""
_STEP = Decimal("0.1")
"""Time is rounded up to 100 ms. https://cloud.google.com/run/pricing"""

_VARIABLE = re.compile(r'"(SKYLOOM_\w+)"')
_GOOGLE = re.compile(r'https://([\w.-]+\.)?googleapis\.com/|"https://" \+ host|given\.callback')
"""Addresses of Google's own: a model's, and the callback of another execution."""
_PUBLISH = "googleapis.pubsub.v1.projects.topics.publish"


def charges(workflows: Sequence[Workflow], memory: Mapping[str, int | None]) -> Charges:
    """The workflows. `memory`: MiB of functions, by key; None: the usual."""
    known = {workflow.flow: workflow for workflow in workflows}
    return lambda flow: graph(flow, known, memory)


def graph(flow: str, workflows: Mapping[str, Workflow], memory: Mapping[str, int | None]) -> Graph:
    """The workflow of a flow.

    Raises:
        NotCounted: there is no such workflow; it has a call that is not known here.
    """
    if flow not in workflows:
        raise NotCounted(f"{flow} has no workflow")
    workflow = workflows[flow]
    walk = Walk(workflow.subworkflows, _Calls(workflow, memory).called, INTERNAL)
    start = walk.main()
    failing = {one.id for one in workflow.hoisted if not one.always}
    return Graph(start=start, stops={name: _doubted(stop, failing) for name, stop in walk.stops.items()})


def _doubted(stop: Stop, failing: set[str]) -> Stop:
    """Expressions that the helper function evaluates only where they fail are ways to an error."""
    if stop.expression not in failing:
        return stop
    return replace(stop, ways=tuple(Way(way.to, is_error=True) for way in stop.ways))


@dataclass(frozen=True, slots=True)
class _Calls:
    """What the calls of a workflow are."""

    workflow: Workflow
    memory: Mapping[str, int | None]

    def called(self, step: CallStep) -> Called:
        """What a call of a function of the library, or of a connector, is."""
        match step.function:
            case "http.post":
                return self._posted(step)
            case "sys.sleep":
                return Called({INTERNAL: 1}, call=("sleep", ""))
            case "events.await_callback":
                # "Steps that wait for a callback" are external.
                return Called({EXTERNAL: 1})
            case name if name == _PUBLISH:
                return Called({INTERNAL: 1, EVENT: 1}, call=("emit", ""))
            case "events.create_callback_endpoint":
                return Called({INTERNAL: 1})
            case name if name.startswith("googleapis.workflowexecutions.v1."):
                return Called({INTERNAL: 1})
            case name:
                raise NotCounted(f"{step.name} calls {name}")

    def _posted(self, step: CallStep) -> Called:
        url, body = str(step.arguments.get("url", "")), step.arguments.get("body", {})
        found = _VARIABLE.search(url)
        functions = {one.variable: one.function for one in self.workflow.uses if isinstance(one, Invoke)}
        if found is None or found[1] not in functions:
            if _GOOGLE.search(url):
                return Called({INTERNAL: 1})
            raise NotCounted(f"{step.name} posts to {url}")
        function = functions[found[1]]
        fused = self._fused(body, step.name)
        of, call = ("", None) if fused is not None else _asked(function, body, step.name)
        size = self.memory.get(function) or MEMORY
        processors = max((Decimal(share) for most, share in _PROCESSORS if most <= size), default=Decimal(0))
        rates = ((GIGABYTES, Decimal(size) / 1024), (PROCESSORS, processors))
        expression = body.get("expression", "") if function == HELPER and isinstance(body, dict) else ""
        return Called({INTERNAL: 1, REQUEST: 1}, (Work(of, rates, _STEP),), call, str(expression), fused)

    def _fused(self, body: Any, name: str) -> FusedTask | None:
        """The calls that share an invocation, where several do."""
        if not isinstance(body, dict) or "fused" not in body:
            return None
        known = {one.name: one for one in self.workflow.fused}
        if body["fused"] not in known:
            raise NotCounted(f"{name} calls {body['fused']}, which is not known")
        return known[body["fused"]]


def _asked(function: str, body: Any, name: str) -> tuple[str, Call | None]:
    """Whose time a call of a function takes, and the call of the flow that it is."""
    match function, body:
        case key, _ if key in (HELPER, WAITS):
            return key, None
        case _, {"task": str(task)}:
            return task, ("task", task)
        case _, {"prompt": str(prompt)}:
            return prompt, ("prompt", prompt)
        case _:
            raise NotCounted(f"{name} calls the function {function} with {body}")
