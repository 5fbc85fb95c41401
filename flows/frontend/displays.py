"""Compiles list, tuple and dict displays."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.rules import assignable, iteration_type, widen
from skyloom.flows.frontend.body import Body, retyped

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Displays:
    """Compiles the displays of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def array(self, node: ast.List | ast.Tuple) -> x.Expr:
        inner = [item.value if isinstance(item, ast.Starred) else item for item in node.elts]
        spread = [isinstance(item, ast.Starred) for item in node.elts]
        compiled = self.expressions.operands(inner, self.expressions.iterable)
        items: list[x.Expr] = []
        types: list[t.Type] = []
        for value, is_spread, written in zip(compiled, spread, node.elts, strict=True):
            if not is_spread:
                if isinstance(value, x.Call) and BUILTINS[value.function].gives != "value":
                    self.expressions.value(written)
                items.append(value)
                types.append(value.type)
                continue
            element = iteration_type(value.type)
            if element is None:
                raise self.body.problem(
                    "SKY214", f"`*` needs a list, not `{t.show(value.type)}`", written, "spread a list"
                )
            items.append(x.Spread(span=value.span, type=value.type, value=value))
            if isinstance(node, ast.Tuple) and isinstance(value.type, t.TupleType):
                types += value.type.items
            elif isinstance(node, ast.Tuple):
                raise self.body.problem(
                    "SKY214", "the length of this tuple is not known", written, "write a list: `[*...]`"
                )
            else:
                types.append(element)
        of = t.TupleType(tuple(types)) if isinstance(node, ast.Tuple) else t.ListType(element_type(types))
        return x.Array(span=self.body.span(node), type=of, items=tuple(items))

    def dictionary(self, node: ast.Dict) -> x.Expr:
        flat = [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
        compiled = iter(self.expressions.operands(flat))
        entries: list[x.Entry] = []
        types: list[t.Type] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.as_dict(next(compiled))
                if not isinstance(inner.type, t.DictType):
                    message = f"`**` needs a dict, not `{t.show(inner.type)}`"
                    raise self.body.problem("SKY214", message, value, "spread a dict[str, ...]")
                entries.append(x.Entry(key=None, value=x.Spread(span=inner.span, type=inner.type, value=inner)))
                types.append(inner.type.value)
                continue
            compiled_key, compiled_value = next(compiled), next(compiled)
            self._check_key(compiled_key, key)
            entries.append(x.Entry(key=compiled_key, value=compiled_value))
            types.append(compiled_value.type)
        return x.Object(span=self.body.span(node), type=t.DictType(element_type(types)), entries=tuple(entries))

    def as_dict(self, value: x.Expr) -> x.Expr:
        """A TypedDict as the dict that it is; any other value as it is."""
        if isinstance(value.type, t.ModelType) and self.body.models[value.type.name].flavour == "typeddict":
            fields = self.body.models[value.type.name].fields
            return retyped(value, t.DictType(t.union(*(field.type for field in fields))))
        return value

    def _check_key(self, key: x.Expr, node: ast.expr) -> None:
        if not assignable(key.type, t.STR):
            message = f"a key is a str, not `{t.show(widen(key.type))}`"
            raise self.body.problem("SKY208", message, node, "write `str(...)`: object keys are texts in JSON")


def element_type(types: Sequence[t.Type]) -> t.Type:
    """The type of the elements of a display: several kinds of lists become lists of several kinds, and so with dicts,
    because elements may be added to any of them."""
    joined = t.members(t.union(*types))
    lists = [member for member in joined if isinstance(member, t.ListType)]
    dicts = [member for member in joined if isinstance(member, t.DictType)]
    rest: list[t.Type] = [member for member in joined if not isinstance(member, t.ListType | t.DictType)]
    if lists:
        rest.append(t.ListType(element_type([one.item for one in lists])))
    if dicts:
        rest.append(t.DictType(element_type([one.value for one in dicts])))
    return t.union(*rest)
