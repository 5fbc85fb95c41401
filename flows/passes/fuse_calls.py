"""Calls that stand next to each other and share a function become one step, where their author allows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from skyloom.flows.expr.nodes import Array, Expr, Item, Literal, Name
from skyloom.flows.expr.types import INT, NULL, TupleType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FusedCalls, Program
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.fusable import PURE, Apart, Fusing, each_flow, title
from skyloom.flows.passes.liveness import Live, liveness, writes

_ALIKE = "tasks share a function where requirements, memory, timeout and permissions are the same"


def fuse_calls(program: Program, engine: Engine) -> Program:
    """The program with one step for several calls of `@task(fuse=True)` that one invocation can carry out."""
    return fused_calls(program, engine)[0]


def fused_calls(program: Program, engine: Engine) -> tuple[Program, list[Apart]]:
    """The same, and the calls that stay apart."""
    return each_flow(
        program, engine, lambda fusing: _Blocks(fusing, liveness(fusing.flow.body)).block(fusing.flow.body)
    )


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
            if not isinstance(statement, PURE):
                if not self._belongs(statement, function, block[: position + 1]):
                    break
                count = position + 1
            name = writes(statement)
            if name in self._live[id(statement)].raises:
                # Where a later call fails, somebody reads what this one has left.
                later = next((one for one in block[position + 1 :] if not isinstance(one, PURE)), None)
                if later is not None and self._fusing.function_of(later) == function:
                    reason = f"what `{name}` is now is read where an error of a later call is caught"
                    self._fusing.leave(statement.span, reason, "read it behind the `try`, or leave these calls apart")
                break
        return count if count > 1 else 0

    def _belongs(self, statement: ir.Statement, function: str, block: ir.Block) -> bool:
        """Whether a statement is a call that the invocation of those before it may carry out too."""
        fusing = self._fusing
        own, longest = fusing.function_of(statement), fusing.engine.longest
        if own is None:
            return False
        assert isinstance(statement, ir.CallTask) and longest is not None
        if own != function:
            reason = f"`{statement.task}` runs in the function {own}, the calls before it in {function}"
            fusing.leave(statement.span, reason, _ALIKE)
            return False
        seconds = fusing.seconds(block)
        if seconds > longest:
            reason = f"with those before it `{statement.task}` may take {seconds:g} s; one invocation has {longest:g} s"
            fusing.leave(statement.span, reason, "a shorter `timeout`, or fewer attempts")
            return False
        return True

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
