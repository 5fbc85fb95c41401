"""The limits of Durable Functions that compiled flows must keep, each with its source, and what checks them.

Numbers are from Microsoft's documentation as of November 2026. What is larger than a limit allows in every run is
refused when it is compiled; what only some runs exceed fails in these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from skyloom.deployers.least import Counts, least
from skyloom.deployers.limits import Limit, duration_problems
from skyloom.errors import Diagnostic
from skyloom.flows.expr.nodes import Expr, Literal, walk
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.ir.rewrite import rewrite

_DOCS = "https://learn.microsoft.com/azure/azure-functions/"
_DURABLE = f"{_DOCS}durable/"

PAYLOAD = Limit(
    "an input, a result, an event",
    1_048_576,
    "bytes",
    f"{_DURABLE}durable-task-scheduler/durable-task-scheduler-large-payloads",
)
RUN_NAME = Limit("the id of an orchestration", 100, "characters", f"{_DURABLE}durable-functions-instance-management")
STATUS = Limit(
    "a custom status", 16 * 1024, "bytes of UTF-16", f"{_DURABLE}durable-functions-custom-orchestration-status"
)
TIMER = Limit("a timer", 6 * 86_400, "s", f"{_DURABLE}durable-functions-timers#timer-limitations")
ATTEMPT = Limit(
    "a function that an instance is still given when it is to go", 3_600, "s", f"{_DOCS}functions-scale#timeout"
)
"""Flex Consumption ends no function by its time; but instances go when there is less to do, and give their functions
an hour. A task that takes longer might be begun again and again."""
RUN = Limit("a run", 31_536_000, "s", "Skyloom's own: large values of a run are kept for 380 days, open waits for 400")
"""Durable has none. (docs/decisions/0020-large-values-wait-in-the-bucket.md)"""
STEPS = Limit(
    "steps of one orchestration",
    10_000,
    "steps",
    "Skyloom's own: every event replays all steps that were before it, each in 65 microseconds",
)
"""docs/decisions/0031-a-run-is-one-orchestration.md"""


def program_problems(program: Program) -> Iterator[Diagnostic]:
    """What no orchestration, or no activity, can carry out of the flows that a program's main flow runs."""
    for task in program.tasks.values():
        yield from _attempt_problems(task)
    for prompt in program.prompts.values():
        yield from _attempt_problems(prompt)
    for flow in program.flows.values():
        yield from duration_problems(flow, RUN, "; what a run keeps in the app's storage goes after 380 days")
        yield from _payload_problems(flow)
    yield from _step_problems(program)


def _attempt_problems(callee: TaskDefinition | PromptDefinition) -> Iterator[Diagnostic]:
    if callee.timeout > ATTEMPT.value:
        yield Diagnostic(
            "SKY703",
            f"{callee.name} may take {callee.timeout:g} s; an instance that goes leaves its functions {ATTEMPT}",
            callee.file,
            callee.span,
            hint=f"split the work into steps of at most {ATTEMPT}, or start it elsewhere and `wait_for` its end",
        )


# --- sizes ------------------------------------------------------------------------------------------------------------


def _payload_problems(flow: FlowDefinition) -> Iterator[Diagnostic]:
    for statement, size in constants(flow):
        if size > PAYLOAD.value:
            yield Diagnostic(
                "SKY743",
                f"the constants that {statement.id} is given have {size:,} bytes; Durable carries {PAYLOAD}",
                flow.file,
                statement.span,
                hint="keep them in a file or a bucket that the task reads",
            )


def constants(flow: FlowDefinition) -> Iterator[tuple[ir.Step, int]]:
    """The steps of a flow that are given something, each with the bytes of the constants among that."""
    for statement in ir.walk(flow.body):
        if isinstance(statement, ir.CallTask | ir.CallPrompt | ir.Approval | ir.WaitFor | ir.Emit):
            yield statement, _constant_bytes(statement)


def _constant_bytes(statement: ir.Statement) -> int:
    """The bytes of the texts that stand in a statement, as they travel: JSON text inside of JSON."""
    size, seen = 0, set[int]()

    def note(expr: Expr) -> Expr:
        nonlocal size
        for one in walk(expr):
            if isinstance(one, Literal) and isinstance(one.value, str) and id(one) not in seen:
                seen.add(id(one))
                size += len(json.dumps(json.dumps(one.value)))
        return expr

    rewrite((statement,), note)
    return size


# --- steps ------------------------------------------------------------------------------------------------------------


def _step_problems(program: Program) -> Iterator[Diagnostic]:
    flow = program.flow
    steps = least_steps(program)
    if steps > STEPS.value:
        yield Diagnostic(
            "SKY744",
            f"a run of {flow.name} has at least {steps:,} steps; one orchestration is replayed over {STEPS} at most",
            flow.file,
            flow.span,
            hint="let a task do more at once, or start a part of it by an event: `emit`, and a flow that it triggers",
        )


COUNTS = Counts(step=1, pause=1)
"""Sub-flows are parts of the same orchestration, with a timeout or without."""


def least_steps(program: Program) -> int:
    """The steps that a run of the program's main flow takes at least, where nothing fails."""
    return least(program, COUNTS)
