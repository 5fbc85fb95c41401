"""The structural rules that every program satisfies. The front end keeps them; documents from elsewhere are checked.

- every name in a table is that of its entry; the main flow is there; flows do not call themselves
- the rules of statements: `skyloom.flows.ir.statements`
- the rules of expressions: `skyloom.flows.ir.expressions`
"""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.flows.expr.nodes import free_names
from skyloom.flows.ir.nodes import CallFlow, walk
from skyloom.flows.ir.program import Program
from skyloom.flows.ir.statements import flow_problems


def problems(program: Program) -> list[str]:
    """Every rule that `program` breaks, with the place, in the order of its tables; [] when it is sound."""
    found = [*_table_problems(program)]
    for flow in program.flows.values():
        found += [f"flow {flow.name}, {problem}" for problem in flow_problems(program, flow)]
    return found


def _table_problems(program: Program) -> Iterator[str]:
    names = {
        "flow": {key: entry.name for key, entry in program.flows.items()},
        "task": {key: entry.name for key, entry in program.tasks.items()},
        "prompt": {key: entry.name for key, entry in program.prompts.items()},
        "model": {key: entry.name for key, entry in program.models.items()},
        "error": {key: entry.name for key, entry in program.errors.items()},
    }
    for noun, table in names.items():
        yield from (f"{noun} {key!r} is named {name!r} in its definition" for key, name in table.items() if key != name)
    if program.main not in program.flows:
        yield f"the main flow {program.main!r} is not there"
    yield from (f"flow {name!r} calls itself" for name in program.flows if name in _reached(program, name))
    attempts = {task.name: task.retry.attempts for task in program.tasks.values()}
    attempts |= {prompt.name: prompt.retry.attempts for prompt in program.prompts.values()}
    yield from (f"{name!r} has {count} attempts: at least 1 is needed" for name, count in attempts.items() if count < 1)
    for prompt in program.prompts.values():
        known = frozenset(parameter.name for parameter in prompt.parameters)
        for text in (prompt.template, prompt.system):
            for name in sorted(free_names(text) - known) if text is not None else ():
                yield f"prompt {prompt.name!r} reads {name!r}, which is none of its parameters"


def _reached(program: Program, start: str) -> set[str]:
    """The flows that `start` calls, directly or through others."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        flow = program.flows.get(waiting.pop())
        called = {s.flow for s in walk(flow.body) if isinstance(s, CallFlow)} if flow is not None else set()
        waiting += called - reached
        reached |= called
    return reached
