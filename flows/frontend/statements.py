"""Compiles statements: the body of a flow to a block of the IR."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable, iteration_type
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.assignments import Assignments
from skyloom.flows.frontend.body import Body, Loop, Stop, with_article
from skyloom.flows.frontend.errors import Errors
from skyloom.flows.frontend.expressions import Expressions
from skyloom.flows.frontend.function_nodes import assigned_names, own_nodes, without_docstring
from skyloom.flows.frontend.narrowing import assume
from skyloom.flows.frontend.scope import Ownership, Scope, agree, join
from skyloom.flows.frontend.source import SourceFile
from skyloom.flows.frontend.syntax import explain_statement
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Parameter

if TYPE_CHECKING:
    from skyloom.flows.frontend.definitions import ProgramBuilder

_ROUNDS = 12
"""How often a loop's body is looked at until its variables' types stand still."""


def compile_body(
    function: ast.FunctionDef,
    source: SourceFile,
    namespace: Mapping[str, Any],
    builder: ProgramBuilder,
    parameters: tuple[Parameter, ...],
    returns: t.Type,
) -> ir.Block:
    """The statements of a flow.

    Args:
        function: the flow's definition.
        namespace: what names stand for that the function does not assign: its closure, its module, the builtins.
        builder: reads the tasks, prompts and flows that are called; has the report and the types.
        returns: the type that `return` must give.
    """
    body = Body(source, namespace, builder, assigned_names(function), returns)
    for parameter in parameters:
        # Python keeps one object as the default, for all calls.
        shared = isinstance(parameter.default, list | dict)
        body.scope.assign(parameter.name, parameter.type, Ownership.SHARED if shared else Ownership.FRESH)
    statements = Statements(body)
    statements.block(without_docstring(function.body))
    if body.scope.alive and not assignable(t.NULL, returns):
        body.report(
            "SKY229",
            f"`{function.name}` can end without a value, and returns `{t.show(returns)}`",
            function.body[-1],
            "add a `return`, or let the annotation say `| None`",
        )
    return (*body.constants, *body.block)


class Statements:
    """Compiles the statements of one flow."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.expressions = Expressions(body)
        self.assignments = Assignments(body, self.expressions)
        self.errors = Errors(body, self.expressions, self.block)

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Compiles statements one after the other. One with a problem is left out, what it assigns is unknown."""
        for statement in statements:
            self.body.checkpoint()
            try:
                self._statement(statement)
            except Stop:
                self._give_up(statement)
        self.body.checkpoint()

    def inner(self, statements: Sequence[ast.stmt]) -> ir.Block:
        """Compiles statements into a block of their own."""
        with self.body.inner_block() as block:
            self.block(statements)
        return tuple(block)

    def _give_up(self, statement: ast.stmt | ast.expr) -> None:
        """What the statement, or target, would have assigned has a value that nobody complains about again."""
        for node in own_nodes([statement]):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.body.scope.poison(node.id)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                for name in node.names:
                    self.body.scope.poison(name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    self.body.scope.poison(alias.asname or alias.name.partition(".")[0])
            elif isinstance(node, ast.Return):
                # Not the end of the flow for sure, but nobody shall complain that it ends without a value.
                self.body.leave()
        if isinstance(statement, ast.Raise):
            self.body.leave()

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                self.assignments.assign(node)
            case ast.AnnAssign():
                self.assignments.annotated(node)
            case ast.AugAssign():
                self.assignments.augmented(node)
            case ast.Expr():
                self._bare(node)
            case ast.If():
                self._if(node)
            case ast.While():
                self._while(node)
            case ast.For():
                self._for(node)
            case ast.Break() | ast.Continue():
                self._leave(node)
            case ast.Return():
                self._return(node)
            case ast.Try():
                self.errors.try_statement(node)
            case ast.Raise():
                self.errors.raise_statement(node)
            case ast.Assert():
                self.errors.assert_statement(node)
            case ast.Pass():
                return
            case _:
                raise self.body.problem(*explain_statement(node))

    def _bare(self, node: ast.Expr) -> None:
        match node.value:
            case ast.Constant(value=str() | EllipsisType()):
                return
            case ast.Call(func=ast.Attribute(attr="append" | "extend")) as call:
                if self.assignments.changes.grown(call):
                    return
        before = len(self.body.block)
        value = self.expressions.value(node.value)
        if len(self.body.block) == before and not isinstance(node.value, ast.Call):
            raise self.body.problem("SKY123", "this expression does nothing", node, "assign it, or take it away")
        if not self.body.retarget(value, None) and not isinstance(value, x.Literal | x.Name):
            self.body.hold(value)

    def _return(self, node: ast.Return) -> None:
        of, span = self.body.returns, self.body.span(node)
        value: x.Expr = x.Literal(span=span, type=t.NULL, value=None)
        if node.value is not None:
            value = self.expressions.value(node.value)
        elif not assignable(t.NULL, of):
            raise self.body.problem(
                "SKY209", f"`return` wants `{t.show(of)}`, and this is `None`", node, f"give {with_article(t.show(of))}"
            )
        value = self.expressions.fitting.fitted(value, of, node.value or node, "`return`", checked=True, crosses=True)
        self.body.emit(ir.Return(span=span, value=value))
        self.body.returning(value)
        self.body.leave()

    # --- branches and loops -------------------------------------------------------------------------------------

    def _test(self, node: ast.expr) -> x.Expr:
        """A condition. One with a problem counts as true, so that what hangs on it is looked at all the same."""
        try:
            return self.expressions.condition(node)
        except Stop:
            self._give_up(node)
            return x.Literal(span=self.body.span(node), type=t.BOOL, value=True)

    def _if(self, node: ast.If) -> None:
        test = self._test(node.test)
        entry = self.body.scope
        blocks, ends = [], []
        for statements, outcome in ((node.body, True), (node.orelse, False)):
            self.body.scope = assume(node.test, outcome, entry, self.body.models).copy()
            blocks.append(self.inner(statements))
            ends.append(self.body.scope)
        self.body.scope = join(*ends)
        self.body.emit(ir.If(span=self.body.span(node), test=test, body=blocks[0], orelse=blocks[1]))

    def _while(self, node: ast.While) -> None:
        self._refuse_else(node)
        span = self.body.span(node)

        def round_() -> ir.Statement:
            entry = self.body.scope
            with self.body.inner_block() as head:
                test = self._test(node.test)
            always = isinstance(node.test, ast.Constant) and bool(node.test.value)
            self.body.scope = assume(node.test, True, self.body.scope, self.body.models).copy()
            behind = assume(node.test, False, entry if not head else self.body.scope, self.body.models).copy()
            block = self.inner(node.body)
            if not always:
                self.body.loops[-1].breaks.append(behind)
            if not head:
                return ir.While(span=span, test=test, body=block)
            stop = ir.If(
                span=test.span,
                test=x.Unary(span=test.span, type=t.BOOL, operator="not", operand=test),
                body=(ir.Break(span=test.span),),
            )
            forever = x.Literal(span=span, type=t.LiteralType((True,)), value=True)
            return ir.While(span=span, test=forever, body=(*head, stop, *block))

        self._loop(node, round_, ends_by_itself=False)

    def _for(self, node: ast.For) -> None:
        self._refuse_else(node)
        span = self.body.span(node)
        items = self._items(node.iter)
        live = [] if items is None else ownership.gone_through(items)
        owner = Ownership.FRESH if items is None else ownership.iterated(items, self.body.scope, self.body.temporaries)

        def round_() -> ir.Statement:
            target: x.Target = x.Bind(name="_")
            try:
                if items is None:
                    raise Stop
                target = self.expressions.iteration.target(node.target, iteration_type(items.type) or t.ANY, owner)
            except Stop:
                self._give_up(node.target)
            some = items or x.Array(span=span, type=t.ListType(t.NEVER), items=())
            return ir.For(span=span, target=target, items=some, body=self.inner(node.body))

        iterating = self.body.iterating
        self.body.iterating = [*iterating, *((place, ast.unparse(node.iter)) for place in live)]
        try:
            self._loop(node, round_, ends_by_itself=True)
        finally:
            self.body.iterating = iterating

    def _items(self, node: ast.expr) -> x.Expr | None:
        """What a `for` goes through; None where it has a problem."""
        try:
            if self.expressions.iteration.each(node) is not None:
                raise self.body.problem(
                    "SKY301", "`each` stands in a comprehension only", node, "a `for` loop runs in order"
                )
            return self.expressions.iteration.items(node)
        except Stop:
            return None

    def _loop(self, node: ast.stmt, round_: Callable[[], ir.Statement], *, ends_by_itself: bool) -> None:
        """Compiles a loop: its body as often as it takes to know the types with which a round begins, then for good."""
        before = self.body.scope
        entry = before.copy()
        for _ in range(_ROUNDS):
            end = entry
            with self.body.rehearsal():
                end, _, _ = self._one_round(entry, round_)
            again = join(before, end.cured(before)) if end.alive else before.copy()
            if agree(again, entry):
                break
            entry = again
        else:
            self.body.report(
                "SKY230", "the type of a variable grows with every round of this loop", node, "annotate the variable"
            )
        end, loop, statement = self._one_round(entry, round_)
        self.body.emit(statement)
        ways = [*loop.breaks, *([entry, end] if ends_by_itself else [])]
        dead = entry.copy()
        dead.alive = False
        self.body.scope = join(*ways) if ways else dead

    def _one_round(self, entry: Scope, round_: Callable[[], ir.Statement]) -> tuple[Scope, Loop, ir.Statement]:
        loop = Loop()
        self.body.loops.append(loop)
        self.body.scope = entry.copy()
        try:
            statement = round_()
        finally:
            self.body.loops.pop()
        return join(self.body.scope, *loop.continues), loop, statement

    def _refuse_else(self, node: ast.While | ast.For) -> None:
        if node.orelse:
            self.body.report(
                "SKY124", "`else` of a loop is not in the language", node.orelse[0], "set a variable before `break`"
            )

    def _leave(self, node: ast.Break | ast.Continue) -> None:
        span = self.body.span(node)
        loop = self.body.loops[-1]
        if isinstance(node, ast.Break):
            loop.breaks.append(self.body.scope.copy())
            self.body.emit(ir.Break(span=span))
        else:
            loop.continues.append(self.body.scope.copy())
            self.body.emit(ir.Continue(span=span))
        self.body.leave()
