"""What programs ask of a target, beyond assignments, conditions and loops: what a deployer says it can."""

from __future__ import annotations

from typing import Literal, get_args

from skyloom.flows.ir.nodes import walk
from skyloom.flows.ir.program import Program

Capability = Literal[
    "tasks",
    "retries",
    "prompts",
    "sub-flows",
    "errors",
    "samples",
    "sleep",
    "timeouts",
    "approvals",
    "events",
    "emit",
    "map",
    "parallel",
    "race",
]
"""`errors`: `try`. `samples`: the time, and random ids. `timeouts`: of whole flows. `events`: waiting for them; `emit`:
publishing them."""

EVERYTHING: frozenset[Capability] = frozenset(get_args(Capability))

_OF_STATEMENTS: dict[str, Capability] = {
    "call_task": "tasks",
    "call_prompt": "prompts",
    "call_flow": "sub-flows",
    "try": "errors",
    "sample": "samples",
    "sleep": "sleep",
    "approval": "approvals",
    "wait_for": "events",
    "emit": "emit",
    "map": "map",
    "parallel": "parallel",
    "race": "race",
}


def needed(program: Program) -> frozenset[Capability]:
    """What a target must be able to do for the program."""
    kinds = {statement.kind for flow in program.flows.values() for statement in walk(flow.body)}
    found = {_OF_STATEMENTS[kind] for kind in kinds if kind in _OF_STATEMENTS}
    if any(task.retry.attempts > 1 for task in program.tasks.values()):
        found.add("retries")
    if any(flow.timeout is not None for flow in program.flows.values()):
        found.add("timeouts")
    return frozenset(found)
