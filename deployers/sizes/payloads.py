"""The values of a program that a cloud carries, each with what is known of its size before a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from skyloom.deployers.carrying import Carried, Carry
from skyloom.deployers.measures import place_of
from skyloom.deployers.sizes.expressions import Sizing
from skyloom.deployers.sizes.extent import MOST_OF_A_CHARACTER, NOTHING, Extent, exactly, in_a_row, joined
from skyloom.deployers.sizes.pointers import Pointers
from skyloom.deployers.sizes.variables import Variables
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr, free_names
from skyloom.flows.expr.types import STR
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition
from skyloom.flows.passes.liveness import reads, writes

What = Literal["input", "result", "given", "started", "told", "gives", "answers", "brings", "list", "variable"]
"""Which of a run's values: its input; its result; what a task, prompt or person is `given`; what a flow that is a run
of its own is `started` with; what an event tells; what a function `gives`; what a model answers the workflow itself;
what an event that is waited for brings; the `list` that a map or several branches give; a variable."""

INLINE = Carry("inline")
NOT_KNOWN = Extent(0)
"""Of a value with parts that may wait in the bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A value that a run carries.

    Attributes:
        flow, step: where it stands: the flow, and the step's id; of a variable its name; else empty.
        name: what it is, for people: `what search gives`.
        file, span: where it comes about.
        extent: its size as JSON.
        carry: how it travels, if a function gives it.
        is_text: whether it is a text, not only holds some.
        may_hold_pointers: whether a part of it may wait in the bucket.
        is_own: whether recorded runs tell of it: not of what several calls have become.
        always: whether every run has it that does not fail before.
    """

    what: What
    flow: str
    step: str = ""
    name: str
    file: str
    span: Span
    extent: Extent
    carry: Carry = INLINE
    is_text: bool = False
    may_hold_pointers: bool = False
    is_own: bool = True
    always: bool = False

    @property
    def place(self) -> str:
        """`order.py:31`."""
        return place_of(self.file, self.span)


@dataclass(slots=True)
class Payloads:
    """What a program's runs carry.

    Attributes:
        program: what was compiled, after the passes.
        carried: where its values go.
        large: bytes from which on a function leaves its result in the bucket, by how it is carried.
        separate: flows that run as executions of their own.
        by_machine: whether the workflow itself asks a prompt.
        races_apart: whether branches of races run as executions of their own.
        character: the bytes that a character of a text counts at most.
    """

    program: Program
    carried: Carried
    large: Mapping[str, int]
    separate: frozenset[str] = frozenset()
    by_machine: Callable[[PromptDefinition], bool] = lambda prompt: False
    races_apart: bool = False
    character: int = MOST_OF_A_CHARACTER
    variables: Variables = field(init=False)
    _pointers: Pointers = field(init=False)

    def __post_init__(self) -> None:
        self.variables = Variables.of(self.program, self.character)
        asked = frozenset(name for name, prompt in self.program.prompts.items() if self.by_machine(prompt))
        self._pointers = Pointers.of(self.program, self.carried, self.large, asked)

    def __iter__(self) -> Iterator[Payload]:
        flow = self.program.flow
        whole = Payload(
            what="result",
            flow=flow.name,
            name="the run's result",
            file=flow.file,
            span=flow.span,
            extent=self.variables.result(flow.name),
            is_text=flow.returns == STR,
            always=True,
        )
        if flow.parameters:
            declared = self.variables.declared.input()
            yield replace(whole, what="input", name="the run's input", extent=declared, is_text=False)
        yield whole
        always = {id(statement) for statement in _always(flow.body)}
        for one in self.program.flows.values():
            for statement in ir.walk(one.body):
                for found in self._of(one, statement):
                    yield replace(found, always=id(statement) in always)

    def _of(self, flow: FlowDefinition, statement: ir.Statement) -> Iterator[Payload]:
        sizing = self.variables.sizing(flow.name)
        match statement:
            case ir.Assign(variable=name, value=value):
                yield self._variable(flow, statement, sizing.of(value), value)
            case ir.CallTask() | ir.CallPrompt():
                yield from self._call(flow, statement, sizing)
            case ir.CallFlow(flow=callee) if callee in self.separate:
                given = joined(entry(one.name, self._sized(flow, sizing, one.value)) for one in statement.arguments)
                values = [one.value for one in statement.arguments]
                yield self._payload("started", flow, statement, f"what {callee} is started with", given, values)
            case ir.Emit(payload=payload):
                name = f"what {statement.id} tells"
                yield self._payload("told", flow, statement, name, sizing.of(payload), [payload])
            case ir.Approval(message=message, show=show):
                asked = entry("message", sizing.of(message))
                given = joined([asked, entry("show", exactly(None) if show is None else sizing.of(show))])
                yield self._payload("given", flow, statement, f"what {statement.id} shows", given)
            case ir.WaitFor():
                extent = self._at(flow, statement.target)
                yield self._payload("brings", flow, statement, f"what {statement.id} brings", extent)
            case ir.Map() | ir.Parallel():
                extent = self._at(flow, statement.target)
                results = (
                    [statement.result] if isinstance(statement, ir.Map) else [b.result for b in statement.branches]
                )
                yield self._payload("list", flow, statement, f"the list of {statement.id}", extent, results)
            case ir.Race(branches=branches) if self.races_apart:
                for number, branch in enumerate(branches, start=1):
                    yield self._branch(
                        flow, statement, branch, f"what branch {number} of {statement.id} is started with"
                    )
            case _:
                pass

    def _branch(self, flow: FlowDefinition, step: ir.Race, branch: ir.Branch, name: str) -> Payload:
        """What an execution of its own is given of the variables around it: those that the branch reads."""
        inside = list(ir.walk(branch.body))
        read = frozenset[str]().union(free_names(branch.result), *map(reads, inside))
        names = sorted(name for name in read - set(map(writes, inside)) if (flow.name, name) in self.variables.known)
        given = joined(entry(name, self.variables.known[flow.name, name]) for name in names)
        payload = self._payload("started", flow, step, name, given)
        holds = not self._pointers.places.isdisjoint((flow.name, name) for name in names)
        return replace(payload, extent=NOT_KNOWN if holds else given, is_own=False)

    def _call(self, flow: FlowDefinition, step: ir.CallTask | ir.CallPrompt, sizing: Sizing) -> Iterator[Payload]:
        callee = self.program.tasks[step.task] if isinstance(step, ir.CallTask) else self.program.prompts[step.prompt]
        fused = None if isinstance(callee, PromptDefinition) else callee.fused
        called = step.id if fused is None else fused.title
        given = joined(entry(one.name, self._sized(flow, sizing, one.value)) for one in step.arguments)
        values = [argument.value for argument in step.arguments]
        own = fused is None
        yield self._payload("given", flow, step, f"what {called} is given", given, values, is_own=own)
        asked = isinstance(callee, PromptDefinition) and self.by_machine(callee)
        yield Payload(
            what="answers" if asked else "gives",
            flow=flow.name,
            step=step.id,
            name=f"what {called} gives",
            file=flow.file,
            span=step.span,
            extent=self.variables.declared.given_by(callee),
            # What a model answers the workflow itself, nobody can leave in the bucket.
            carry=INLINE if asked else self.carried.of(flow.name, step.target, callee.returns),
            is_text=callee.returns == STR,
            is_own=own,
        )

    def _variable(self, flow: FlowDefinition, statement: ir.Assign, extent: Extent, value: Expr) -> Payload:
        holds = self._pointers.may_stand_in(flow.name, value)
        return Payload(
            what="variable",
            flow=flow.name,
            step=statement.variable,
            name=f"the variable {statement.variable}",
            file=flow.file,
            span=statement.span,
            extent=NOT_KNOWN if holds else extent,
            is_text=value.type == STR,
            may_hold_pointers=holds,
        )

    def _payload(
        self,
        what: What,
        flow: FlowDefinition,
        step: ir.Step,
        name: str,
        extent: Extent,
        made_of: Iterable[Expr] = (),
        *,
        is_own: bool = True,
    ) -> Payload:
        holds = any(self._pointers.may_stand_in(flow.name, expr) for expr in made_of)
        return Payload(
            what=what,
            flow=flow.name,
            step=step.id,
            name=name,
            file=flow.file,
            span=step.span,
            extent=NOT_KNOWN if holds and what not in ("given", "started") else extent,
            may_hold_pointers=holds,
            is_own=is_own,
        )

    def _at(self, flow: FlowDefinition, target: str | None) -> Extent:
        return NOTHING if target is None else self.variables.known.get((flow.name, target), Extent())

    def _sized(self, flow: FlowDefinition, sizing: Sizing, value: Expr) -> Extent:
        """What an argument takes of what something is given: pointers in the place of what waits in the bucket."""
        extent = sizing.of(value)
        if not self._pointers.may_stand_in(flow.name, value):
            return extent
        largest = self._pointers.largest(flow.name, value)
        if largest is None or extent.most is None:
            return NOT_KNOWN
        return Extent(extent.least if extent.most <= largest else 0, min(extent.most, largest))


def _always(body: ir.Block) -> Iterator[ir.Statement]:
    """The statements that every run comes to, if none fails before: up to the one in which it may end."""
    for statement in body:
        yield statement
        if any(isinstance(inner, ir.Return) for inner in ir.walk((statement,))):
            return


def entry(name: str, value: Extent) -> Extent:
    """An entry of an object."""
    return in_a_row((exactly(name), value), around=1)
