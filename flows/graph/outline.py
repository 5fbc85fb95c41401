"""What is drawn of a flow: boxes, choices and groups, nested as in the source, without the front end's plumbing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.nodes import Expr, Item, Literal, Name
from skyloom.flows.graph import labels
from skyloom.flows.graph.expressions import source
from skyloom.flows.graph.labels import Label
from skyloom.flows.graph.temporaries import Names, temporaries
from skyloom.flows.ir.nodes import (
    Append,
    Approval,
    Assign,
    Block,
    Branch,
    Break,
    CallFlow,
    CallPrompt,
    CallTask,
    Continue,
    Emit,
    Extend,
    For,
    If,
    Map,
    Parallel,
    Race,
    Raise,
    Reraise,
    Return,
    Sample,
    SetItem,
    Sleep,
    Statement,
    Step,
    Try,
    WaitFor,
    While,
)
from skyloom.flows.ir.program import FlowDefinition, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box."""

    label: Label
    step: str | None = None
    """The step's id, where the box is a step."""
    calls: str | None = None
    """The flow that the box runs."""
    ends: bool = False
    """Whether nothing goes on behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A question with two ways on; an empty way goes straight on."""

    label: Label
    yes: Drawn
    no: Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One of the blocks of a group. `caption` may be empty."""

    caption: str
    role: OneOf["body", "branch", "handler", "else", "final"]
    block: Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A frame around blocks: a loop, a map, branches side by side, a `try`."""

    label: Label
    lanes: tuple[Lane, ...]
    step: str | None = None


Element = Box | Choice | Group
Drawn = tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One flow, ready to be drawn."""

    name: str
    description: str
    start: Label
    block: Drawn
    """Its last way on, where it has one, ends at an `end` box."""


def charts(program: Program) -> tuple[Chart, ...]:
    """Every flow of `program`, the main one first, then in the order of its table."""
    others = (flow for name, flow in program.flows.items() if name != program.main)
    return tuple(_chart(flow, program) for flow in (program.flow, *others))


def goes_on(block: Drawn) -> bool:
    """Whether a run can reach what stands behind `block`."""
    return not block or not ends(block[-1])


def describe(block: Drawn, depth: int = 0) -> Iterator[str]:
    """`block` as lines of text, indented by two spaces a level."""
    margin = "  " * depth
    for element in block:
        yield margin + element.label.sentence
        match element:
            case Box():
                pass
            case Choice(yes=yes, no=no):
                yield from describe(yes, depth + 1)
                if no:
                    yield margin + "else"
                    yield from describe(no, depth + 1)
            case Group(lanes=lanes):
                for lane in lanes:
                    if lane.caption:
                        yield margin + "  " + lane.caption
                    yield from describe(lane.block, depth + (2 if lane.caption else 1))
            case _:
                assert_never(element)


def ends(element: Element) -> bool:
    """Whether nothing goes on behind `element`."""
    match element:
        case Box(ends=ends):
            return ends
        case Choice(yes=yes, no=no):
            return not goes_on(yes) and not goes_on(no)
        case Group(label=label, lanes=lanes) if label.kind == "try":
            finals = [lane for lane in lanes if lane.role == "final"]
            handlers = [lane for lane in lanes if lane.role == "handler"]
            main = all(goes_on(lane.block) for lane in lanes if lane.role in ("body", "else"))
            on = main or any(goes_on(lane.block) for lane in handlers)
            return not on or any(not goes_on(lane.block) for lane in finals)
        case Group():
            return False
        case _:
            assert_never(element)


def _chart(flow: FlowDefinition, program: Program) -> Chart:
    block = _Outliner(program, temporaries(flow.body)).block(flow.body)
    if goes_on(block):
        block = (*block, Box(label=labels.end(), ends=True))
    return Chart(name=flow.name, description=flow.description, start=labels.start(flow), block=block)


_Calls = CallTask | CallPrompt | CallFlow
_Outside = Sleep | Approval | WaitFor | Emit
_Leaves = Return | Raise | Reraise | Break | Continue
_Frames = While | For | Try | Parallel | Race | Map
_Shown = _Calls | _Outside | _Leaves | _Frames | If


@dataclass(frozen=True, slots=True)
class _Outliner:
    """Turns the statements of one flow into what is drawn of them."""

    program: Program
    names: Names

    def block(self, block: Block) -> Drawn:
        drawn: list[Element] = []
        changes: list[str] = []
        line = position = 0
        while position < len(block):
            statement = block[position]
            position += 1
            match statement:
                case Assign() | SetItem() | Append() | Extend() | Sample():
                    line = line if changes else statement.span.line
                    changes += self._change(statement)
                case _:
                    drawn += self._changes(changes, line)
                    changes = []
                    result, used = self._result(statement, block[position:])
                    position += used
                    drawn.append(self._element(statement, result))
        return (*drawn, *self._changes(changes, line))

    def _changes(self, changes: list[str], line: int) -> list[Box]:
        """One box for statements in a row that only compute."""
        return [Box(label=labels.data(changes, line))] if changes else []

    def _change(self, statement: Assign | SetItem | Append | Extend | Sample) -> list[str]:
        match statement:
            case Assign(variable=name) | Sample(target=name) if name in self.names:
                return []
            case _:
                return [labels.change(statement, self.names)]

    def _result(self, statement: Statement, behind: Block) -> tuple[str | None, int]:
        """What the result of a step is called in the source, and how many statements behind it only take it apart."""
        match statement:
            case Step(target=str(target)):
                pass
            case _:
                return None, 0
        if target not in self.names:
            return target, 0
        taken = []
        for candidate in behind:
            match candidate:
                case Assign(variable=variable, value=value) if _part_of(target, value):
                    taken.append(variable)
                case _:
                    break
        return ", ".join(taken) or None, len(taken)

    def _element(self, statement: _Shown, result: str | None) -> Element:
        names = self.names
        match statement:
            case Return() | Raise() | Reraise() | Break() | Continue():
                return Box(label=labels.leave(statement, names), ends=True)
            case CallTask() | CallPrompt() | CallFlow():
                label = labels.call(statement, self.program, names, result)
                calls = statement.flow if isinstance(statement, CallFlow) else None
                return Box(label=label, step=statement.id, calls=calls)
            case Sleep() | Approval() | WaitFor() | Emit():
                return Box(label=labels.outside(statement, names, result), step=statement.id)
            case If(body=body, orelse=orelse):
                return Choice(label=labels.choice(statement, names), yes=self.block(body), no=self.block(orelse))
            case While() | For() | Try() | Parallel() | Race() | Map():
                return self._group(statement, result)
            case _:
                assert_never(statement)

    def _group(self, statement: _Frames, result: str | None) -> Group:
        label = labels.group(statement, self.names, result)
        match statement:
            case While(body=body) | For(body=body):
                return Group(label=label, lanes=(Lane(caption="", role="body", block=self.block(body)),))
            case Map(body=body, result=value, span=span):
                lane = Lane(caption="", role="body", block=self._giving(body, value, span.line))
                return Group(label=label, lanes=(lane,), step=statement.id)
            case Parallel(branches=branches) | Race(branches=branches):
                lanes = tuple(self._branch(branch) for branch in branches)
                return Group(label=label, lanes=lanes, step=statement.id)
            case Try():
                return Group(label=label, lanes=tuple(self._try(statement)))
            case _:
                assert_never(statement)

    def _branch(self, branch: Branch) -> Lane:
        return Lane(caption="", role="branch", block=self._giving(branch.body, branch.result, branch.span.line))

    def _giving(self, body: Block, value: Expr, line: int) -> Drawn:
        """An inner scope; its value gets a box unless it is just the result of the last step."""
        drawn = self.block(body)
        match body[-1:], value:
            case (Step(target=str(target)),), Name(name=name) if name == target:
                return drawn
            case _, Literal(value=None):
                return drawn
            case _:
                return (*drawn, Box(label=labels.data([f"→ {source(value, self.names)}"], line)))

    def _try(self, statement: Try) -> Iterator[Lane]:
        yield Lane(caption="try", role="body", block=self.block(statement.body))
        for handler in statement.handlers:
            yield Lane(caption=labels.handler(handler), role="handler", block=self.block(handler.body))
        if statement.orelse:
            yield Lane(caption="else", role="else", block=self.block(statement.orelse))
        if statement.final:
            yield Lane(caption="finally", role="final", block=self.block(statement.final))


def _part_of(target: str, value: Expr) -> bool:
    """Whether `value` is the variable `target`, or `target[constant]`."""
    match value:
        case Name(name=name) | Item(object=Name(name=name), index=Literal()):
            return name == target
        case _:
            return False
