"""Computes before a loop or map what its rounds would have the helper function compute again and again.

A round that needs the helper costs a step and a call. What is moved may not raise, stands in no decision of the round
and behind none, and reads only variables that surely have a value before the loop and keep it. So nobody sees that it
is computed earlier, and also where no round runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import assert_never

from skyloom.flows.expr.nodes import Expr, Literal, Name, bound_names, free_names
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.liveness import writes
from skyloom.flows.passes.measure import makes_numbers
from skyloom.flows.passes.nested import with_blocks
from skyloom.flows.passes.roots import FreshNames, bound_by, is_leaf, roots, with_roots

Names = frozenset[str]
Loop = ir.For | ir.While | ir.Map


def hoist_invariants(program: Program, engine: Engine) -> Program:
    """The program with such expressions in front of its loops and maps."""
    flows = {name: _Hoisting(flow, engine).flow() for name, flow in program.flows.items()}
    return dataclasses.replace(program, flows=flows)


class _Hoisting:
    def __init__(self, flow: FlowDefinition, engine: Engine) -> None:
        self._flow = flow
        self._engine = engine
        self._names = FreshNames(flow)

    def flow(self) -> FlowDefinition:
        given = frozenset(parameter.name for parameter in self._flow.parameters)
        return dataclasses.replace(self._flow, body=self._block(self._flow.body, given))

    def _block(self, block: ir.Block, known: Names) -> ir.Block:
        """The block; `known` are the variables that surely have a value at its head."""
        result: list[ir.Statement] = []
        for statement in block:
            inside = self._inside(statement, known)
            if isinstance(inside, ir.For | ir.While | ir.Map):
                before, inside = self._out_of(inside, known)
                result += before
            result.append(inside)
            if isinstance(statement, ir.Assign | ir.Step) and (name := writes(statement)) is not None:
                known |= {name}
        return block if len(result) == len(block) and all(map(_same, result, block)) else tuple(result)

    def _inside(self, statement: ir.Statement, known: Names) -> ir.Statement:
        if isinstance(statement, ir.For | ir.Map):
            target = statement.target if isinstance(statement, ir.For) else statement.over
            known |= frozenset(bound_names(target))
        return with_blocks(statement, lambda block: self._block(block, known))

    # --- one loop -----------------------------------------------------------------------------------------------

    def _out_of(self, loop: Loop, known: Names) -> tuple[list[ir.Assign], Loop]:
        """What moves in front of a loop, and what is left of it."""
        changed = frozenset[str]().union(*map(bound_by, ir.walk((loop,))))
        before: list[ir.Assign] = []
        body = list(loop.body)
        for at, statement in _first_of_each_round(loop):
            moved: dict[int, Expr] = {}
            for label, expr in roots(statement):
                if self._moves(expr, known, changed):
                    name = self._names.fresh(f"{label}_once" if isinstance(statement, ir.Assign) else label)
                    before.append(ir.Assign(span=statement.span, variable=name, value=expr))
                    moved[id(expr)] = Name(span=expr.span, type=expr.type, name=name)
            if moved:
                body[at] = with_roots(statement, moved)
        return before, dataclasses.replace(loop, body=tuple(body)) if before else loop

    def _moves(self, expr: Expr, known: Names, changed: Names) -> bool:
        # No cloud carries every number: where no round runs, nobody is to be told so.
        if self._engine.evaluates(expr) or may_raise(expr) or makes_numbers(expr):
            return False
        read = free_names(expr)
        return read <= known and read.isdisjoint(changed)


def _first_of_each_round(loop: Loop) -> Iterator[tuple[int, ir.Statement]]:
    """The leaves that every round begins with, before anything in it decides: what is known there is known before."""
    match loop:
        case ir.For() | ir.While(test=Literal(value=True)) | ir.Map(condition=None):
            pass
        case ir.While() | ir.Map():
            return
        case _:
            assert_never(loop)
    for at, statement in enumerate(loop.body):
        if isinstance(statement, ir.Return | ir.Raise | ir.Reraise | ir.Break | ir.Continue) or not is_leaf(statement):
            return
        yield at, statement


def _same(one: ir.Statement, other: ir.Statement) -> bool:
    return one is other
