"""How near a compiled flow comes to the limits of a cloud: what was measured or declared, beside the limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skyloom.deployers.least import Counts, least, rounds
from skyloom.deployers.limits import Limit, durations
from skyloom.errors import Span
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition

Known = Literal["measured", "declared", "at least", "a round", "unknown"]
"""`measured` of what was compiled, or in a recorded run; `declared` by the author: a time, or how large a value may be;
`at least`: no run takes less, and some take more; `a round` of a loop or map takes so much at least, and only a run
knows how many there are; `unknown`: nothing bounds the value, and no recorded run has it."""


NEAR = 0.5
"""The share of a limit from which on it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A value beside its limit.

    Attributes:
        flow: the flow; empty where it is the whole app's.
        limit: what it may be at most, in which unit, and the page that says so.
        value: what it is, in the limit's unit.
        known: how it is known.
        of: whose it is, where the flow has several: a task, a step.
        place: `order.py:31`, or empty where it stands for no line.
        items: of what is known `a round`: how many elements a round goes through at most.
        run: the recorded run in which it was measured; empty: it was measured of what was compiled.
        waits_from: of a value that waits in the app's bucket while a pointer travels: bytes from which on it does so.
    """

    flow: str
    limit: Limit
    value: float
    known: Known
    of: str = ""
    place: str = ""
    items: int = 1
    run: str = ""
    waits_from: int | None = None

    @property
    def share(self) -> float:
        """The value as a part of the limit: 1.0 is all of it."""
        return self.value / self.limit.value

    @property
    def is_exceeded(self) -> bool:
        """Whether runs are known that go beyond the limit: not only that some may."""
        return self.share > 1 and (self.known == "at least" or bool(self.run))

    @property
    def rounds(self) -> int | None:
        """Of what is known `a round`: how many there can be at most until the limit is full."""
        return int(self.limit.value // self.value) if self.known == "a round" else None


def lengths(flow: str, program: Program, limit: Limit, counts: Counts) -> Iterator[Measure]:
    """How long runs of a flow are at least, and what each round of loops and maps adds of which only a run knows how
    many it has. `program`: what was compiled, after the passes."""
    yield Measure(flow=flow, limit=limit, value=least(program, counts), known="at least")
    for one in rounds(program, counts):
        # One that may end early counts as no round above, however many there may be.
        if one.rounds is None or (one.may_be_fewer and one.rounds * one.takes >= NEAR * limit.value):
            place = place_of(one.flow.file, one.statement.span)
            yield Measure(flow=flow, limit=limit, value=one.takes, known="a round", place=place, items=one.items)


def callees(program: Program) -> Iterator[TaskDefinition | PromptDefinition]:
    """The tasks and prompts that a program's flows call."""
    yield from program.tasks.values()
    yield from program.prompts.values()


def timeouts(
    flow: str, callee: TaskDefinition | PromptDefinition, limit: Limit, kept: float, memory: Limit | None = None
) -> Iterator[Measure]:
    """What a task or prompt declares. `kept`: seconds of the limit that the host keeps."""
    place = place_of(callee.file, callee.span)
    yield Measure(flow=flow, limit=limit, value=callee.timeout + kept, known="declared", of=callee.name, place=place)
    if memory is not None and isinstance(callee, TaskDefinition) and callee.memory is not None:
        yield Measure(flow=flow, limit=memory, value=callee.memory, known="declared", of=callee.name, place=place)


def longest(flow: str, definition: FlowDefinition, limit: Limit) -> Iterator[Measure]:
    """The longest pause, wait or timeout that a flow declares, if it declares one."""
    found = max(durations(definition), key=lambda one: one[1], default=None)
    if found is not None:
        span, seconds = found
        place = place_of(definition.file, span)
        yield Measure(flow=flow, limit=limit, value=seconds, known="declared", place=place)


def wider(flow: str, program: Program, limit: Limit) -> Iterator[Measure]:
    """The widest map of a flow, and of those that stand in it, where it asks for more items at once than the limit: the
    others wait for their turn."""
    asked = (
        (statement.limit, place_of(one.file, statement.span))
        for one in program.flows.values()
        for statement in ir.walk(one.body)
        if isinstance(statement, ir.Map) and statement.limit is not None
    )
    value, place = max(asked, default=(0, ""))
    if value > limit.value:
        yield Measure(flow=flow, limit=limit, value=value, known="declared", place=place)


def deeper(flow: str, program: Program, limit: Limit) -> Iterator[Measure]:
    """How deep maps and `parallel` of a flow stand in each other, where it is more than the limit: what is further
    inside goes one after the other."""
    value = _side_by_side(program, program.flow.body, (program.main,))
    if value > limit.value:
        place = place_of(program.flow.file, program.flow.span)
        yield Measure(flow=flow, limit=limit, value=value, known="measured", place=place)


def _side_by_side(program: Program, block: ir.Block, around: tuple[str, ...]) -> int:
    deepest = 0
    for statement in block:
        inside = [_side_by_side(program, inner, around) for inner in ir.blocks(statement)]
        if isinstance(statement, ir.CallFlow) and statement.flow not in around:
            called = program.flows[statement.flow]
            if called.timeout is None:  # with one it is an execution of its own
                inside.append(_side_by_side(program, called.body, (*around, statement.flow)))
        own = isinstance(statement, ir.Parallel) or (isinstance(statement, ir.Map) and statement.limit != 1)
        deepest = max(deepest, max(inside, default=0) + own)
    return deepest


def place_of(file: str, span: Span) -> str:
    """`order.py:31`."""
    return f"{Path(file).name}:{span.line}"
