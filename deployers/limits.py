"""Limits of clouds' services, as their documentation states them, and what is asked of them everywhere alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skyloom.errors import Diagnostic, Span
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.passes.fold_constants import folded


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it bounds, its value in `unit`, and the page that says so."""

    what: str
    value: int
    unit: str
    source: str

    @property
    def is_time(self) -> bool:
        """Whether it is one of seconds."""
        return self.unit in ("s", "seconds")

    def __str__(self) -> str:
        return f"{self.value:,} {self.unit}"


def duration_problems(flow: FlowDefinition, longest: Limit, told: str) -> Iterator[Diagnostic]:
    """SKY705: pauses and waits of the flow, and its own timeout, that are longer than a run may take; `told` is what is
    said of that."""
    for span, seconds in durations(flow):
        if seconds > longest.value:
            hint = "end the run and start the next one on a schedule"
            yield Diagnostic("SKY705", f"{seconds:,.0f} s is longer than a year{told}", flow.file, span, hint=hint)


def durations(flow: FlowDefinition) -> Iterator[tuple[Span, float]]:
    """The flow's timeout, pauses and waits that stand in the source, in seconds, with their places."""
    if flow.timeout is not None:
        yield flow.span, flow.timeout
    for statement in ir.walk(flow.body):
        match statement:
            case ir.Sleep(seconds=asked) | ir.Approval(timeout=asked) | ir.WaitFor(timeout=asked) if asked is not None:
                # `days(300)` is a number only once it is folded.
                match folded(asked):
                    case Literal(value=int() | float() as seconds):
                        yield statement.span, seconds
                    case _:
                        pass
            case _:
                pass
