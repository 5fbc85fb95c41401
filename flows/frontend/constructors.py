"""Compiles the construction of models."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend import fields as model_fields
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.unsupported import Unsupported

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Constructors:
    """Compiles the constructors of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def model(self, cls: type, node: ast.Call) -> x.Expr:
        types = self.body.builder.types
        if issubclass(cls, BaseException):
            raise self.body.problem(
                "SKY224", f"an exception is raised, not kept: `{cls.__name__}`", node, "write `raise ...`"
            )
        if model_fields.flavour(cls) is None:
            raise self.body.problem(
                "SKY224",
                f"`{cls.__name__}` is no model that a flow can build",
                node,
                "use a model, or build it in a task",
            )
        try:
            of = types.model(cls)
        except Unsupported as problem:
            raise self.body.problem("SKY502", problem.message, node, problem.hint) from None
        obstacle = types.constructible(of.name)
        if obstacle is not None:
            raise self.body.problem(
                "SKY225", f"a flow cannot build a `{of.name}`: {obstacle}", node, "build it in a task"
            )
        return self._built(of, node)

    def _built(self, of: t.ModelType, node: ast.Call) -> x.Expr:
        model = self.body.models[of.name]
        attributes = [field.attribute for field in model.fields]
        named: list[tuple[str, ast.expr]] = []
        if node.args and model.flavour != "dataclass":
            raise self.body.problem(
                "SKY226",
                f"`{of.name}` takes named arguments",
                node.args[0],
                f"write `{attributes[0]}=...`" if attributes else "it takes none",
            )
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.body.problem("SKY106", "`*` cannot stand in a call", argument, "name the fields")
        if len(node.args) > len(attributes):
            extra, hint = node.args[len(attributes)], f"its fields: {', '.join(attributes) or 'none'}"
            raise self.body.problem("SKY226", f"`{of.name}` takes {len(attributes)} arguments", extra, hint)
        named += list(zip(attributes, node.args, strict=False))
        by_key = {field.name if model.flavour == "pydantic" else field.attribute: field for field in model.fields}
        wrong = False
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.body.problem("SKY106", "`**` cannot stand in a call", keyword.value, "name the fields")
            if keyword.arg not in by_key:
                hint = did_you_mean(keyword.arg, by_key) or f"it has {', '.join(by_key) or 'none'}"
                self.body.report("SKY226", f"`{of.name}` has no field `{keyword.arg}`", keyword, hint)
                wrong = True
            elif keyword.arg in dict(named):
                self.body.report("SKY226", f"`{keyword.arg}` is given twice", keyword, "leave one out")
                wrong = True
            named.append((keyword.arg, keyword.value))
        missing = [k for k, f in by_key.items() if f.required and k not in dict(named)]
        if (missing and model.flavour != "typeddict") or any(by_key[m].required for m in missing):
            self.body.report("SKY226", f"`{of.name}` wants `{'`, `'.join(missing)}`", node, f"add `{missing[0]}=...`")
        if missing or wrong:
            raise Stop
        converts = model_fields.converts(self.body.builder.types.class_of(of.name))
        compiled = dict(zip((name for name, _ in named), self.expressions.operands([v for _, v in named]), strict=True))
        written = dict(named)
        given: dict[str, x.Expr] = {}
        for name, value in compiled.items():
            field = by_key[name]
            what = f"`{of.name}.{field.attribute}`"
            fit = self.expressions.fitting.converted if converts else self.expressions.fitting.kept
            given[field.name] = fit(value, field.type, written[name], what)
        self._check_defaults(of, given, node)
        return self._object(of, given, self.body.span(node))

    def _check_defaults(self, of: t.ModelType, given: dict[str, x.Expr], node: ast.Call) -> None:
        """No constructor converts its defaults: an int there would stay one."""
        for field in self.body.models[of.name].fields:
            if field.name not in given and self.body.builder.types.has_int_default(of.name, field.attribute):
                message = f"the default of `{of.name}.{field.attribute}` has an int where a float is wanted"
                shown = f"as `{field.default}`" if isinstance(field.default, float) else "with floats, such as `1.0`"
                hint = f"write the default {shown}, or give `{field.attribute}=...` here"
                self.body.report("SKY209", message, node, hint)

    def _object(self, of: t.ModelType, given: dict[str, x.Expr], span: Span) -> x.Expr:
        entries = []
        model = self.body.models[of.name]
        for field in model.fields:
            key = x.Literal(span=span, type=t.LiteralType((field.name,)), value=field.name)
            if field.name in given:
                entries.append(x.Entry(key=key, value=given[field.name]))
            elif model.flavour != "typeddict":
                entries.append(x.Entry(key=key, value=_constant(field.default, span)))
        return x.Object(span=span, type=of, entries=tuple(entries))

    def typed_dict(self, value: x.Object, of: t.ModelType, node: ast.AST, *, crosses: bool) -> x.Expr:
        """A dict display where a TypedDict is wanted."""
        model = self.body.models[of.name]
        keys = [entry.key.value if isinstance(entry.key, x.Literal) else None for entry in value.entries]
        known = {field.name: field for field in model.fields}
        wrong = [key for key in keys if key not in known]
        missing = [name for name, field in known.items() if field.required and name not in keys]
        if model.flavour != "typeddict" or wrong or missing:
            names = ", ".join(known)
            raise self.body.problem(
                "SKY209",
                f"a dict stands where a `{of.name}` is wanted",
                node,
                f"give it the keys {names}" if model.flavour == "typeddict" else f"write `{of.name}(...)`",
            )
        fit = self.expressions.fitting.converted if crosses else self.expressions.fitting.kept
        given = {
            str(key): fit(entry.value, known[str(key)].type, node, f"`{of.name}[{key!r}]`")
            for key, entry in zip(keys, value.entries, strict=True)
        }
        return self._object(of, given, value.span)


def _constant(value: Any, span: Span) -> x.Expr:
    """The default of a field, as an expression."""
    match value:
        case list():
            items = tuple(_constant(item, span) for item in value)
            return x.Array(span=span, type=t.ListType(t.union(*(i.type for i in items))), items=items)
        case dict():
            entries = tuple(x.Entry(key=_constant(k, span), value=_constant(v, span)) for k, v in value.items())
            inner = t.union(*(entry.value.type for entry in entries))
            return x.Object(span=span, type=t.DictType(inner), entries=entries)
        case None:
            return x.Literal(span=span, type=t.NULL, value=None)
        case float():
            return x.Literal(span=span, type=t.FLOAT, value=value)
        case _:
            return x.Literal(span=span, type=t.LiteralType((value,)), value=value)
