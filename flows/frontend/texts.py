"""Compiles f-strings, and the text of values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import NoSignature, call_type
from skyloom.flows.expr.rules import formattable, widen
from skyloom.flows.frontend.body import Body

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Texts:
    """Compiles the texts of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def fstring(self, node: ast.JoinedStr) -> x.Expr:
        holes = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        compiled = iter(self.expressions.operands([hole.value for hole in holes]))
        parts: list[x.Expr] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(self.expressions.names.constant(part.value, part))
            elif isinstance(part, ast.FormattedValue):
                parts.append(self._hole(next(compiled), part))
        return x.Format(span=self.body.span(node), type=t.STR, parts=tuple(parts))

    def _hole(self, value: x.Expr, node: ast.FormattedValue) -> x.Expr:
        if node.conversion not in (-1, ord("s")):
            hint = "use the plain value, or json.dumps(...)"
            raise self.body.problem("SKY112", "`!r` and `!a` are not in the language", node.value, hint)
        if node.conversion == ord("s"):
            value = self.text(value, node.value)
        if node.format_spec is not None:
            return self._formatted(value, node)
        return self.text(value, node.value)

    def text(self, value: x.Expr, node: ast.AST) -> x.Expr:
        """`str(value)`."""
        if isinstance(widen(value.type), t.StrType):
            return value
        if not formattable(value.type):
            raise self.body.problem(
                "SKY215",
                f"the text of a `{t.show(value.type)}` is Python's own affair",
                node,
                "name the fields you want, or use json.dumps(...)",
            )
        return x.Call(span=value.span, type=t.STR, function="str", arguments=(value,))

    def _formatted(self, value: x.Expr, node: ast.FormattedValue) -> x.Expr:
        spec = node.format_spec
        assert isinstance(spec, ast.JoinedStr)
        if not all(isinstance(part, ast.Constant) for part in spec.values):
            raise self.body.problem("SKY112", "a format must be constant", node.value, "write the format out: `.2f`")
        text = "".join(str(part.value) for part in spec.values if isinstance(part, ast.Constant))
        literal = x.Literal(span=self.body.span(node), type=t.LiteralType((text,)), value=text)
        try:
            of = call_type("format", [value.type, literal.type])
        except NoSignature as problem:
            raise self.body.problem("SKY216", problem.message, node.value, problem.hint) from None
        return x.Call(span=self.body.span(node), type=of, function="format", arguments=(value, literal))
