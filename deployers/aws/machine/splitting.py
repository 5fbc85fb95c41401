"""Which sub-flows are inlined, and which run as executions of their own."""

from __future__ import annotations

from collections import Counter

from skyloom.flows.ir.nodes import CallFlow, walk
from skyloom.flows.ir.program import Program

MOST_STATEMENTS = 1200
"""Statements of one machine, those of inlined flows each time that they are called: about as many as fit into it."""


def separate(program: Program) -> frozenset[str]:
    """The flows that the main flow's machine starts as executions: those that have a timeout, as a machine can only be
    stopped as a whole; and, of a program that is too large for one machine, those that would take the most room."""
    apart = {name for name, flow in program.flows.items() if flow.timeout is not None and name != program.main}
    calls = {
        name: Counter(statement.flow for statement in walk(flow.body) if isinstance(statement, CallFlow))
        for name, flow in program.flows.items()
    }
    own = {name: sum(1 for _ in walk(flow.body)) for name, flow in program.flows.items()}
    while True:
        copies = _copies(program.main, calls, apart)
        room = {name: own[name] * count for name, count in copies.items()}
        others = sorted(
            (copies[name] * _weight(name, calls, own, apart), name) for name in room if name != program.main
        )
        if sum(room.values()) <= MOST_STATEMENTS or not others:
            return frozenset(apart)
        apart.add(others[-1][1])


def _copies(main: str, calls: dict[str, Counter[str]], apart: set[str]) -> dict[str, int]:
    """How often the body of each flow stands in the machine of `main`."""
    copies: Counter[str] = Counter({main: 1})
    for name in _callers_first(main, calls, apart):
        for callee, count in calls[name].items():
            if callee not in apart:
                copies[callee] += count * copies[name]
    return dict(copies)


def _callers_first(main: str, calls: dict[str, Counter[str]], apart: set[str]) -> list[str]:
    """The flows of the machine, each before those that it calls. Flows do not call themselves."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for callee in sorted(calls[name]):
            if callee not in apart:
                visit(callee)
        order.append(name)

    visit(main)
    return order[::-1]


def _weight(name: str, calls: dict[str, Counter[str]], own: dict[str, int], apart: set[str]) -> int:
    """The statements of a flow with all that is inlined in it."""
    return sum(own[inside] * count for inside, count in _copies(name, calls, apart).items())
