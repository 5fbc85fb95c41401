"""Compiles fields, items and slices."""

from __future__ import annotations

import ast
import operator
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.rules import assignable, item_type, slice_type, widen
from skyloom.flows.frontend.body import Body, did_you_mean, retyped, with_article
from skyloom.flows.frontend.narrowing import field_type, place_of
from skyloom.flows.frontend.syntax import MISSING

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Access:
    """Compiles what a flow takes out of values."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def attribute(self, node: ast.Attribute) -> x.Expr:
        if (
            node.attr == "__name__"
            and isinstance(node.value, ast.Call)
            and self.expressions.names.static(node.value.func) is type
        ):
            return self._error_class(node.value, node)
        found = self.expressions.names.static(node)
        if found is not MISSING:
            return self.expressions.names.static_value(found, node)
        outer = self.expressions.names.static(node.value)
        if isinstance(outer, ModuleType | type):
            known = [n for n in vars(outer) if not n.startswith("_")]
            if isinstance(outer, type) and issubclass(outer, Enum):
                known = [member.name for member in outer]
            hint = did_you_mean(node.attr, known) or f"it has {', '.join(known[:8]) or 'nothing'}"
            raise self.body.problem("SKY204", f"`{ast.unparse(node.value)}` has no `{node.attr}`", node, hint)
        return self.field(self.expressions.value(node.value), node)

    def _error_class(self, call: ast.Call, node: ast.AST) -> x.Expr:
        """`type(error).__name__`."""
        value = self.expressions.value(call.args[0]) if len(call.args) == 1 else None
        if value is None or not isinstance(value.type, t.ErrorType):
            raise self.body.problem(
                "SKY221", "only a caught error has a class in a flow", node, "test a Literal field instead"
            )
        return x.Call(span=self.body.span(node), type=t.STR, function="error.type", arguments=(value,))

    def field(self, of: x.Expr, node: ast.Attribute) -> x.Expr:
        """`of.attribute`."""
        span, attribute = self.body.span(node), node.attr
        alternatives = t.members(of.type)
        if t.NULL in alternatives and len(alternatives) > 1:
            shown = ast.unparse(node.value)
            raise self.body.problem(
                "SKY206",
                f"`{shown}` may be None, which has no `{attribute}`",
                node,
                f"test `if {shown} is not None:` first",
            )
        if all(isinstance(member, t.EnumType) for member in alternatives):
            return self._enum_field(of, attribute, node)
        if not all(isinstance(member, t.ModelType) for member in alternatives):
            self._refuse_attribute(of, node)
        names = {self._json_key(cast(t.ModelType, member), node) for member in alternatives}
        if len(names) != 1:
            raise self.body.problem(
                "SKY205", f"`{attribute}` has another JSON key in each alternative", node, "narrow first"
            )
        inner = field_type(of.type, attribute, self.body.models)
        assert inner is not None
        place = place_of(node)
        narrowed = self.body.scope.fact(place) if place else None
        return x.Field(span=span, type=narrowed or inner, object=of, name=names.pop())

    def _json_key(self, of: t.ModelType, node: ast.Attribute) -> str:
        model = self.body.models[of.name]
        if model.flavour == "typeddict":
            raise self.body.problem(
                "SKY205", f"`{of.name}` is a TypedDict: it has keys, no fields", node, f'write `[...]["{node.attr}"]`'
            )
        for field in model.fields:
            if field.attribute == node.attr:
                return field.name
        cls = self.body.builder.types.class_of(of.name)
        if hasattr(cls, node.attr):
            raise self.body.problem(
                "SKY207",
                f"`{node.attr}` of `{of.name}` is no plain field",
                node,
                "a flow reads fields only; compute it in a task",
            )
        fields = [field.attribute for field in model.fields]
        hint = did_you_mean(node.attr, fields) or f"it has {', '.join(fields) or 'none'}"
        raise self.body.problem("SKY205", f"`{of.name}` has no field `{node.attr}`", node, hint)

    def _enum_field(self, of: x.Expr, attribute: str, node: ast.Attribute) -> x.Expr:
        members = [m for member in t.members(of.type) for m in cast(t.EnumType, member).members]
        span = self.body.span(node)
        if attribute == "value":
            values = t.LiteralType(tuple(value for _, value in members))
            return retyped(of, values)
        if attribute == "name":
            return _name_of(of, members, span)
        raise self.body.problem(
            "SKY205", f"an enum member has no `{attribute}` in a flow", node, "use `.value` or `.name`"
        )

    def _refuse_attribute(self, of: x.Expr, node: ast.Attribute) -> None:
        kind = t.show(of.type)
        if isinstance(of.type, t.DictType):
            raise self.body.problem("SKY205", f"a `{kind}` has keys, no fields", node, f'write `[...]["{node.attr}"]`')
        if isinstance(of.type, t.AnyType):
            raise self.body.problem(
                "SKY211",
                f"the type of this value is not known, so it has no `{node.attr}`",
                node,
                "annotate it with a model",
            )
        if isinstance(of.type, t.ErrorType):
            raise self.body.problem("SKY205", f"a caught error has no `{node.attr}` in a flow", node, "use `str(e)`")
        if any(f"{owner}.{node.attr}" in BUILTINS for owner in ("str", "list", "dict", "datetime")):
            raise self.body.problem(
                "SKY205", f"`{node.attr}` is a method", node, f"call it: `{ast.unparse(node)}(...)`"
            )
        raise self.body.problem(
            "SKY205", f"{with_article(kind)} has no field `{node.attr}`", node, "call a method, or use a model"
        )

    def subscript(self, node: ast.Subscript) -> x.Expr:
        if isinstance(node.slice, ast.Slice):
            return self._slice(node, node.slice)
        of, index = self.expressions.operands([node.value, node.slice])
        return self.item(of, index, node)

    def item(self, of: x.Expr, index: x.Expr, node: ast.Subscript) -> x.Expr:
        """`of[index]`."""
        span = self.body.span(node)
        literal = index.value if isinstance(index, x.Literal) and isinstance(index.value, int | str) else None
        if isinstance(index, x.Unary) and index.operator == "-" and isinstance(index.operand, x.Literal):
            literal = -index.operand.value if isinstance(index.operand.value, int) else None
        if isinstance(of.type, t.ModelType) and self.body.models[of.type.name].flavour == "typeddict":
            return x.Item(span=span, type=self._key_type(of.type, literal, node), object=of, index=index)
        alternatives = t.members(of.type)
        if t.NULL in alternatives:
            shown = ast.unparse(node.value)
            raise self.body.problem(
                "SKY206", f"`{shown}` may be None, which has no items", node, f"test `if {shown} is not None:`"
            )
        inner = item_type(of.type, index.type, None if isinstance(literal, bool) else literal)
        if inner is None:
            self._refuse_item(of, index, node)
        return x.Item(span=span, type=cast(t.Type, inner), object=of, index=index)

    def _key_type(self, of: t.ModelType, key: Any, node: ast.Subscript) -> t.Type:
        model = self.body.models[of.name]
        if not isinstance(key, str):
            raise self.body.problem(
                "SKY208", f"a key of `{of.name}` must be a constant text", node.slice, 'write `["name"]`'
            )
        for field in model.fields:
            if field.name == key:
                return field.type
        hint = did_you_mean(key, [field.name for field in model.fields]) or "check its TypedDict"
        raise self.body.problem("SKY208", f"`{of.name}` has no key {key!r}", node.slice, hint)

    def _refuse_item(self, of: x.Expr, index: x.Expr, node: ast.Subscript) -> None:
        match of.type:
            case t.ModelType(name=name):
                key = index.value if isinstance(index, x.Literal) and isinstance(index.value, str) else "name"
                hint = f"read a field: `{ast.unparse(node.value)}.{key}`"
                raise self.body.problem("SKY208", f"a `{name}` has fields, no items", node, hint)
            case t.TupleType(items=items) if assignable(index.type, t.INT):
                raise self.body.problem("SKY208", f"the tuple has {len(items)} elements", node.slice, _within(items))
            case t.DictType():
                message = f"a key of `{t.show(of.type)}` is a str, not `{t.show(widen(index.type))}`"
                raise self.body.problem("SKY208", message, node.slice, 'write `str(...)`, or `f"..."`')
            case t.ListType() | t.TupleType() | t.StrType() | t.LiteralType():
                message = f"a `{t.show(widen(of.type))}` is indexed with an int, not `{t.show(widen(index.type))}`"
                raise self.body.problem("SKY208", message, node.slice, "use a position: 0 is the first, -1 the last")
            case _:
                message = f"{with_article(t.show(of.type))} has no items"
                raise self.body.problem("SKY208", message, node, "index a list with an int, a dict with a str")

    def _slice(self, node: ast.Subscript, cut: ast.Slice) -> x.Expr:
        parts = [part for part in (node.value, cut.lower, cut.upper, cut.step) if part is not None]
        compiled = self.expressions.operands(parts)
        of, given = compiled[0], iter(compiled[1:])
        bounds = [next(given) if part is not None else None for part in (cut.lower, cut.upper, cut.step)]
        for bound in bounds:
            if bound is not None and not assignable(bound.type, t.optional(t.INT)):
                message = f"a slice bound is an int, not `{t.show(bound.type)}`"
                raise self.body.problem("SKY208", message, bound.span, "use an int, or leave it out")
        constants = [_constant_bound(bound) for bound in bounds]
        known = None if MISSING in constants else slice(*constants)
        result = slice_type(of.type, known)
        if result is None:
            raise self.body.problem(
                "SKY208", f"{with_article(t.show(of.type))} cannot be sliced", node, "slice a list or a text"
            )
        return x.Slice(
            span=self.body.span(node),
            type=result,
            object=of,
            start=bounds[0],
            stop=bounds[1],
            step=bounds[2],
        )


def _name_of(of: x.Expr, members: list[tuple[str, str | int | bool]], span: Span) -> x.Expr:
    """The name of the member that `of` is. Halved again and again, so that many members do not nest deeply."""
    values = t.LiteralType(tuple(name for name, _ in members))
    if len(members) == 1:
        return x.Literal(span=span, type=values, value=members[0][0])
    first, rest = members[: len(members) // 2], members[len(members) // 2 :]
    choices = [x.Literal(span=span, type=of.type, value=value) for _, value in first]
    test = x.Compare(span=span, type=t.BOOL, operator="==", left=of, right=choices[0])
    if len(choices) > 1:
        among = x.Array(span=span, type=t.ListType(of.type), items=tuple(choices))
        test = x.Compare(span=span, type=t.BOOL, operator="in", left=of, right=among)
    body, orelse = _name_of(of, first, span), _name_of(of, rest, span)
    return x.Conditional(span=span, type=values, test=test, body=body, orelse=orelse)


def _constant_bound(bound: x.Expr | None) -> Any:
    match bound:
        case None:
            return None
        case x.Literal(value=int() | None as value):
            return value
        case x.Unary(operator="-", operand=x.Literal(value=int() as value)):
            return operator.neg(value)
        case _:
            return MISSING


def _within(items: tuple[t.Type, ...]) -> str:
    return f"write 0 to {len(items) - 1}, or -{len(items)} to -1" if items else "it is empty"
