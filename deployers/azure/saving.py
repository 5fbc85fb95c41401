"""What each pass saves of the orchestrators of an app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from skyloom.deployers.azure.workflow import Workflow, WorkflowSettings, compile_workflow
from skyloom.deployers.saving import Saving, counted, items_a_call, rewrites, savings
from skyloom.flows.ir.program import Program

ACTIVITIES = "activities"


def savings_of(programs: Mapping[str, Program], settings: WorkflowSettings) -> Iterator[Saving]:
    """The savings of every flow."""
    for name, program in programs.items():
        yield from savings(name, rewrites(), partial(_units, program, settings))


def _units(program: Program, settings: WorkflowSettings, without: frozenset[str]) -> dict[str, int]:
    return units(compile_workflow(program, replace(settings, without=without)))


def units(workflow: Workflow) -> dict[str, int]:
    """What is billed of what stands in an orchestrator: its statements are not."""
    return items_a_call(workflow.fused) | counted(workflow.explained, {ACTIVITIES: "1 activity"})
