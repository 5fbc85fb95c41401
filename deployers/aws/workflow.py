"""From a program to state machines: one for its main flow, and one for every flow that runs as an execution of its own.

The stages, each in a module of `machine/`: statements become a graph whose nodes are states and whose edges carry
assignments; edges are folded into the states they leave; the graph is written as Amazon States Language.
"""

from __future__ import annotations

import dataclasses

from skyloom.deployers.aws.limits import FUNCTION
from skyloom.deployers.aws.machine.building import machine_of
from skyloom.deployers.aws.machine.hoisting import evaluates
from skyloom.deployers.aws.machine.output import (
    HELPER,
    WAITS,
    Converse,
    ConverseModel,
    Invoke,
    Kind,
    Need,
    PutEvents,
    StartExecution,
    Workflow,
    WorkflowSettings,
)
from skyloom.deployers.fused import apart, chosen_passes, where_it_fits, with_functions
from skyloom.flows import passes
from skyloom.flows.ir.program import Program
from skyloom.flows.passes import Engine

__all__ = [
    "HELPER",
    "WAITS",
    "Converse",
    "ConverseModel",
    "Invoke",
    "Kind",
    "Need",
    "PutEvents",
    "StartExecution",
    "Workflow",
    "WorkflowSettings",
    "as_compiled",
    "compile_workflow",
    "compile_workflows",
]

_BESIDES = 30
"""Seconds of an invocation that calls which share it do not have: reading and writing values, and the host's own."""


def compile_workflow(program: Program, settings: WorkflowSettings) -> Workflow:
    """The state machine of the program's main flow.

    Raises:
        CheckFailed: SKY7xx, something that Step Functions cannot carry, with its place and a way out.
    """

    def compiled(without: frozenset[str]) -> Workflow:
        return machine_of(*_fewer_units(program, settings, without))

    return where_it_fits(program, settings.without, compiled)


def _engine(settings: WorkflowSettings) -> Engine:
    return Engine(evaluates=evaluates, functions=settings.tasks, longest=FUNCTION.value - _BESIDES)


def _fewer_units(
    program: Program, settings: WorkflowSettings, without: frozenset[str]
) -> tuple[Program, WorkflowSettings]:
    """The program after all passes but these, and the settings with what they have made."""
    program = passes.run(program, _engine(settings), without)
    return program, dataclasses.replace(settings, tasks=with_functions(settings.tasks, program))


def as_compiled(program: Program, settings: WorkflowSettings, workflow: Workflow) -> Program:
    """The program of which this machine was made: after all passes."""
    return passes.run(program, _engine(settings), chosen_passes(settings.without, workflow.fused))


def compile_workflows(program: Program, settings: WorkflowSettings) -> tuple[Workflow, ...]:
    """The machine of the main flow, and those of all flows that it, directly or through others, starts as executions
    (`StartExecution`): every machine that must be there for the flow to run. The main flow's comes first.

    Raises:
        CheckFailed: as `compile_workflow`.
    """
    main, *others = where_it_fits(
        program, settings.without, lambda without: _machines(*_fewer_units(program, settings, without))
    )
    notes = apart(program, _engine(settings))
    return dataclasses.replace(main, diagnostics=(*main.diagnostics, *notes)), *others


def _machines(program: Program, settings: WorkflowSettings) -> tuple[Workflow, ...]:
    compiled: dict[str, Workflow] = {}
    waiting = [program.main]
    while waiting:
        name = waiting.pop(0)
        if name not in compiled:
            compiled[name] = machine_of(dataclasses.replace(program, main=name), settings, is_part=bool(compiled))
            waiting += sorted(need.flow for need in compiled[name].uses if isinstance(need, StartExecution))
    return tuple(compiled.values())
