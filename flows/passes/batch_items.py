"""Maps over short calls go through several items in one invocation, where the calls' author allows it."""

from __future__ import annotations

import dataclasses

from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Expr,
    Generator,
    Literal,
    Name,
    Slice,
    bound_names,
)
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import BOOL, INT, NULL, ListType, TupleType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FusedCalls, Program, SlicedItems
from skyloom.flows.ir.rewrite import rewrite
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.fusable import PURE, Apart, Fusing, each_flow, title

MOST_ITEMS = 10
"""Items that one invocation carries out one after the other: a tenth of the steps and calls, and a map of few items is
still spread over several invocations."""


def batch_items(program: Program, engine: Engine) -> Program:
    """The program whose maps of calls of `@task(fuse=True)` are maps of slices, as large as one invocation carries."""
    return batched_items(program, engine)[0]


def batched_items(program: Program, engine: Engine) -> tuple[Program, list[Apart]]:
    """The same, and the maps whose items stay apart."""
    return each_flow(program, engine, lambda fusing: rewrite(fusing.flow.body, block=_Maps(fusing).block))


class _Maps:
    def __init__(self, fusing: Fusing) -> None:
        self.fusing = fusing

    def block(self, block: ir.Block) -> ir.Block:
        """The block with slices in the place of items."""
        sizes = [self._size(statement) for statement in block]
        if not any(size > 1 for size in sizes):
            return block
        result: list[ir.Statement] = []
        for statement, size in zip(block, sizes, strict=True):
            if size > 1:
                assert isinstance(statement, ir.Map)
                result += self._in_slices(statement, size)
            else:
                result.append(statement)
        return tuple(result)

    def _size(self, statement: ir.Statement) -> int:
        """How many items of a map one invocation carries out; 1 where it must be one by one."""
        if not isinstance(statement, ir.Map) or not isinstance(statement.items.type, ListType | TupleType):
            return 1
        calls = [one for one in statement.body if not isinstance(one, PURE)]
        functions = {self.fusing.function_of(one) for one in calls}
        if len(functions) != 1 or None in functions:
            return 1
        longest, seconds = self.fusing.engine.longest, self.fusing.seconds(calls)
        assert longest is not None
        if 2 * seconds > longest:
            reason = f"two items may take {2 * seconds:g} s; those of one invocation have {longest:g} s"
            self.fusing.leave(statement.span, reason, "a shorter `timeout`, or fewer attempts")
        return min(MOST_ITEMS, int(longest / seconds))

    def _in_slices(self, step: ir.Map, size: int) -> list[ir.Statement]:
        fusing = self.fusing
        element = iteration_type(step.items.type)
        assert element is not None
        write = _Writer(step.span)
        before: list[ir.Statement] = []
        items = step.items
        if not isinstance(items, Name):
            items = write.name(fusing.fresh(f"{step.id}_items"), items.type)
            before.append(ir.Assign(span=step.span, variable=items.name, value=step.items))
        part, results = fusing.fresh(f"{step.id}_part"), fusing.fresh(f"{step.id}_results")
        call = self._call(step, size, write.name(part, ListType(element)), results)
        returns = ListType(step.result.type)
        parts = fusing.fresh(f"{step.id}_parts")
        sliced = ir.Map(
            span=step.span,
            id=step.id,
            target=None if step.target is None else parts,
            over=Bind(name=part),
            items=write.slices(items, size, ListType(element), fusing.fresh("start")),
            body=(call,),
            result=write.null() if step.target is None else write.name(results, returns),
            limit=step.limit,
        )
        many: list[ir.Statement] = [sliced]
        if step.target is not None:
            whole = write.name(parts, ListType(returns))
            joined = write.joined(whole, returns, fusing.fresh(part), fusing.fresh("one"))
            many.append(ir.Assign(span=step.span, variable=step.target, value=joined))
        if fusing.engine.evaluates(sliced.items):
            return [*before, *many]
        return [*before, _by_number(write, step, items, size, tuple(many), call, part)]

    def _call(self, step: ir.Map, size: int, part: Name, results: str) -> ir.CallTask:
        fusing = self.fusing
        calls = [one for one in step.body if isinstance(one, ir.CallTask)]
        given = _Writer(step.span).null() if step.target is None else step.result
        fused = FusedCalls(
            step=calls[0].id,
            like=calls[0].task,
            title=title(calls),
            body=step.body,
            result=given,
            slice=SlicedItems(step=step.id, items=part.name, over=step.over, size=size, condition=step.condition),
        )
        conditions = () if step.condition is None else (step.condition,)
        own = bound_names(step.over)
        read = {*fusing.inputs(step.body, [given], own), *fusing.inputs((), conditions, own)}
        arguments: dict[str, Type] = {part.name: part.type, **{name: fusing.type_of(name) for name in sorted(read)}}
        seconds = fusing.seconds(step.body) * size
        target = None if step.target is None else results
        return fusing.call(calls, fused, arguments, ListType(given.type), seconds, target)


def _by_number(
    write: _Writer, step: ir.Map, items: Expr, size: int, many: ir.Block, call: ir.CallTask, part: str
) -> ir.If:
    """Slices where there are several; one call under the name of the map where there is one, none for no items. To make
    slices, and to join what they give, costs steps where the workflow does not do it by itself."""
    arguments = (
        dataclasses.replace(one, value=items) if isinstance(one.value, Name) and one.value.name == part else one
        for one in call.arguments
    )
    one_call = dataclasses.replace(call, id=step.id, target=step.target, arguments=tuple(arguments))
    nothing: ir.Block = ()
    if step.target is not None:
        empty = Array(span=step.span, type=ListType(step.result.type), items=())
        nothing = (ir.Assign(span=step.span, variable=step.target, value=empty),)
    few = ir.If(span=step.span, test=write.longer(items, 0), body=(one_call,), orelse=nothing)
    return ir.If(span=step.span, test=write.longer(items, size), body=many, orelse=(few,))


@dataclasses.dataclass(frozen=True, slots=True)
class _Writer:
    """Writes expressions that stand at one place of the source."""

    span: Span

    def name(self, name: str, of: Type) -> Name:
        return Name(span=self.span, type=of, name=name)

    def null(self) -> Literal:
        return Literal(span=self.span, type=NULL, value=None)

    def number(self, value: int) -> Literal:
        return Literal(span=self.span, type=INT, value=value)

    def longer(self, items: Expr, than: int) -> Expr:
        """`len(items) > than`."""
        length = Call(span=self.span, type=INT, function="len", arguments=(items,))
        return Compare(span=self.span, type=BOOL, operator=">", left=length, right=self.number(than))

    def slices(self, items: Expr, size: int, of: Type, start: str) -> Expr:
        """`[items[start:start + size] for start in range(0, len(items), size)]`."""
        at = self.name(start, INT)
        length = Call(span=self.span, type=INT, function="len", arguments=(items,))
        starts = (self.number(0), length, self.number(size))
        upto = Binary(span=self.span, type=INT, operator="+", left=at, right=self.number(size))
        numbers = Call(span=self.span, type=ListType(INT), function="range", arguments=starts)
        return Comprehension(
            span=self.span,
            type=ListType(of),
            element=Slice(span=self.span, type=of, object=items, start=at, stop=upto),
            generators=(Generator(target=Bind(name=start), items=numbers),),
        )

    def joined(self, parts: Expr, of: ListType, part: str, one: str) -> Expr:
        """`[one for part in parts for one in part]`."""
        outer = Generator(target=Bind(name=part), items=parts)
        inner = Generator(target=Bind(name=one), items=self.name(part, of))
        return Comprehension(span=self.span, type=of, element=self.name(one, of.item), generators=(outer, inner))
