"""Compiles `and`, `or`, `not` and conditional expressions: what is evaluated only sometimes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body, retyped
from skyloom.flows.frontend.narrowing import assume, falsy, truthy
from skyloom.flows.frontend.scope import Scope, changes
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Logic:
    """Compiles the short circuits of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def condition(self, node: ast.BoolOp | ast.UnaryOp) -> x.Expr:
        """`and`, `or`, `not` where only the truth counts."""
        if isinstance(node, ast.UnaryOp):
            inner = self.expressions.condition(node.operand)
            return x.Unary(span=self.body.span(node), type=t.BOOL, operator="not", operand=inner)
        return self._short_circuit(node, self.expressions.condition, t.BOOL)

    def value(self, node: ast.BoolOp) -> x.Expr:
        return self._short_circuit(node, self.expressions.value, None)

    def _short_circuit(self, node: ast.BoolOp, compile_one: Any, of: t.Type | None) -> x.Expr:
        conjunction = isinstance(node.op, ast.And)
        entry, span = self.body.scope, self.body.span(node)
        scope = entry
        compiled: list[x.Expr] = []
        blocks: list[list[ir.Statement]] = []
        for value in node.values:
            with self.body.in_scope(scope.copy()), self.body.inner_block() as block:
                compiled.append(compile_one(value))
                after = self.body.scope
            blocks.append(block)
            self._take_over(entry, after)
            scope = assume(value, conjunction, after, self.body.models)
        result = of or self._type(compiled, conjunction)
        if of is None:
            for operand, value in zip(compiled[:-1], node.values, strict=False):
                self.expressions.as_truth(operand, value)
        self.body.block += blocks[0]
        if not any(blocks[1:]):
            symbol: Any = "and" if conjunction else "or"
            return x.Logic(span=span, type=result, operator=symbol, operands=tuple(compiled))
        return self._as_statements(compiled, blocks, conjunction, result, node)

    @staticmethod
    def _take_over(entry: Scope, inner: Scope) -> None:
        """The variables that are new in the inner scope are the compiler's own; they hold on outside."""
        for name in sorted(changes(entry, inner)):
            if name in inner and name not in entry:
                entry.assign(name, inner.declared_type(name), inner.owner(name))

    @staticmethod
    def _type(compiled: list[x.Expr], conjunction: bool) -> t.Type:
        deciding = falsy if conjunction else truthy
        return t.union(*(deciding(operand.type) for operand in compiled[:-1]), compiled[-1].type)

    def _as_statements(
        self, compiled: list[x.Expr], blocks: list[list[ir.Statement]], conjunction: bool, of: t.Type, node: ast.BoolOp
    ) -> x.Expr:
        """The operands one after the other, each only when the one before has not decided."""
        span = self.body.span(node)
        target = self.body.temporary("value")
        held = x.Name(span=span, type=of, name=target)
        statements: list[ir.Statement] = []
        for index in range(len(compiled) - 1, -1, -1):
            operand = compiled[index]
            inner: list[ir.Statement] = [ir.Assign(span=operand.span, variable=target, value=operand)]
            if index < len(compiled) - 1:
                truthful = self.expressions.as_truth(retyped(held, operand.type), node.values[index])
                test = truthful if conjunction else x.Unary(span=span, type=t.BOOL, operator="not", operand=truthful)
                inner.append(ir.If(span=span, test=test, body=tuple(statements)))
            statements = [*(blocks[index] if index else []), *inner]
        self.body.block += statements
        owner = max(ownership.store(operand, self.body.scope, self.body.temporaries) for operand in compiled)
        self.body.scope.assign(target, of, owner)
        return held

    def conditional(self, node: ast.IfExp) -> x.Expr:
        span = self.body.span(node)
        test = self.expressions.condition(node.test)
        entry = self.body.scope
        sides: list[tuple[x.Expr, list[ir.Statement]]] = []
        for side, outcome in ((node.body, True), (node.orelse, False)):
            with (
                self.body.in_scope(assume(node.test, outcome, entry, self.body.models).copy()),
                self.body.inner_block() as block,
            ):
                value = self.expressions.value(side)
                inner = self.body.scope
            self._take_over(entry, inner)
            sides.append((value, block))
        (body, first), (orelse, second) = sides
        of = t.union(body.type, orelse.type)
        if not first and not second:
            return x.Conditional(span=span, type=of, test=test, body=body, orelse=orelse)
        target = self.body.temporary("value")
        owner = max(ownership.store(value, entry, self.body.temporaries) for value, _ in sides)
        first.append(ir.Assign(span=body.span, variable=target, value=body))
        second.append(ir.Assign(span=orelse.span, variable=target, value=orelse))
        self.body.emit(ir.If(span=span, test=test, body=tuple(first), orelse=tuple(second)))
        entry.assign(target, of, owner)
        return x.Name(span=span, type=of, name=target)
