"""Whether a value fits where it stands, and what it becomes there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable, widen
from skyloom.flows.frontend.body import Body, did_you_mean

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Fitting:
    """Fits values to the types that are wanted."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def fitted(self, value: x.Expr, of: t.Type, node: ast.AST, what: str, *, checked: bool = False) -> x.Expr:
        """`value` where a value `of` a type is wanted; a dict display where a TypedDict is wanted becomes that.

        Args:
            what: what wants it, for the message.
            checked: a value of unknown type passes, because its receiver checks it.
        """
        if isinstance(value, x.Object) and isinstance(of, t.ModelType) and isinstance(value.type, t.DictType):
            return self.expressions.constructors.typed_dict(value, of, node)
        if not (checked and isinstance(value.type, t.AnyType)) and not assignable(value.type, of):
            self._refuse_fit(value, of, node, what)
        hidden = self._hidden(value.type) if checked and isinstance(of, t.AnyType) else None
        if hidden is not None:
            shown = t.show(hidden)
            message = f"{what} is annotated with Any, which takes plain JSON only, and this has a `{shown}`"
            raise self.body.problem("SKY209", message, node, f"annotate it with `{shown}`")
        return value

    def _hidden(self, of: t.Type) -> t.Type | None:
        """What in a value of type `of` is no plain JSON for Python, and what an annotation as Any refuses therefore."""
        match of:
            case t.ModelType(name=name):
                return None if self.body.models[name].flavour == "typeddict" else of
            case t.DateTimeType() | t.BytesType() | t.ErrorType() | t.EnumType() | t.TupleType():
                return of
            case t.UnionType(members=parts):
                return next((found for part in parts if (found := self._hidden(part)) is not None), None)
            case t.ListType(item=inner) | t.DictType(value=inner):
                return self._hidden(inner)
            case _:
                return None

    @staticmethod
    def converted(value: x.Expr, of: t.Type) -> x.Expr:
        """`value` as a pydantic model takes it: an int where a float is wanted becomes one."""
        span = value.span
        if t.FLOAT in t.members(of) and t.INT not in t.members(of) and widen(value.type) == t.INT:
            if isinstance(value, x.Literal) and isinstance(value.value, int):
                return x.Literal(span=span, type=t.FLOAT, value=float(value.value))
            return x.Call(span=span, type=t.FLOAT, function="float", arguments=(value,))
        if of == t.ListType(t.FLOAT) and isinstance(value.type, t.ListType) and widen(value.type.item) == t.INT:
            name = x.Name(span=span, type=t.INT, name="_each")
            element = x.Call(span=span, type=t.FLOAT, function="float", arguments=(name,))
            generator = x.Generator(target=x.Bind(name="_each"), items=value)
            return x.Comprehension(span=span, type=of, element=element, generators=(generator,))
        return value

    def _refuse_fit(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> None:
        have, want = t.show(value.type), t.show(of)
        hint = f"give a `{want}`"
        if value.type != t.NULL and t.NULL in t.members(value.type) and assignable(t.without_null(value.type), of):
            hint = "it may be None: test `is not None` first"
        elif isinstance(value.type, t.AnyType):
            hint = f"the type of this value is not known: annotate where it comes from, as `{want}`"
        elif isinstance(value, x.Literal) and isinstance(of, t.LiteralType) and isinstance(value.value, str):
            hint = did_you_mean(value.value, of.values) or f"one of {', '.join(map(repr, of.values))}"
        raise self.body.problem("SKY209", f"{what} wants `{want}`, and this is `{have}`", node, hint)
