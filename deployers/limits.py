"""Limits of clouds' services, as their documentation states them, and what is asked of them everywhere alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skyloom.errors import Diagnostic, Span
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.passes.fold_constants import folded


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it bounds, its value in `unit`, and the page that says so, or the reason of an own one."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLimits:
    """What the functions of a cloud can do at most.

    Attributes:
        time: of a call.
        host: seconds of it that the host in the function keeps.
        says_time: how the time is said.
        memory: of a function.
        called: what a function is called there.
    """

    time: Limit
    host: int
    says_time: str
    memory: Limit
    called: str


def function_problems(program: Program, limits: FunctionLimits) -> Iterator[Diagnostic]:
    """SKY703, SKY704: tasks and prompts that take longer, tasks that ask for more memory, than functions have."""
    longest = limits.time.value - limits.host
    called: list[TaskDefinition | PromptDefinition] = [*program.tasks.values(), *program.prompts.values()]
    for one in called:
        if one.timeout > longest:
            told = f"{limits.says_time}, of which the host keeps {limits.host}"
            hint = f"split the work into steps of at most {longest:,} s, or start it elsewhere and `wait_for` its end"
            yield Diagnostic("SKY703", f"{one.name} may take {one.timeout:g} s; {told}", one.file, one.span, hint=hint)
        if isinstance(one, TaskDefinition) and one.memory is not None and one.memory > limits.memory.value:
            message = f"{one.name} asks for {one.memory:,} MiB; {limits.called} has at most {limits.memory}"
            yield Diagnostic("SKY704", message, one.file, one.span, hint="split the work into smaller steps")
