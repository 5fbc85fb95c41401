"""Compiles calls: tells steps, builtins, methods and constructors apart."""

from __future__ import annotations

import ast
import builtins
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.rules import widen
from skyloom.flows.frontend.body import Body, Stop, did_you_mean, with_article
from skyloom.flows.frontend.builtin_calls import catalog_name
from skyloom.flows.frontend.syntax import BUILTIN_HINTS, MISSING, MUTATORS

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Calls:
    """Compiles the calls of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def value(self, node: ast.Call) -> x.Expr:
        """Any call."""
        if isinstance(node.func, ast.Attribute) and self.expressions.names.static(node.func) is MISSING:
            return self._method(node, node.func)
        found = self.expressions.names.static(node.func)
        if found is MISSING:
            return self._unknown(node)
        if isinstance(found, Task | Prompt | Flow):
            return self.expressions.steps.invoke(found, node)
        own = self.expressions.steps.construct(found)
        if own is not None:
            return own(node)
        name = catalog_name(found)
        if name is not None and name in BUILTINS:
            return self.expressions.builtins.call(name, node, node.args)
        shown = ast.unparse(node.func)
        if found is not isinstance and vars(builtins).get(shown) is found and not _is_error(found):
            hint = BUILTIN_HINTS.get(shown) or did_you_mean(shown, BUILTINS) or "do it inside a task"
            raise self.body.problem("SKY220", f"the builtin `{shown}` is not in the language", node.func, hint)
        if isinstance(found, type):
            return self.expressions.constructors.model(found, node)
        if found is isinstance:
            raise self.body.problem(
                "SKY221", "`isinstance` has no meaning on JSON", node, "test a Literal field, or `is not None`"
            )
        if callable(found):
            mine = isinstance(node.func, ast.Name) and not _is_library(found)
            message = f"`{shown}` is a plain function; a flow calls tasks, prompts and flows"
            hint = f"mark it: `@task` above `def {shown}`" if mine else "call it inside a task"
            raise self.body.problem("SKY203", message, node.func, hint)
        raise self.body.problem("SKY203", f"`{shown}` cannot be called", node.func, "call a task, prompt or flow")

    def _unknown(self, node: ast.Call) -> x.Expr:
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if self.body.scope.variable(name).poisoned:
                raise Stop
            if name in self.body.scope:
                raise self.body.problem("SKY203", f"`{name}` is a value and cannot be called", node.func, "call a task")
            known = [k for k, v in self.body.names.items() if callable(v) and not k.startswith("_")]
            raise self.body.problem(
                "SKY201", f"`{name}` is not known", node.func, did_you_mean(name, known) or "define it as a task"
            )
        raise self.body.problem("SKY203", "only names can be called", node.func, "give the task a name")

    def _method(self, node: ast.Call, func: ast.Attribute) -> x.Expr:
        outer = self.expressions.names.static(func.value)
        if outer is not MISSING and isinstance(outer, type(json) | type):
            hint = did_you_mean(func.attr, [n for n in vars(outer) if not n.startswith("_")])
            raise self.body.problem(
                "SKY204", f"`{ast.unparse(func.value)}` has no `{func.attr}`", func, hint or "check the name"
            )
        written = self.expressions.value(func.value)
        of = self.expressions.displays.as_dict(written)
        family = _family(of.type)
        name = f"{family}.{func.attr}"
        if name in BUILTINS:
            result = self.expressions.builtins.call(name, node, node.args, of)
            return result if written is of else self._from_typed_dict(result, cast(t.ModelType, written.type))
        if func.attr in ("append", "extend") and family == "list":
            raise self.body.problem(
                "SKY222", f"`.{func.attr}` gives no value", node, "let it stand on a line of its own"
            )
        if func.attr in MUTATORS:
            raise self.body.problem("SKY223", f"`.{func.attr}` is not in the language", func, MUTATORS[func.attr])
        if t.NULL in t.members(of.type) and len(t.members(of.type)) > 1:
            shown = ast.unparse(func.value)
            raise self.body.problem("SKY206", f"`{shown}` may be None", func, f"test `if {shown} is not None:` first")
        if family == "model":
            raise self.body.problem(
                "SKY207",
                f"`{func.attr}` of `{t.show(of.type)}` is a method",
                func,
                "a flow reads fields; do it in a task",
            )
        known = [n.partition(".")[2] for n in BUILTINS if n.startswith(f"{family}.")]
        hint = did_you_mean(func.attr, known) or (f"it has {', '.join(known)}" if known else "do it inside a task")
        raise self.body.problem("SKY204", f"{with_article(t.show(of.type))} has no method `{func.attr}`", func, hint)

    def _from_typed_dict(self, result: x.Expr, of: t.ModelType) -> x.Expr:
        """`row.get("key")` on a TypedDict gives that key's type."""
        if not isinstance(result, x.Call) or result.function != "dict.get":
            return result
        key = result.arguments[1]
        for field in self.body.models[of.name].fields:
            if isinstance(key, x.Literal) and field.name == key.value:
                default = result.arguments[2].type if len(result.arguments) > 2 else t.NULL
                return replace(result, type=field.type if field.required else t.union(field.type, default))
        return result


def _is_library(found: Any) -> bool:
    """Whether the user did not write it: the standard library or an installed package."""
    file = getattr(getattr(found, "__code__", None), "co_filename", None)
    return file is None or "site-packages" in file or file.startswith(str(Path(os.__file__).parent))


def _is_error(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseException)


def _family(of: t.Type) -> str:
    """The catalog's word for the type of a method's object."""
    match widen(of):
        case t.StrType():
            return "str"
        case t.ListType() | t.TupleType():
            return "list"
        case t.DictType():
            return "dict"
        case t.DateTimeType():
            return "datetime"
        case t.ModelType():
            return "model"
        case _:
            return "value"
