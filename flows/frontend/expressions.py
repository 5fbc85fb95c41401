"""Compiles expressions: Python's syntax tree to typed, pure IR expressions; steps in them go out into statements.

Operands are evaluated left to right. Where an operand holds a step, the step becomes a statement in front, and so does
every operand before it that may raise an error, so that nothing happens earlier or later than in Python.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.rules import may_raise, truth
from skyloom.flows.frontend.access import Access
from skyloom.flows.frontend.body import Body, Stop
from skyloom.flows.frontend.builtin_calls import BuiltinCalls
from skyloom.flows.frontend.calls import Calls
from skyloom.flows.frontend.comprehensions import Comprehensions
from skyloom.flows.frontend.constructors import Constructors
from skyloom.flows.frontend.displays import Displays
from skyloom.flows.frontend.fitting import Fitting
from skyloom.flows.frontend.iteration import Iteration
from skyloom.flows.frontend.logic import Logic
from skyloom.flows.frontend.names import Names
from skyloom.flows.frontend.operators import Operators
from skyloom.flows.frontend.steps import Steps
from skyloom.flows.frontend.syntax import explain
from skyloom.flows.frontend.texts import Texts


class Expressions:
    """Compiles the expressions of one flow."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.names = Names(body, self)
        self.access = Access(body, self)
        self.operators = Operators(body, self)
        self.logic = Logic(body, self)
        self.displays = Displays(body, self)
        self.texts = Texts(body, self)
        self.fitting = Fitting(body, self)
        self.calls = Calls(body, self)
        self.builtins = BuiltinCalls(body, self)
        self.constructors = Constructors(body, self)
        self.comprehensions = Comprehensions(body, self)
        self.iteration = Iteration(body, self)
        self.steps = Steps(body, self)

    def value(self, node: ast.expr) -> x.Expr:
        """The expression as a value. Raises Stop, with the problem reported."""
        compiled = self.iterable(node)
        if isinstance(compiled, x.Call) and BUILTINS[compiled.function].gives != "value":
            raise self.body.problem(
                "SKY217",
                f"`{compiled.function}(...)` is no list in Python",
                node,
                f"write `list({compiled.function.rpartition('.')[2]}(...))`",
            )
        return compiled

    def iterable(self, node: ast.expr) -> x.Expr:
        """The expression where it is used up at once: `range(3)` and the like may stand here too."""
        match node:
            case ast.Constant():
                return self.names.constant(node.value, node)
            case ast.Name():
                return self.names.name(node)
            case ast.Attribute():
                return self.access.attribute(node)
            case ast.Subscript():
                return self.access.subscript(node)
            case ast.BinOp():
                return self.operators.binary(node)
            case ast.UnaryOp():
                return self.operators.unary(node)
            case ast.BoolOp():
                return self.logic.value(node)
            case ast.Compare():
                return self.operators.comparison(node)
            case ast.IfExp():
                return self.logic.conditional(node)
            case ast.JoinedStr():
                return self.texts.fstring(node)
            case ast.List() | ast.Tuple():
                return self.displays.array(node)
            case ast.Dict():
                return self.displays.dictionary(node)
            case ast.ListComp() | ast.DictComp():
                return self.comprehensions.value(node)
            case ast.GeneratorExp():
                raise self.body.problem(
                    "SKY118", "a generator expression cannot stand here", node, "write a list: `[...]`"
                )
            case ast.Call():
                return self.calls.value(node)
            case _:
                raise self.body.problem(*explain(node))

    def condition(self, node: ast.expr) -> x.Expr:
        """The truth of the expression, as a boolean."""
        match node:
            case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self.logic.condition(node)
            case _:
                return self.as_truth(self.value(node), node)

    def as_truth(self, value: x.Expr, node: ast.AST) -> x.Expr:
        """The truth of a compiled value, as a boolean."""
        self.operators.refuse_decision(value.type, node)
        kind = truth(value.type)
        if kind == "bool":
            return value
        if kind == "unknown":
            raise self.body.problem(
                "SKY210",
                f"whether a value of type `{t.show(value.type)}` counts as true cannot be told",
                node,
                "compare it: `== ...`, `is not None`; or annotate the value's type",
            )
        return x.Truth(span=value.span, type=t.BOOL, operand=value)

    def operands(self, nodes: Sequence[ast.expr], compile_one: Any = None) -> list[x.Expr]:
        """Several operands, evaluated in order. Reports the problems of all of them before it gives up."""
        compiled: list[x.Expr] = []
        positions: list[int] = []
        stopped = False
        for node in nodes:
            try:
                compiled.append((compile_one or self.value)(node))
            except Stop:
                stopped = True
            positions.append(len(self.body.block))
        if stopped:
            raise Stop
        return self.in_order(compiled, positions)

    def in_order(self, compiled: list[x.Expr], positions: list[int]) -> list[x.Expr]:
        """Holds those operands that may raise in front of the steps of later ones. `positions` is the length of the
        block behind each operand."""
        end = len(self.body.block)
        for index in range(len(compiled) - 1, -1, -1):
            if positions[index] < end and may_raise(compiled[index]):
                compiled[index] = self.body.hold(compiled[index], at=positions[index])
        return compiled
