"""What each pass saves of the state machines of an app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from skyloom.deployers.aws.explaining import explanations
from skyloom.deployers.aws.machine.building import REWRITES
from skyloom.deployers.aws.workflow import Workflow, WorkflowSettings, compile_workflow
from skyloom.deployers.saving import Saving, counted, items_a_call, rewrites, savings
from skyloom.flows.ir.program import Program

STATES, CALLS = "states", "function calls"


def savings_of(programs: Mapping[str, Program], settings: WorkflowSettings, short: Iterable[str]) -> Iterator[Saving]:
    """The savings of every flow; `short` are the flows that run as Express workflows."""
    express = frozenset(short)
    for name, program in programs.items():
        chosen = replace(settings, kind="EXPRESS") if name in express else settings
        yield from savings(name, rewrites(REWRITES), partial(_units, program, chosen))


def _units(program: Program, settings: WorkflowSettings, without: frozenset[str]) -> dict[str, int]:
    return units(compile_workflow(program, replace(settings, without=without)))


def units(workflow: Workflow) -> dict[str, int]:
    """What is billed of what stands in a machine: states, and the functions that they call. States of Express
    workflows are billed by time."""
    stands = (one for one in explanations([workflow]) if not one.is_helped)
    return items_a_call(workflow.fused) | counted(stands, {STATES: "1 transition", CALLS: "1 invocation"})
