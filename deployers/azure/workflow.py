"""From a program to an orchestrator of Durable Functions: a module of Python that reads as one wrote it by hand.

Statements stay what they are, expressions are written by the reference emitter, steps are calls of a small run-time
module (`adapters/hosts/durable.py`) whose generators Durable drives. (docs/decisions/0031, 0032)
"""

from __future__ import annotations

from dataclasses import replace

from skyloom.deployers.azure.limits import ATTEMPT, program_problems
from skyloom.deployers.azure.orchestrator.lowering import Lowering
from skyloom.deployers.azure.orchestrator.module import ENTRY, module_source
from skyloom.deployers.azure.orchestrator.naming import ModuleNames
from skyloom.deployers.azure.orchestrator.output import Explained, Uses, Workflow, WorkflowSettings
from skyloom.deployers.carrying import carried
from skyloom.deployers.fused import apart, chosen_passes, fused_tasks, where_it_fits, with_functions
from skyloom.errors import CheckFailed
from skyloom.flows import passes
from skyloom.flows.ir.program import Program
from skyloom.flows.passes import Engine

__all__ = ["ENTRY", "Explained", "Uses", "Workflow", "WorkflowSettings", "as_compiled", "compile_workflow"]

_BESIDES = 60
"""Seconds of an invocation that calls which share it do not have: reading and writing values, and the host's own."""


def compile_workflow(program: Program, settings: WorkflowSettings) -> Workflow:
    """The orchestrator of the program's main flow.

    Raises:
        CheckFailed: SKY7xx, something that Durable Functions cannot carry, with its place and a way out.
    """
    return where_it_fits(program, settings.without, lambda without: _compiled(program, settings, without))


def _compiled(program: Program, settings: WorkflowSettings, without: frozenset[str]) -> Workflow:
    engine = _engine(settings)
    notes = apart(program, engine)
    program = passes.run(program, engine, without)
    settings = replace(settings, tasks=with_functions(settings.tasks, program))
    problems = [*program_problems(program)]
    if problems:
        raise CheckFailed(*problems)
    names = ModuleNames.of(program)
    names.taken |= {ENTRY, "given", "context"}
    run = names.fresh("run")
    flows = {name: names.fresh(name) for name in sorted(program.flows, key=lambda name: name != program.main)}
    lowering = Lowering(
        program=program,
        settings=settings,
        carried=carried(program, frozenset(), lambda prompt: False),
        names=names,
        run=run,
        raised=names.fresh("raised"),
        flows=flows,
    )
    source = module_source(lowering)
    return Workflow(
        flow=program.main,
        source=source,
        uses=Uses(
            tasks=frozenset(name for kind, name in lowering.activities if kind == "task"),
            prompts=frozenset(name for kind, name in lowering.activities if kind == "prompt"),
            waits=lowering.waits,
            emits=lowering.emits,
        ),
        explained=tuple(lowering.explained),
        fused=fused_tasks(program),
        diagnostics=notes,
    )


def _engine(settings: WorkflowSettings) -> Engine:
    return Engine(functions=settings.apps, longest=ATTEMPT.value - _BESIDES)


def as_compiled(program: Program, settings: WorkflowSettings, workflow: Workflow) -> Program:
    """The program of which this workflow was made: after all passes."""
    return passes.run(program, _engine(settings), chosen_passes(settings.without, workflow.fused))
