"""How large values of a type become, and whether an expression may give a number that nothing can carry."""

from __future__ import annotations

from skyloom.flows.expr import types as t
from skyloom.flows.expr.nodes import Binary, Call, Expr, walk
from skyloom.flows.expr.properties import holds, is_number, widen

_KEEPING = frozenset(
    {"abs", "dict.get", "enumerate", "len", "list.count", "list.index", "max", "min", "range", "reversed", "sorted"}
    | {"dict", "dict.copy", "dict.items", "dict.keys", "dict.values", "list", "list.copy", "tuple", "zip"}
    | {"str.count", "str.find", "str.index", "str.rfind"}
)
"""Builtins that give numbers which are there already, or count."""


def is_bounded(of: t.Type) -> bool:
    """Whether values of the type are small, whatever a run is given: numbers, and one of some known values."""
    match of:
        case t.NullType() | t.BoolType() | t.IntType() | t.FloatType() | t.DateTimeType() | t.NeverType():
            return True
        case t.LiteralType() | t.EnumType():
            return True
        case t.UnionType(members=inner) | t.TupleType(items=inner):
            return all(map(is_bounded, inner))
        case _:
            return False


def makes_numbers(expr: Expr) -> bool:
    """Whether new numbers may stand in the value: such as no cloud carries, infinite or too large, among them."""
    if holds(widen(expr.type), lambda leaf: isinstance(leaf, t.StrType | t.BoolType | t.NullType | t.EnumType)):
        return False
    return any(map(_makes, walk(expr)))


def _makes(node: Expr) -> bool:
    match node:
        case Binary(type=of):
            return is_number(of)
        case Call(function=name, type=of):
            return name not in _KEEPING and not holds(widen(of), lambda leaf: isinstance(leaf, t.StrType | t.BoolType))
        case _:
            return False
