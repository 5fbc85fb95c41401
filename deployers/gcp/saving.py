"""What each pass saves of the workflows of an app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from skyloom.deployers.gcp.explaining import explanations
from skyloom.deployers.gcp.workflow import REWRITES, Workflow, WorkflowSettings, compile_workflow
from skyloom.deployers.saving import Saving, counted, items_a_call, rewrites, savings
from skyloom.flows.ir.program import Program

STEPS, CALLS = "steps", "function calls"


def savings_of(programs: Mapping[str, Program], settings: WorkflowSettings) -> Iterator[Saving]:
    """The savings of every flow."""
    for name, program in programs.items():
        yield from savings(name, rewrites(REWRITES), partial(_units, program, settings))


def _units(program: Program, settings: WorkflowSettings, without: frozenset[str]) -> dict[str, int]:
    return units(compile_workflow(program, replace(settings, without=without)))


def units(workflow: Workflow) -> dict[str, int]:
    """What is billed of what stands in a workflow for lines of its flow: steps, and the functions that they call."""
    stands = (one for one in explanations([workflow]) if not one.is_helped)
    return items_a_call(workflow.fused) | counted(stands, {STEPS: "1 step", CALLS: "1 invocation"})
