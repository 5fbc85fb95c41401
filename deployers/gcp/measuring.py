"""How near the workflows and functions of an app come to the limits of Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from skyloom.deployers.gcp.least_steps import LeastSteps, Round
from skyloom.deployers.gcp.limits import (
    ASSIGNMENTS,
    BRANCHES,
    CALL_DEPTH,
    CONDITIONS,
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
from skyloom.deployers.gcp.steps import (
    Assign,
    Call,
    For,
    ParallelBranches,
    ParallelFor,
    Step,
    Steps,
    Switch,
    blocks,
    walk,
)
from skyloom.deployers.gcp.workflow import Workflow
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import NEAR, Measure, callees, deeper, longest, place_of, timeouts, wider
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program


def measures(
    programs: Mapping[str, Program], compiled: Mapping[str, Program], workflows: Sequence[Workflow]
) -> Iterator[Measure]:
    """Of every workflow and what it calls. `compiled`: the programs after the passes."""
    for workflow in workflows:
        name, program = workflow.flow, programs[workflow.flow]
        yield from _of_source(workflow)
        yield from _of_steps(workflow)
        yield from _of_length(workflow, compiled[name])
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


def _of_length(workflow: Workflow, program: Program) -> Iterator[Measure]:
    """The steps that a run takes at least, and what each round adds of loops and maps of which only a run knows how
    many rounds they have."""
    least = LeastSteps(workflow.subworkflows, is_timed=program.flow.timeout is not None)
    yield Measure(flow=workflow.flow, limit=STEPS, value=least.run, known="at least")
    for measure in dict.fromkeys(_round(workflow, program, one) for one in least.rounds()):
        if measure is not None:
            yield measure


def _round(workflow: Workflow, program: Program, found: Round) -> Measure | None:
    """What a round adds; None of loops of which all is known, and of those of the compiler's own."""
    step, rounds = found.loop.step, found.loop.circle.rounds
    kinds = ir.While if step is None else ir.For | ir.Map
    loops = {
        place_of(flow.file, one.span)
        for flow in program.flows.values()
        for one in ir.walk(flow.body)
        if isinstance(one, kinds)
    }
    place = next((place for place in found.loop.places if place in loops), None)
    # One that may end early counts as no round of a whole run, however many there may be.
    if place is None or (rounds and not (found.is_left_early and rounds * found.takes >= NEAR * STEPS.value)):
        return None
    items = 1 if step is None else _items(step.loop.steps, workflow)
    name = found.loop.name
    return Measure(
        flow=workflow.flow, limit=STEPS, value=found.takes, known="a round", of=name, place=place, items=items
    )


def _items(steps: Steps, workflow: Workflow) -> int:
    """The elements that a round goes through: several where one invocation carries out a slice of a map."""
    sizes = {one.name: one.calls.slice.size for one in workflow.fused if one.calls.slice is not None}
    for step in steps:
        match step:
            case Call(arguments={"body": {"fused": str(name)}}) if name in sizes:
                return sizes[name]
            case For() | ParallelFor():
                pass
            case _:
                found = max((_items(block, workflow) for block in blocks(step)), default=1)
                if found > 1:
                    return found
    return 1


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
