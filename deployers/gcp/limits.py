"""The limits of Workflows that compiled flows must keep, each with its source, and what checks them.

Numbers are from Google's documentation as of November 2026. What is larger than a limit allows in every run is refused
when it is compiled; what only some runs exceed fails in these, with the service's own error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skyloom.deployers.gcp.flow.output import Invoke, Need, Publish
from skyloom.deployers.gcp.least_steps import LeastSteps
from skyloom.deployers.gcp.services.workflows import LONGEST_INPUT
from skyloom.deployers.gcp.steps import Call, Retry, Steps, Subworkflow, Try, blocks, walk
from skyloom.deployers.limits import FunctionLimits, Limit, duration_problems, function_problems
from skyloom.errors import Diagnostic
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.expr.nodes import walk as walk_expression
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.passes.liveness import expressions

_DOCS = "https://cloud.google.com/workflows/"
_QUOTAS = f"{_DOCS}quotas"

SOURCE = Limit("the source of a workflow", 128 * 1024, "bytes", _QUOTAS)
EXPRESSION = Limit("an expression", 400, "characters", _QUOTAS)
ASSIGNMENTS = Limit("assignments in one step", 50, "assignments", _QUOTAS)
CONDITIONS = Limit("conditions of one switch", 50, "conditions", _QUOTAS)
NESTING = Limit("blocks of steps inside of each other", 20, "levels", _QUOTAS)
CALL_DEPTH = Limit("calls of subworkflows inside of each other", 20, "calls", _QUOTAS)
STEPS = Limit("steps in one execution", 100_000, "steps", _QUOTAS)
MEMORY = Limit("the variables of an execution", 512 * 1024, "bytes", _QUOTAS)
BRANCHES = Limit("branches of one parallel step", 10, "branches", _QUOTAS)
PARALLEL_WIDTH = Limit("branches and iterations at once", 20, "at once", _QUOTAS)
PARALLEL_DEPTH = Limit("parallel steps inside of each other", 2, "levels", _QUOTAS)
HTTP_TIMEOUT = Limit("a call of a function", 1800, "s", f"{_DOCS}docs/reference/stdlib/http/post")
EXECUTION = Limit("an execution", 31_536_000, "s", _QUOTAS)
VARIABLES = Limit(
    "environment variables of a workflow",
    20,
    "variables",
    f"{_DOCS}docs/reference/rest/v1/projects.locations.workflows",
)
MEMORY_OF_FUNCTION = Limit(
    "the memory of a function", 32 * 1024, "MiB", "https://cloud.google.com/run/docs/configuring/services/memory-limits"
)

ARGUMENT = Limit(
    "the input of a run",
    LONGEST_INPUT,
    "bytes",
    f"{_DOCS}docs/reference/executions/rest/v1/projects.locations.workflows.executions",
)

MARGIN = 15
"""Seconds by which a call waits longer than the host in the function gives its task."""
_FUNCTIONS = FunctionLimits(
    time=HTTP_TIMEOUT,
    host=MARGIN,
    says_time=f"Workflows waits {HTTP_TIMEOUT.value:,} s for a function",
    memory=MEMORY_OF_FUNCTION,
    called="a function",
)


def program_problems(program: Program) -> Iterator[Diagnostic]:
    """What no workflow, or no function, can carry out of the flows that a program's main flow runs."""
    yield from function_problems(program, _FUNCTIONS)
    for flow in program.flows.values():
        yield from duration_problems(flow, EXECUTION, ", the longest that an execution of Workflows takes")


def workflow_problems(
    program: Program, definition: str, subworkflows: Sequence[Subworkflow], uses: frozenset[Need]
) -> Iterator[Diagnostic]:
    """What is too large in the workflow of the program's main flow."""
    flow = program.flow
    yield from _step_problem(flow, subworkflows)
    yield from _depth_problem(flow, subworkflows)
    deepest = deepest_nesting(subworkflows)
    if deepest > NESTING.value:
        yield Diagnostic(
            "SKY726",
            f"statements of {flow.name} stand {deepest} deep inside of each other; Workflows takes {NESTING}",
            flow.file,
            flow.span,
            hint="move the inner ones into a sub-flow, or into a task",
        )
    size = len(definition.encode())
    if size > SOURCE.value:
        hint = "let tasks do more at once, or start a part of it by an event: `emit`, and a flow that it triggers"
        if _texts_of(program) > size / 2:
            hint = "let a task read its long texts from a file or bucket: most of it are constants"
        yield Diagnostic(
            "SKY721",
            f"the workflow of {flow.name} has {size:,} bytes; Workflows takes {SOURCE}",
            flow.file,
            flow.span,
            hint=hint,
        )
    variables = variables_of(uses)
    if len(variables) > VARIABLES.value:
        yield Diagnostic(
            "SKY724",
            f"{flow.name} calls {len(variables)} functions; a workflow knows {VARIABLES.value} at most",
            flow.file,
            flow.span,
            hint="give its tasks the same requirements, memory and secrets: they then share functions",
        )


def _texts_of(program: Program) -> int:
    """The bytes of the texts that stand in the program's flows."""
    statements = (statement for flow in program.flows.values() for statement in ir.walk(flow.body))
    parts = (part for statement in statements for expr in expressions(statement) for part in walk_expression(expr))
    return sum(len(part.value.encode()) for part in parts if isinstance(part, Literal) and isinstance(part.value, str))


def variables_of(uses: frozenset[Need]) -> Sequence[Need]:
    """What a workflow is told by variables of its environment."""
    return [need for need in uses if isinstance(need, Invoke | Publish)]


def deepest_nesting(subworkflows: Sequence[Subworkflow]) -> int:
    """How deep blocks of steps stand inside of each other."""
    return max(_nesting(one.steps) for one in subworkflows)


def _nesting(steps: Steps) -> int:
    return 1 + max((_nesting(block) for step in steps for block in blocks(step)), default=0)


# --- steps ------------------------------------------------------------------------------------------------------


def _step_problem(flow: FlowDefinition, subworkflows: Sequence[Subworkflow]) -> Iterator[Diagnostic]:
    steps = LeastSteps(subworkflows, is_timed=flow.timeout is not None).run
    if steps > STEPS.value:
        yield Diagnostic(
            "SKY722",
            f"a run of {flow.name} takes at least {steps:,} steps; an execution of Workflows has {STEPS}",
            flow.file,
            flow.span,
            hint="move the loop into a task, or let a sub-flow with a timeout do many rounds: it has its own steps",
        )


# --- depth ------------------------------------------------------------------------------------------------------


def _depth_problem(flow: FlowDefinition, subworkflows: Sequence[Subworkflow]) -> Iterator[Diagnostic]:
    deepest = deepest_call(subworkflows)
    if deepest > CALL_DEPTH.value:
        yield Diagnostic(
            "SKY723",
            f"{flow.name} calls flows, with what these call in turn, {deepest} deep; Workflows goes "
            f"{CALL_DEPTH.value} deep",
            flow.file,
            flow.span,
            hint="give one of the flows on the way a timeout: it then runs as an execution of its own",
        )


def deepest_call(subworkflows: Sequence[Subworkflow]) -> int:
    """Calls inside of each other: of flows (none calls itself: SKY505), and of what these call when something fails, or
    is to be evaluated."""
    called = {one.name: frozenset(_called(one.steps)) for one in subworkflows}
    deepest: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in deepest:
            deepest[name] = 1 + max((depth(inner) for inner in called[name] if inner in called), default=0)
        return deepest[name]

    return depth("main")


def _called(steps: Steps) -> Iterator[str]:
    for step in walk(steps):
        match step:
            case Call(function=name):
                yield name
            case Try(retry=Retry(predicate=predicate)):
                yield str(predicate).removeprefix("${").removesuffix("}")
            case _:
                pass
