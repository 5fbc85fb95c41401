"""Drops assignments, and changes in place, of variables that nobody reads behind them, where no error can come."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from skyloom.flows.expr.nodes import Bind
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.ir.nodes import Append, Assign, Block, Extend, For, If, Statement, Try
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.ir.rewrite import rewrite
from skyloom.flows.passes.drop_unreachable import reachable
from skyloom.flows.passes.liveness import Live, liveness


def drop_dead_assignments(program: Program) -> Program:
    """The program without assignments that nobody reads. What a dropped one alone has read goes too, and so
    do decisions and loops in which nothing is left."""
    return dataclasses.replace(program, flows={name: _without(flow) for name, flow in program.flows.items()})


def _without(flow: FlowDefinition) -> FlowDefinition:
    while True:
        live = liveness(flow.body)
        body = rewrite(flow.body, block=functools.partial(_read, live))
        if body is flow.body:
            return flow
        flow = dataclasses.replace(flow, body=body)


def _read(live: Mapping[int, Live], block: Block) -> Block:
    alive = [statement for statement in block if not _is_dead(statement, live)]
    kept = tuple(left for statement in alive for left in _tried(statement))
    if any(_tried(statement) != (statement,) for statement in alive):
        # What is left of a `try` may leave the block.
        kept = reachable(kept)
    same = len(kept) == len(block) and all(new is old for new, old in zip(kept, block, strict=True))
    return block if same else kept


def _tried(statement: Statement) -> Block:
    """What is left of a `try` with nothing to try, or with nothing that it would do about it."""
    match statement:
        case Try(body=(), handlers=handlers, final=final) if handlers:
            bare = dataclasses.replace(statement, body=statement.orelse, handlers=(), orelse=())
            return (bare,) if final else bare.body
        case Try(body=body, handlers=(), orelse=orelse, final=()):
            return (*body, *orelse)
        case _:
            return (statement,)


def _is_dead(statement: Statement, live: Mapping[int, Live]) -> bool:
    match statement:
        case Assign(variable=name, value=value) | Append(variable=name, path=(), value=value):
            return name not in live[id(statement)].after and not may_raise(value)
        case Extend(variable=name, path=(), value=value):
            return name not in live[id(statement)].after and not may_raise(value)
        case If(test=test, body=(), orelse=()):
            return not may_raise(test)
        case For(target=Bind(name=name), items=items, body=()) if id(statement) in live:
            return name not in live[id(statement)].after and not may_raise(items)
        case _:
            return False
