"""Drops statements that no run reaches: behind what always leaves the block, and on the untaken side of a constant."""

from __future__ import annotations

import dataclasses

from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir.nodes import Block, Break, Continue, If, Raise, Reraise, Return, Statement, Try, While
from skyloom.flows.ir.program import Program
from skyloom.flows.ir.rewrite import rewrite_program


def drop_unreachable(program: Program) -> Program:
    """The program without statements that no run reaches."""
    return rewrite_program(program, block=reachable)


def reachable(block: Block) -> Block:
    """The block up to what always leaves it, without the untaken sides of constants."""
    kept: list[Statement] = []
    for statement in block:
        kept.extend(_taken(statement))
        if kept and _leaves(kept[-1]):
            break
    return block if len(kept) == len(block) and all(map(_same, kept, block)) else tuple(kept)


def _same(one: Statement, other: Statement) -> bool:
    return one is other


def _taken(statement: Statement) -> Block:
    """What is left of a statement whose test is a constant, or of which a part is never reached."""
    match statement:
        case If(test=Literal(value=value), body=body, orelse=orelse):
            return body if value else orelse
        case While(test=Literal(value=False)):
            return ()
        case Try(body=body, orelse=orelse) if orelse and _always_leaves(body):
            return (dataclasses.replace(statement, orelse=()),)
        case _:
            return (statement,)


def _leaves(statement: Statement) -> bool:
    """Whether nothing behind the statement in its block is ever reached."""
    match statement:
        case Return() | Raise() | Reraise() | Break() | Continue():
            return True
        case If(body=body, orelse=orelse):
            return _always_leaves(body) and _always_leaves(orelse)
        case Try(body=body, handlers=handlers, orelse=orelse, final=final):
            through = _always_leaves(body) or _always_leaves(orelse)
            return _always_leaves(final) or (through and all(_always_leaves(handler.body) for handler in handlers))
        case _:
            return False


def _always_leaves(block: Block) -> bool:
    return bool(block) and _leaves(block[-1])
