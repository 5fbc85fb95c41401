"""How near the workflows and functions of an app come to the limits of Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from skyloom.deployers.gcp.limits import (
    ASSIGNMENTS,
    BRANCHES,
    CALL_DEPTH,
    CONDITIONS,
    COUNTS,
    EXECUTION,
    HTTP_TIMEOUT,
    MARGIN,
    MEMORY_OF_FUNCTION,
    NESTING,
    PARALLEL_DEPTH,
    PARALLEL_WIDTH,
    SOURCE,
    STEPS,
    VARIABLES,
    deepest_call,
    deepest_nesting,
    variables_of,
)
from skyloom.deployers.gcp.steps import Assign, ParallelBranches, Step, Switch, walk
from skyloom.deployers.gcp.workflow import Workflow
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import Measure, callees, deeper, lengths, longest, timeouts, wider
from skyloom.flows.ir.program import Program


def measures(
    programs: Mapping[str, Program], compiled: Mapping[str, Program], workflows: Sequence[Workflow]
) -> Iterator[Measure]:
    """Of every workflow and what it calls. `compiled`: the programs after the passes."""
    for workflow in workflows:
        name, program = workflow.flow, programs[workflow.flow]
        yield from _of_source(workflow)
        yield from _of_steps(workflow)
        yield from lengths(name, compiled[name], STEPS, COUNTS)
        yield from longest(name, program.flow, EXECUTION)
        yield from wider(name, program, PARALLEL_WIDTH)
        yield from deeper(name, program, PARALLEL_DEPTH)
        for callee in callees(program):
            yield from timeouts(name, callee, HTTP_TIMEOUT, MARGIN, MEMORY_OF_FUNCTION)


def _of_source(workflow: Workflow) -> Iterator[Measure]:
    for limit, value in (
        (SOURCE, len(workflow.definition.encode())),
        (NESTING, deepest_nesting(workflow.subworkflows)),
        (CALL_DEPTH, deepest_call(workflow.subworkflows)),
        (VARIABLES, len(variables_of(workflow.uses))),
    ):
        yield Measure(flow=workflow.flow, limit=limit, value=value, known="measured")


def _of_steps(workflow: Workflow) -> Iterator[Measure]:
    """Of each limit of a step the step that comes nearest."""
    most: dict[Limit, tuple[int, Step]] = {}
    for subworkflow in workflow.subworkflows:
        for step in walk(subworkflow.steps):
            for limit, value in _sizes(step):
                if value > most.get(limit, (0, step))[0]:
                    most[limit] = value, step
    for limit, (value, step) in most.items():
        yield Measure(flow=workflow.flow, limit=limit, value=value, known="measured", of=step.name, place=step.at)


def _sizes(step: Step) -> Iterator[tuple[Limit, int]]:
    # Not of expressions: what is too long for one is computed in parts.
    match step:
        case Assign(pairs=pairs):
            yield ASSIGNMENTS, len(pairs)
        case Switch(cases=cases):
            yield CONDITIONS, len(cases)
        case ParallelBranches(branches=branches):
            yield BRANCHES, len(branches)
        case _:
            pass
