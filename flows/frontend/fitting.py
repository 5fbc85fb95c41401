"""Whether a value fits where it stands, and what it becomes there."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from skyloom.flows import constructs
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable, widen
from skyloom.flows.frontend.body import Body, did_you_mean, with_article
from skyloom.flows.frontend.floats import as_floats, gains

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions


class Fitting:
    """Fits values to the types that are wanted."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def fitted(
        self,
        value: x.Expr,
        of: t.Type,
        node: ast.AST,
        what: str,
        *,
        checked: bool = False,
        crosses: bool = False,
    ) -> x.Expr:
        """`value` where a value `of` a type is wanted; a dict display where a TypedDict is wanted becomes that.

        Args:
            what: what wants it, for the message.
            checked: a value of unknown type passes, because its receiver checks it.
            crosses: the value crosses a step, which makes floats of ints.
        """
        if isinstance(value, x.Object) and isinstance(of, t.ModelType) and isinstance(value.type, t.DictType):
            return self.expressions.constructors.typed_dict(value, of, node, crosses=crosses)
        if not (checked and isinstance(value.type, t.AnyType)) and not assignable(value.type, of):
            self._refuse_fit(value, of, node, what)
        if not assignable(_apart(value.type), _apart(of)) and assignable(value.type, of):
            self._refuse_bool(value, of, node, what)
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

    def kept(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> x.Expr:
        """As `fitted`, where Python keeps an int that stands for a float: there it is refused, because what has the
        type `float` is a float on every engine."""
        value = self.fitted(value, of, node, what)
        if gains(value.type, of):
            have, want = t.show(_plain(value.type)), t.show(of)
            message = f"{what} wants `{want}`, and this is `{have}`, which Python does not convert here"
            whole = _an_int(value)
            hint = "write `float(...)` where the ints come from" if whole is None else f"write `{whole}.0`"
            raise self.body.problem("SKY209", message, node, hint)
        return value

    def converted(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> x.Expr:
        """As `fitted`, where pydantic makes floats of ints that stand for floats."""
        value = self.fitted(value, of, node, what, crosses=True)
        found = as_floats(value, of)
        if found is None:
            have, want = t.show(_plain(value.type)), t.show(of)
            message = f"{what} wants `{want}`, and this is `{have}`, whose ints would become floats"
            raise self.body.problem("SKY209", message, node, "write `float(...)` where the numbers come from")
        return found

    def _refuse_bool(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> None:
        """Python takes a bool for a number, but JSON does not, and its text is another one."""
        written = ast.unparse(node) if isinstance(node, ast.expr) else "flag"
        hint = f"write `int({written})`" if widen(value.type) == t.BOOL and len(written) <= 40 else "write `int(flag)`"
        have = t.show(_plain(value.type))
        raise self.body.problem("SKY209", f"{what} wants `{t.show(of)}`, and this is `{have}`", node, hint)

    def _where_a_type_is_named(self, node: ast.AST, want: str) -> str:
        if isinstance(node, ast.Call) and self.expressions.names.static(node.func) is constructs.wait_for:
            event = ast.unparse(node.args[0]) if node.args else "event"
            return f"name the type of what the event brings: `wait_for({event}, {want}, ...)`"
        return f"the type of this value is not known: annotate where it comes from, as `{want}`"

    def _refuse_fit(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> None:
        have, want = _shown(value, of), t.show(of)
        hint = f"give {with_article(want)}"
        if value.type != t.NULL and t.NULL in t.members(value.type) and assignable(t.without_null(value.type), of):
            hint = "it may be None: test `is not None` first"
        elif isinstance(value.type, t.AnyType):
            hint = self._where_a_type_is_named(node, want)
        elif isinstance(value, x.Literal) and isinstance(of, t.LiteralType) and isinstance(value.value, str):
            hint = did_you_mean(value.value, of.values) or f"one of {', '.join(map(repr, of.values))}"
        raise self.body.problem("SKY209", f"{what} wants `{want}`, and this is {have}", node, hint)


def _an_int(value: x.Expr) -> int | None:
    """An int that is written out where the value, or an element of it, is."""
    match value:
        case x.Literal(value=int() as number) if not isinstance(number, bool):
            return number
        case x.Unary(operator="-", operand=x.Literal(value=int() as number)) if not isinstance(number, bool):
            return -number
        case x.Array(items=parts):
            return next((found for part in parts if (found := _an_int(part)) is not None), None)
        case x.Object(entries=entries):
            return next((found for entry in entries if (found := _an_int(entry.value)) is not None), None)
        case _:
            return None


def _shown(value: x.Expr, of: t.Type) -> str:
    """The type of a value that does not fit; exact values matter only where exact values are wanted."""
    if any(isinstance(one, t.LiteralType) for one in t.members(of)):
        return f"`{t.show(value.type)}`"
    shown = f"`{t.show(_plain(value.type))}`"
    return f"{shown} ({value.value!r})" if isinstance(value, x.Literal) and value.value is not None else shown


def _plain(of: t.Type) -> t.Type:
    """The type without exact values, also inside of containers."""
    match of:
        case t.LiteralType():
            return widen(of)
        case t.UnionType(members=parts):
            return t.union(*map(_plain, parts))
        case t.ListType(item=inner):
            return replace(of, item=_plain(inner))
        case t.DictType(value=inner):
            return t.DictType(_plain(inner))
        case t.TupleType(items=items):
            return t.TupleType(tuple(map(_plain, items)))
        case _:
            return of


def _apart(of: t.Type) -> t.Type:
    """The type with its booleans as something that is no number."""
    match of:
        case t.BoolType():
            return t.union(_TRUE, _FALSE)
        case t.LiteralType(values=values):
            exact = tuple(value for value in values if not isinstance(value, bool))
            bools = [_TRUE if value else _FALSE for value in values if isinstance(value, bool)]
            return t.union(*bools, *([t.LiteralType(exact)] if exact else []))
        case t.UnionType(members=parts):
            return t.union(*map(_apart, parts))
        case t.ListType(item=inner):
            return t.ListType(_apart(inner))
        case t.DictType(value=inner):
            return t.DictType(_apart(inner))
        case t.TupleType(items=items):
            return t.TupleType(tuple(map(_apart, items)))
        case _:
            return of


_TRUE, _FALSE = t.ModelType("True"), t.ModelType("False")
"""No class has such a name."""
