"""How near the state machines and functions of an app come to the limits of AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from skyloom.deployers.aws.explaining import place_of_state, states
from skyloom.deployers.aws.limits import (
    COUNTS,
    DEFINITION,
    EVENTS,
    EXECUTION,
    EXPRESS,
    FUNCTION,
    HOST_SECONDS,
    MAP_WIDTH,
    MEMORY,
    PAYLOAD,
    RESOURCES,
    TEMPLATE,
    constants_size,
    definition_size,
)
from skyloom.deployers.aws.workflow import Workflow
from skyloom.deployers.measures import Measure, callees, lengths, longest, timeouts, wider
from skyloom.flows.ir.program import Program


def measures(
    programs: Mapping[str, Program],
    compiled: Mapping[str, Program],
    workflows: Sequence[Workflow],
    template: bytes,
    resources: int,
) -> Iterator[Measure]:
    """Of every machine and what it calls, then of the template. `compiled`: the programs after the passes."""
    for workflow in workflows:
        yield from _of_machine(workflow)
        program = _program_of(workflow.flow, compiled)
        if workflow.kind == "STANDARD":  # the history of an Express workflow has no limit
            yield from lengths(workflow.flow, program, EVENTS, COUNTS)
    short = {workflow.flow for workflow in workflows if workflow.kind == "EXPRESS"}
    for name, program in programs.items():
        yield from longest(name, program.flow, EXPRESS if name in short else EXECUTION)
        yield from wider(name, program, MAP_WIDTH)
        for callee in callees(program):
            yield from timeouts(name, callee, FUNCTION, HOST_SECONDS, MEMORY)
    yield Measure(flow="", limit=RESOURCES, value=resources, known="measured")
    yield Measure(flow="", limit=TEMPLATE, value=len(template), known="measured")


def _program_of(flow: str, compiled: Mapping[str, Program]) -> Program:
    """The program of a flow; one that another flow starts as an execution of its own is a part of that flow's."""
    if flow in compiled:
        return compiled[flow]
    around = next(program for program in compiled.values() if flow in program.flows)
    return replace(around, main=flow)


def _of_machine(workflow: Workflow) -> Iterator[Measure]:
    size = definition_size(workflow.definition)
    yield Measure(flow=workflow.flow, limit=DEFINITION, value=size, known="measured")
    found: dict[str, Any] = {name: state for name, state in states(workflow.definition) if "Arguments" in state}
    if found:
        name = max(found, key=lambda name: constants_size(found[name]))
        yield Measure(
            flow=workflow.flow,
            limit=PAYLOAD,
            value=constants_size(found[name]),
            known="at least",
            of=name,
            place=place_of_state(found[name]),
        )
