"""How long a run is at least, in what a cloud counts of it, and what each round of its loops and maps adds.

Counted is where nothing fails: attempts, errors that are caught and calls of the app's own functions come on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from skyloom.deployers.lengths import constant_length
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a cloud counts of each statement, at least.

    Attributes:
        step: a call, a question, a wait for an event, an event.
        pause: a sleep of some seconds.
        round: a round of a `for` or map beside its body.
        test: the test of a `while`, each time.
        apart: a call of a flow with a timeout, which is a run of its own; None: its steps stand in place like others.
    """

    step: int
    pause: int
    round: int = 0
    test: int = 0
    apart: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A loop or map.

    Attributes:
        flow: the flow in which it stands.
        takes: what a round adds at least.
        items: how many elements one round goes through at most.
        rounds: how many there are, where the source says so; None where only a run knows.
        may_be_fewer: whether a run may leave it early, or leave elements out.
    """

    flow: FlowDefinition
    statement: ir.For | ir.While | ir.Map
    takes: int
    items: int = 1
    rounds: int | None = None
    may_be_fewer: bool = False


def least(program: Program, counts: Counts) -> int:
    """What a run of the program's main flow takes at least. 0 for one that never ends."""
    return _finite(_Counting(program, counts).flow(program.main))


def rounds(program: Program, counts: Counts) -> Iterator[Round]:
    """The loops and maps that are parts of a run of the program's main flow, in the order of the source; those of which
    a round adds nothing are left out."""
    counting = _Counting(program, counts)
    for name in _in_place(program, counts):
        flow = program.flows[name]
        for statement in ir.walk(flow.body):
            if isinstance(statement, ir.For | ir.While | ir.Map):
                found = counting.round(statement)
                if takes := _finite(min(found.on, found.again)):
                    yield _round(program, flow, statement, takes, found)


def _round(
    program: Program, flow: FlowDefinition, statement: ir.For | ir.While | ir.Map, takes: int, found: _Ways
) -> Round:
    if isinstance(statement, ir.While):
        return Round(flow=flow, statement=statement, takes=takes)
    filtered = isinstance(statement, ir.Map) and statement.condition is not None
    return Round(
        flow=flow,
        statement=statement,
        takes=takes,
        items=_items(program, statement),
        rounds=constant_length(statement.items) or None,
        may_be_fewer=filtered or min(found.out, found.back) < math.inf,
    )


def _items(program: Program, statement: ir.For | ir.Map) -> int:
    """The elements that a round goes through: several where one invocation carries out a slice of a map."""
    called = [program.tasks[one.task].fused for one in statement.body if isinstance(one, ir.CallTask)]
    return next((one.slice.size for one in called if one is not None and one.slice is not None), 1)


def _in_place(program: Program, counts: Counts) -> list[str]:
    """The main flow, and the flows whose steps are its own."""
    found = [program.main]
    for name in found:
        for statement in ir.walk(program.flows[name].body):
            if isinstance(statement, ir.CallFlow) and statement.flow not in found:
                apart = counts.apart is not None and program.flows[statement.flow].timeout is not None
                found += () if apart else (statement.flow,)
    return found


# --- ways through a block ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """What the shortest way takes to each end of a block; infinite where none leads there.

    Attributes:
        on: to what stands behind it.
        again, out: to the next round of the loop around, to what stands behind that loop.
        back: out of the flow, with a result.
        fails: to an error that the source raises.
    """

    on: float = math.inf
    again: float = math.inf
    out: float = math.inf
    back: float = math.inf
    fails: float = math.inf

    def or_(self, other: _Ways) -> _Ways:
        """One of the two."""
        return _Ways(**{one.name: min(getattr(self, one.name), getattr(other, one.name)) for one in fields(self)})

    def after(self, taken: float) -> _Ways:
        """The same behind something."""
        return _Ways(**{one.name: getattr(self, one.name) + taken for one in fields(self)})

    def then(self, other: _Ways) -> _Ways:
        """Both, one after the other."""
        return replace(self, on=math.inf).or_(other.after(self.on))


def _finite(count: float) -> int:
    return 0 if count == math.inf else int(count)


@dataclass(frozen=True, slots=True)
class _Counting:
    program: Program
    counts: Counts

    def flow(self, name: str, around: tuple[str, ...] = ()) -> float:
        """Of a flow, to its end."""
        ways = self._block(self.program.flows[name].body, (*around, name))
        ends = min(ways.on, ways.back)
        return ways.fails if ends == math.inf else ends

    def round(self, loop: ir.For | ir.While | ir.Map, around: tuple[str, ...] = ()) -> _Ways:
        """Of a round."""
        ways = self._block(loop.body, around)
        if isinstance(loop, ir.While):
            return ways.after(0 if isinstance(loop.test, Literal) else self.counts.test)
        return ways.after(self.counts.round)

    def _block(self, block: ir.Block, around: tuple[str, ...]) -> _Ways:
        ways = _Ways(on=0)
        for statement in block:
            ways = ways.then(self._statement(statement, around))
        return ways

    def _statement(self, statement: ir.Statement, around: tuple[str, ...]) -> _Ways:
        match statement:
            case ir.CallFlow(flow=name):
                return _Ways(on=self._called(name, around))
            case ir.If(body=body, orelse=orelse):
                # The decision itself may become a part of another one, or of a value.
                return self._block(body, around).or_(self._block(orelse, around))
            case ir.For() | ir.While():
                return self._loop(statement, around)
            case ir.Map(items=items, condition=condition):
                many = 0 if condition is not None else constant_length(items)
                return _Ways(on=many and many * _finite(self.round(statement, around).on))
            case ir.Parallel(branches=branches):
                inside = (self._block(branch.body, around).on for branch in branches)
                return _Ways(on=sum(map(_finite, inside)))
            case ir.Race():
                # Its branches may be stopped before they have done anything.
                return _Ways(on=0)
            case ir.Try():
                return self._try(statement, around)
            case _:
                return self._plain(statement)

    def _plain(self, statement: ir.Statement) -> _Ways:
        match statement:
            case ir.CallTask() | ir.CallPrompt() | ir.Approval() | ir.WaitFor() | ir.Emit():
                return _Ways(on=self.counts.step)
            case ir.Sleep(seconds=Literal(value=int() | float() as seconds)) if seconds > 0:
                return _Ways(on=self.counts.pause)
            case ir.Continue():
                return _Ways(again=0)
            case ir.Break():
                return _Ways(out=0)
            case ir.Return():
                return _Ways(back=0)
            case ir.Raise() | ir.Reraise():
                return _Ways(fails=0)
            case _:
                # Assignments ride on what is around them; what may be no pause and a time of day need no step.
                return _Ways(on=0)

    def _called(self, name: str, around: tuple[str, ...]) -> float:
        if self.counts.apart is not None and self.program.flows[name].timeout is not None:
            return self.counts.apart
        return 0 if name in around else self.flow(name, around)

    def _loop(self, loop: ir.For | ir.While, around: tuple[str, ...]) -> _Ways:
        one = self.round(loop, around)
        each = min(one.on, one.again)
        left = replace(one, on=one.out, again=math.inf, out=math.inf)
        if isinstance(loop, ir.While):
            endless = isinstance(loop.test, Literal) and bool(loop.test.value)
            return left if endless else left.or_(_Ways(on=0))
        many = constant_length(loop.items)
        return left.or_(_Ways(on=many * each if many else 0))

    def _try(self, statement: ir.Try, around: tuple[str, ...]) -> _Ways:
        ways = self._block(statement.body, around).then(self._block(statement.orelse, around))
        for handler in statement.handlers:
            ways = ways.or_(self._block(handler.body, around).after(ways.fails))
        final = self._block(statement.final, around)
        behind = _Ways(**{one.name: getattr(ways, one.name) + final.on for one in fields(ways)})
        return behind.or_(replace(final, on=math.inf).after(min(getattr(ways, one.name) for one in fields(ways))))
