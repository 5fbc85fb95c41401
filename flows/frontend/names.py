"""Compiles names and constants, and says what names of the module stand for."""

from __future__ import annotations

import ast
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Any

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import is_mutable
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.displays import element_type
from skyloom.flows.frontend.syntax import MISSING, is_data
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.values import MAX_INT

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


_IN_TYPES = (
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.BinOp,
    ast.BitOr,
    ast.UnaryOp,
    ast.USub,
    ast.Load,
)
"""What a type is written with."""
_A_TYPE = "name a type of the module: a model, `int`, `list[str]`"


class Names:
    """Compiles the names and constants of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def constant(self, value: Any, node: ast.AST) -> x.Expr:
        """A constant of the source, or of a module, as an expression."""
        span = self.body.span(node)
        match value:
            case None:
                return x.Literal(span=span, type=t.NULL, value=None)
            case Enum():
                return self._member(value, node)
            case bool() | str():
                return x.Literal(span=span, type=t.LiteralType((value,)), value=value)
            case int():
                if abs(value) > MAX_INT:
                    raise self.body.problem("SKY218", "the integer is larger than 2**53", node, "use a str, or a float")
                return x.Literal(span=span, type=t.LiteralType((value,)), value=value)
            case float():
                return x.Literal(span=span, type=t.FLOAT, value=value)
            case list() | tuple():
                items = tuple(self.constant(item, node) for item in value)
                of_items = tuple(item.type for item in items)
                of = t.TupleType(of_items) if isinstance(value, tuple) else t.ListType(element_type(of_items))
                return x.Array(span=span, type=of, items=items)
            case dict():
                entries = tuple(
                    x.Entry(key=self.constant(key, node), value=self.constant(item, node))
                    for key, item in value.items()
                )
                inner = t.union(*(entry.value.type for entry in entries))
                return x.Object(span=span, type=t.DictType(inner), entries=entries)
            case _:
                kind = type(value).__name__
                raise self.body.problem(
                    "SKY219", f"a {kind} cannot be a value of a flow", node, "values are JSON; see a task"
                )

    def _member(self, value: Enum, node: ast.AST) -> x.Expr:
        """A member of an enumeration, as its value."""
        try:
            of = self.body.builder.types.resolve(type(value))
        except Unsupported as problem:
            raise self.body.problem("SKY502", problem.message, node, problem.hint) from None
        assert isinstance(of, t.EnumType)
        single = t.EnumType(of.name, ((value.name, value.value),), of.text)
        return x.Literal(span=self.body.span(node), type=single, value=value.value)

    def annotation(self, node: ast.expr, code: str = "SKY502") -> Any:
        """The type that is written in a flow's body, as a Python object; a text stands for itself."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        for part in ast.walk(node):
            if not isinstance(part, _IN_TYPES):
                raise self.body.problem(code, "this is no type", node, _A_TYPE)
        try:
            return eval(compile(ast.Expression(node), "<annotation>", "eval"), dict(self.body.names))
        except Exception as problem:
            message = f"the type cannot be read: {problem}"
            raise self.body.problem(code, message, node, _A_TYPE) from None

    def name(self, node: ast.Name) -> x.Expr:
        name, scope = node.id, self.body.scope
        known = scope.variable(name)
        if known.poisoned:
            raise Stop
        if known.type is not None:
            if not known.sure:
                raise self.body.problem(
                    "SKY202", f"`{name}` may have no value here", node, f"give `{name}` a value on every path before"
                )
            return x.Name(span=self.body.span(node), type=scope.type_of(name), name=name)
        if name in self.body.locals:
            raise self.body.problem("SKY202", f"`{name}` has no value yet", node, f"assign `{name}` before this line")
        found = self.static(node)
        if found is MISSING:
            others = [*scope.names(), *(k for k in self.body.names if not k.startswith("_"))]
            raise self.body.problem(
                "SKY201", f"`{name}` is not known", node, did_you_mean(name, others) or f"define `{name}`"
            )
        return self.static_value(found, node)

    def static(self, node: ast.expr) -> Any:
        """The Python object that a name of the module, or an attribute of one, stands for; MISSING for all else."""
        match node:
            case ast.Name(id=name):
                if name in self.body.locals or name in self.body.scope:
                    return MISSING
                return self.body.names.get(name, MISSING)
            case ast.Attribute(value=inner, attr=attribute):
                outer = self.static(inner)
                if isinstance(outer, ModuleType | type):
                    return getattr(outer, attribute, MISSING)
        return MISSING

    def static_value(self, found: Any, node: ast.expr) -> x.Expr:
        shown = ast.unparse(node)
        if is_data(found):
            value = self.constant(found, node)
            if not is_mutable(value.type):
                return value
            return self.body.constant(found, shown.rpartition(".")[2], value)
        if callable(found):
            raise self.body.problem(
                "SKY203", f"`{shown}` is a function or class, not a value", node, f"call it: `{shown}(...)`"
            )
        kind = type(found).__name__
        raise self.body.problem(
            "SKY203", f"`{shown}` is a {kind}, which a flow cannot carry", node, "use it inside a task"
        )
