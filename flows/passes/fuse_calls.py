"""Calls that stand next to each other and share a function become one step, where their author allows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from skyloom.flows.expr.nodes import Array, Expr, Item, Literal, Name
from skyloom.flows.expr.types import INT, NULL, TupleType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FusedCalls, Program, TaskDefinition
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.fusable import PURE, Fusing, title, with_tasks
from skyloom.flows.passes.liveness import Live, liveness, writes


def fuse_calls(program: Program, engine: Engine) -> Program:
    """The program with one step for several calls of `@task(fuse=True)` that one invocation can carry out."""
    if engine.longest is None or not any(task.fuse for task in program.tasks.values()):
        return program
    flows = dict(program.flows)
    made: dict[str, TaskDefinition] = {}
    for name, flow in program.flows.items():
        fusing = Fusing(program, flow, engine)
        flows[name] = dataclasses.replace(flow, body=_Blocks(fusing, liveness(flow.body)).block(flow.body))
        made |= fusing.made
    return with_tasks(program, flows, made)


class _Blocks:
    def __init__(self, fusing: Fusing, live: dict[int, Live]) -> None:
        self._fusing = fusing
        self._live = live

    def block(self, block: ir.Block) -> ir.Block:
        result: list[ir.Statement] = []
        at = 0
        while at < len(block):
            count = self._together(block[at:])
            if count:
                result += self._fused(block[at : at + count])
            else:
                result.append(self._inside(block[at]))
            at += count or 1
        return tuple(result)

    def _inside(self, statement: ir.Statement) -> ir.Statement:
        match statement:
            case ir.If(body=body, orelse=orelse):
                return dataclasses.replace(statement, body=self.block(body), orelse=self.block(orelse))
            case ir.While(body=body) | ir.For(body=body) | ir.Map(body=body):
                return dataclasses.replace(statement, body=self.block(body))
            case ir.Try(handlers=handlers):
                return dataclasses.replace(
                    statement,
                    body=self.block(statement.body),
                    handlers=tuple(dataclasses.replace(one, body=self.block(one.body)) for one in handlers),
                    orelse=self.block(statement.orelse),
                    final=self.block(statement.final),
                )
            case ir.Parallel(branches=branches):
                # Those of races are single calls.
                inner = tuple(dataclasses.replace(one, body=self.block(one.body)) for one in branches)
                return dataclasses.replace(statement, branches=inner)
            case _:
                return statement

    def _together(self, block: ir.Block) -> int:
        """How many statements at the head of the block one invocation carries out: the last is a call. 0 for none."""
        function = self._fusing.function_of(block[0])
        if function is None:
            return 0
        assert self._fusing.engine.longest is not None
        count = 0
        for position, statement in enumerate(block):
            if self._fusing.function_of(statement) == function:
                if self._fusing.seconds(block[: position + 1]) > self._fusing.engine.longest:
                    break
                count = position + 1
            elif not isinstance(statement, PURE):
                break
            if writes(statement) in self._live[id(statement)].raises:
                # Where a later call fails, somebody reads what this one has left.
                break
        return count if count > 1 else 0

    def _fused(self, body: Sequence[ir.Statement]) -> list[ir.Statement]:
        fusing = self._fusing
        calls = [statement for statement in body if isinstance(statement, ir.CallTask)]
        first, after = calls[0], self._live[id(body[-1])].after
        written = (name for name in map(writes, body) if name is not None and name in after)
        outputs = [Name(span=first.span, type=fusing.written_type(body, n), name=n) for n in dict.fromkeys(written)]
        result, target = _given_back(first, outputs), None
        if len(outputs) == 1:
            target = outputs[0].name
        elif outputs:
            target = fusing.fresh(f"{first.id}_results")
        arguments = {name: fusing.type_of(name) for name in fusing.inputs(body)}
        fused = FusedCalls(step=first.id, like=first.task, title=title(calls), body=tuple(body), result=result)
        call = fusing.call(calls, fused, arguments, result.type, fusing.seconds(body), target)
        if len(outputs) < 2:
            return [call]
        return [call, *(_taken(call, result.type, position, one) for position, one in enumerate(outputs))]


def _given_back(first: ir.CallTask, outputs: Sequence[Name]) -> Expr:
    match outputs:
        case []:
            return Literal(span=first.span, type=NULL, value=None)
        case [one]:
            return one
        case _:
            return Array(span=first.span, type=TupleType(tuple(one.type for one in outputs)), items=tuple(outputs))


def _taken(call: ir.CallTask, of: Type, position: int, output: Name) -> ir.Assign:
    assert call.target is not None
    return ir.Assign(
        span=call.span,
        variable=output.name,
        value=Item(
            span=call.span,
            type=output.type,
            object=Name(span=call.span, type=of, name=call.target),
            index=Literal(span=call.span, type=INT, value=position),
        ),
    )
