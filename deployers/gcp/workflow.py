"""From a program to a workflow of Google Cloud.

The flow's statements become steps one by one, nested as they are (`flow/`): a switch for an `if`, a loop for a `for`, a
subworkflow for a sub-flow; expressions ride on the step that needs them. What an expression cannot say goes to the
app's helper function. (docs/decisions/0024, 0025)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from skyloom.deployers.carrying import carried
from skyloom.deployers.fused import apart, chosen_passes, fused_tasks, where_it_fits, with_functions
from skyloom.deployers.gcp.dict_order import order_problems
from skyloom.deployers.gcp.flow.apart import entering, timed_main
from skyloom.deployers.gcp.flow.calling import lower_flow, lower_main
from skyloom.deployers.gcp.flow.evaluating import evaluates
from skyloom.deployers.gcp.flow.fewer_steps import fewer_steps
from skyloom.deployers.gcp.flow.inlining import inlined_flows
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import (
    HELPER,
    WAITS,
    AskModel,
    Invoke,
    Need,
    Publish,
    StartItself,
    VertexModel,
    Workflow,
    WorkflowSettings,
)
from skyloom.deployers.gcp.flow.prompts import asked_by_workflow
from skyloom.deployers.gcp.flow.starting import finish_entries
from skyloom.deployers.gcp.flow.statements import lower_block
from skyloom.deployers.gcp.limits import HTTP_TIMEOUT, MARGIN, program_problems, workflow_problems
from skyloom.deployers.gcp.source import workflow_source
from skyloom.deployers.gcp.steps import Subworkflow
from skyloom.deployers.mixed_numbers import text_problems
from skyloom.deployers.saving import Rewrite
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows import passes
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.passes import Engine

__all__ = [
    "HELPER",
    "WAITS",
    "AskModel",
    "Invoke",
    "Need",
    "Publish",
    "StartItself",
    "VertexModel",
    "Workflow",
    "WorkflowSettings",
    "as_compiled",
    "compile_workflow",
]

_BESIDES = 30
"""Seconds of an invocation that calls which share it do not have: reading and writing values, and the host's own."""


REWRITES = (
    Rewrite("inline_flows", "sub-flows that are called once stand in place"),
    Rewrite("first_values_early", "first values ride on an earlier assignment"),
    Rewrite("fewer_steps", "decisions behind decisions are one, and short cases have no step of their own"),
)
"""What of the lowering can be left out, in its order."""


def compile_workflow(program: Program, settings: WorkflowSettings) -> Workflow:
    """The workflow of the program's main flow.

    Raises:
        CheckFailed: SKY7xx, something that Workflows cannot carry, with its place and a way out.
    """
    return where_it_fits(program, settings.without, lambda without: _compiled(program, settings, without))


def _compiled(program: Program, settings: WorkflowSettings, without: frozenset[str]) -> Workflow:
    engine = _engine(settings)
    notes = apart(program, engine)
    program = passes.run(program, engine, without)
    settings = replace(settings, tasks=with_functions(settings.tasks, program))
    _refuse([*program_problems(program), *order_problems(program), *text_problems(program, "Workflows")])
    inlined = frozenset[str]() if "inline_flows" in settings.without else inlined_flows(program)
    workflow, problems = _made(program, settings, inlined)
    if problems and inlined:
        # Steps that stand in place stand deeper, and may stand there twice.
        workflow, problems = _made(program, settings, frozenset())
    _refuse(problems)
    return replace(workflow, diagnostics=(*workflow.diagnostics, *notes))


def _engine(settings: WorkflowSettings) -> Engine:
    longest = HTTP_TIMEOUT.value - MARGIN - _BESIDES
    return Engine(evaluates=evaluates, functions=settings.tasks, shares_memory=True, longest=longest)


def as_compiled(program: Program, settings: WorkflowSettings, workflow: Workflow) -> Program:
    """The program of which this workflow was made: after all passes."""
    return passes.run(program, _engine(settings), chosen_passes(settings.without, workflow.fused))


def _made(
    program: Program, settings: WorkflowSettings, inlined: frozenset[str]
) -> tuple[Workflow, Sequence[Diagnostic]]:
    """The workflow, and what no workflow can carry of it."""
    # Parts of a run that are executions of their own carry its name, and so its values.
    asked = asked_by_workflow(program, settings)
    places = carried(program, frozenset(), lambda prompt: prompt.name in asked)
    has_runs = _has_runs(program)
    lowering = Lowering(program, settings, lower_block, places, asked=asked, inlined=inlined, has_runs=has_runs)
    if program.flow.timeout is not None:
        main = timed_main(lowering)
    else:
        main = lower_main(lowering, entering(lowering) if lowering.has_runs else ())
    flows: list[Subworkflow] = []
    while lowering.waiting:
        flows.append(lower_flow(lowering, lowering.waiting.pop(0)))
    lowering.shared |= {flow.name: flow for flow in flows}
    if lowering.has_runs:
        finish_entries(lowering)
    found = (main, *sorted(lowering.shared.values(), key=lambda one: one not in flows))
    subworkflows = found if "fewer_steps" in settings.without else tuple(map(fewer_steps, found))
    definition, uses = workflow_source(subworkflows), frozenset(lowering.needs)
    workflow = Workflow(
        flow=program.main,
        definition=definition,
        subworkflows=subworkflows,
        uses=uses,
        hoisted=tuple(lowering.hoisted[name] for name in sorted(lowering.hoisted)),
        fused=fused_tasks(program),
    )
    return workflow, [*lowering.diagnostics, *workflow_problems(program, definition, subworkflows, uses)]


def _refuse(problems: Sequence[Diagnostic]) -> None:
    if problems:
        raise CheckFailed(*problems)


def _has_runs(program: Program) -> bool:
    """Whether parts of a run are executions of their own."""
    timed = any(flow.timeout is not None for flow in program.flows.values())
    races = (isinstance(statement, ir.Race) for flow in program.flows.values() for statement in ir.walk(flow.body))
    return timed or any(races)
