"""Compiles what loops and comprehensions go through, and their targets."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from skyloom.flows import constructs
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import iteration_type, widen
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.scope import Ownership

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Iteration:
    """Compiles the iteration of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def each(self, node: ast.expr) -> ast.Call | None:
        if isinstance(node, ast.Call) and self.expressions.names.static(node.func) is constructs.each:
            return node
        return None

    def items(self, node: ast.expr) -> x.Expr:
        """A compiled iterable: a list, a dict's keys, a string's characters, range, zip, enumerate."""
        value = self.expressions.iterable(node)
        self.expressions.operators.refuse_unknown(value, node, "`for`")
        if iteration_type(value.type) is None:
            hint = f"write `range({ast.unparse(node)})`" if widen(value.type) == t.INT else "go through a list"
            if t.NULL in t.members(value.type):
                hint = "it may be None: test `is not None` first, or write `... or []`"
            raise self.body.problem("SKY214", f"a `{t.show(value.type)}` cannot be gone through", node, hint)
        if isinstance(value.type, t.DictType):
            return x.Call(span=value.span, type=t.ListType(t.STR), function="dict.keys", arguments=(value,))
        if isinstance(widen(value.type), t.StrType):
            return x.Call(span=value.span, type=t.ListType(t.STR), function="list", arguments=(value,))
        return value

    def target(self, node: ast.expr, of: t.Type, owner: Ownership) -> x.Target:
        """A loop target; gives its names their types."""
        match node:
            case ast.Name(id=name):
                self.body.scope.assign(name, of, owner)
                return x.Bind(name=name)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                types = self.parts(of, len(targets), node)
                pairs = zip(targets, types, strict=True)
                return x.Unpack(targets=tuple(self.target(inner, of, ownership.part(owner)) for inner, of in pairs))
            case _:
                raise self.body.problem(
                    "SKY121", "a loop's target is a name, or names", node, "use a name, and assign in the body"
                )

    def parts(self, of: t.Type, count: int, node: ast.AST) -> list[t.Type]:
        """The types that taking a value apart gives."""
        match of:
            case t.TupleType(items=items):
                if len(items) != count:
                    raise self.body.problem(
                        "SKY227", f"{len(items)} values, {count} names", node, f"write {len(items)} names"
                    )
                return list(items)
            case t.ListType(item=item):
                return [item] * count
            case t.UnionType(members=alternatives):
                ways = [self.parts(alternative, count, node) for alternative in alternatives]
                return [t.union(*types) for types in zip(*ways, strict=True)]
            case t.AnyType():
                raise self.body.problem(
                    "SKY211",
                    "the type of this value is not known, so it cannot be taken apart",
                    node,
                    "annotate where it comes from",
                )
            case _ if isinstance(widen(of), t.StrType):
                return [t.STR] * count
            case _:
                raise self.body.problem(
                    "SKY227", f"a `{t.show(of)}` cannot be taken apart", node, "use a tuple or a list"
                )
