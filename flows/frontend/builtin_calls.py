"""Compiles calls of the catalog: builtins, methods, functions of modules."""

from __future__ import annotations

import ast
import builtins
import json
import math
from typing import TYPE_CHECKING, Any, cast

from skyloom.flows import constructs, policy
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS, NoSignature, accepts, call_type, takes_next
from skyloom.flows.expr.rules import iteration_type
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.syntax import MISSING

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

_MODULES = {"json": json, "math": math, "": builtins}


def _catalog() -> dict[int, str]:
    """The catalog's functions, by the identity of the Python object behind them."""
    found: dict[int, str] = {}
    for name in BUILTINS:
        module, _, function = name.rpartition(".")
        if module in _MODULES and hasattr(_MODULES[module], function):
            found[id(getattr(_MODULES[module], function))] = name
        elif module == "str":
            found[id(getattr(str, function))] = name
    for own in (constructs.sha256, policy.seconds, policy.minutes, policy.hours, policy.days):
        found[id(own)] = own.__name__
    return found


_FUNCTIONS = _catalog()
_LAZY = frozenset({"any", "all"})
_TRUTHS = frozenset({"bool", "any", "all"})


def catalog_name(found: Any) -> str | None:
    """The catalog's name of a Python function; None where it is not in the catalog."""
    return _FUNCTIONS.get(id(found))


class BuiltinCalls:
    """Compiles the calls of the catalog in one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def call(self, name: str, node: ast.Call, arguments: list[ast.expr], of: x.Expr | None = None) -> x.Expr:
        before = [] if of is None else [of]
        start = len(self.body.block)
        keys = [k for k in node.keywords if isinstance(k.value, ast.Lambda) or self._named_function(k.value)]
        plain = [keyword for keyword in node.keywords if keyword not in keys]
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.body.problem("SKY106", "`**` cannot stand in a call", keyword.value, "name the arguments")
        written = [*arguments, *(keyword.value for keyword in plain)]
        offset = len(before)
        positions: list[int] = [start] * offset
        compiled = list(before)
        for index, argument in enumerate(written):
            position = index + offset if index < len(arguments) else None
            compiled.append(self._argument(name, argument, position))
            positions.append(len(self.body.block))
        compiled = self.expressions.in_order(compiled, positions)
        positional, named = compiled[: offset + len(arguments)], compiled[offset + len(arguments) :]
        keywords = [x.Named(name=str(k.arg), value=v) for k, v in zip(plain, named, strict=True)]
        keywords += [x.Named(name=str(k.arg), value=self._key_function(k, positional)) for k in keys]
        for value in positional:
            if name not in ("bool", "list", "len", "str", "json.dumps"):
                self.expressions.operators.refuse_unknown(value, value.span, f"`{name}`")
        if name in _TRUTHS and positional:
            asked = positional[0].type
            inner = asked if name == "bool" else iteration_type(asked) or asked
            self.expressions.operators.refuse_decision(inner, arguments[0], "" if name == "bool" else "each")
        types, options = [value.type for value in positional], {k.name: k.value.type for k in keywords}
        try:
            result = call_type(name, types, options)
        except NoSignature as problem:
            message, _, better = problem.message.partition("; ")
            hint = better or problem.hint or BUILTINS[name].meaning
            if _but_for_none(name, types, options):
                hint = "it may be None: test `is not None` first"
            raise self.body.problem("SKY216", message, node, hint) from None
        while keywords and takes_next(name, len(positional), keywords[0].name):
            positional.append(keywords.pop(0).value)
        return x.Call(
            span=self.body.span(node), type=result, function=name, arguments=tuple(positional), keywords=tuple(keywords)
        )

    def _argument(self, name: str, node: ast.expr, position: int | None) -> x.Expr:
        if isinstance(node, ast.Starred):
            raise self.body.problem(
                "SKY106", "`*` cannot stand in a call", node, "name the arguments, or pass the list itself"
            )
        if isinstance(node, ast.GeneratorExp):
            if position is None or not accepts(name, position, "iterator"):
                raise self.body.problem(
                    "SKY118", "a generator expression cannot stand here", node, "write a list: `[...]`"
                )
            return self.expressions.comprehensions.value(node, lazy=name in _LAZY)
        value = self.expressions.iterable(node)
        if isinstance(value, x.Call):
            gives = BUILTINS[value.function].gives
            if gives != "value" and (position is None or not accepts(name, position, gives)):
                return self.expressions.value(node)
        return value

    def _named_function(self, node: ast.expr) -> str | None:
        """The catalog's name of a function that is passed as it is: `key=len`, `key=str.lower`."""
        found = self.expressions.names.static(node)
        return None if found is MISSING else catalog_name(found)

    def _key_function(self, keyword: ast.keyword, positional: list[x.Expr]) -> x.Function:
        named = self._named_function(keyword.value)
        if named is not None:
            return self._named_key(named, keyword, positional)
        function = cast(ast.Lambda, keyword.value)
        arguments = function.args
        if keyword.arg != "key":
            raise self.body.problem(
                "SKY101", "`lambda` stands only as `key=`", function, "write a comprehension, or a task"
            )
        if (
            len(arguments.args) != 1
            or arguments.vararg
            or arguments.kwarg
            or arguments.kwonlyargs
            or arguments.defaults
        ):
            raise self.body.problem(
                "SKY101", "a key function takes one argument", function, "write `key=lambda item: ...`"
            )
        parameter = arguments.args[0].arg
        inner = self.body.scope.copy()
        inner.assign(parameter, _compared(positional), Ownership.SHARED)
        with self.body.in_scope(inner), self.body.inner_block() as block:
            result = self.expressions.value(function.body)
        if block:
            raise self.body.problem(
                "SKY119", "a key function calls no task", block[0].span, "compute the keys in a list first"
            )
        return x.Function(span=self.body.span(function), type=result.type, parameter=parameter, body=result)

    def _named_key(self, named: str, keyword: ast.keyword, positional: list[x.Expr]) -> x.Function:
        span = self.body.span(keyword.value)
        item = x.Name(span=span, type=_compared(positional), name="_item")
        try:
            of = call_type(named, [item.type])
        except NoSignature as problem:
            raise self.body.problem("SKY216", problem.message, keyword.value, problem.hint) from None
        body = x.Call(span=span, type=of, function=named, arguments=(item,))
        return x.Function(span=span, type=of, parameter="_item", body=body)


def _but_for_none(name: str, types: list[t.Type], options: dict[str, t.Type]) -> bool:
    """Whether the arguments would fit if none of them could be None."""
    known = [t.without_null(of) if of != t.NULL else of for of in types]
    named = {key: t.without_null(of) if of != t.NULL else of for key, of in options.items()}
    if (known, named) == (types, options):
        return False
    try:
        call_type(name, known, named)
    except NoSignature:
        return False
    return True


def _compared(positional: list[x.Expr]) -> t.Type:
    """The type of what a key function gets."""
    if len(positional) == 1:
        return iteration_type(positional[0].type) or t.ANY
    return t.union(*(value.type for value in positional))
