"""Compiles `parallel` and `race`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from skyloom.flows import constructs
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend.body import Body, Stop
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

Construct = Callable[[ast.Call], x.Expr]


class SideBySide:
    """Compiles what runs side by side in one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self.constructs: dict[Any, Construct] = {
            constructs.parallel: self._parallel,
            constructs.race: self._race,
            constructs.each: self._each,
        }

    def _each(self, node: ast.Call) -> x.Expr:
        raise self.body.problem(
            "SKY301",
            "`each` stands in a comprehension only",
            node,
            "write `[task(item) for item in each(items, limit=8)]`",
        )

    def _branches(self, node: ast.Call) -> tuple[ir.Branch, ...]:
        name = ast.unparse(node.func)
        if node.keywords:
            raise self.body.problem(
                "SKY304", f"`{name}` takes its branches by position", node.keywords[0], "leave the name out"
            )
        branches = []
        stopped = False
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.body.problem(
                    "SKY304", f"`{name}` cannot take `*`", argument, "use a comprehension: `[task(x) for x in xs]`"
                )
            try:
                with self.body.in_scope(self.body.scope.copy()), self.body.inner_block() as block:
                    result = self.expressions.value(argument)
                branches.append(ir.Branch(body=tuple(block), result=result, span=self.body.span(argument)))
            except Stop:
                stopped = True
        if stopped:
            raise Stop
        if len(branches) < 2:
            hint = "call it directly"
            if name.endswith("parallel") and any(isinstance(one, ast.ListComp | ast.DictComp) for one in node.args):
                hint = f"the comprehension alone runs side by side already: leave `{name}` out"
            raise self.body.problem("SKY304", f"`{name}` needs two branches or more", node, hint)
        return tuple(branches)

    def _parallel(self, node: ast.Call) -> x.Expr:
        branches = self._branches(node)
        of = t.TupleType(tuple(branch.result.type for branch in branches))
        step_id = self.body.step_id("parallel")
        target = self.body.temporary(step_id)
        return self.expressions.steps.added(
            ir.Parallel(span=self.body.span(node), id=step_id, target=target, branches=branches), target, of
        )

    def _race(self, node: ast.Call) -> x.Expr:
        branches = self._branches(node)
        for branch, argument in zip(branches, node.args, strict=True):
            single = (
                len(branch.body) == 1 and isinstance(branch.body[0], ir.Step) and not isinstance(branch.body[0], ir.Map)
            )
            direct = isinstance(branch.result, x.Literal) or (
                isinstance(branch.result, x.Name)
                and single
                and branch.result.name == cast(ir.Step, branch.body[0]).target
            )
            if not (single and direct) or isinstance(branch.body[0], ir.Parallel | ir.Race):
                raise self.body.problem(
                    "SKY305",
                    "a branch of a race is one call, with arguments that are already there",
                    argument,
                    "put several calls into a flow of their own",
                )
        of = t.union(*(branch.result.type for branch in branches))
        step_id = self.body.step_id("race")
        target = self.body.temporary(step_id)
        return self.expressions.steps.added(
            ir.Race(span=self.body.span(node), id=step_id, target=target, branches=branches), target, of
        )
