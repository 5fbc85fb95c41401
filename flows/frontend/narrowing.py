"""What a test tells about types: `x is None`, `x`, `not x`, `x.kind == "a"`, `and`, `or`."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from skyloom.flows.expr.rules import truth
from skyloom.flows.expr.types import (
    BOOL,
    INT,
    NEVER,
    NULL,
    STR,
    EnumType,
    LiteralType,
    ModelType,
    Type,
    members,
    union,
    without_null,
)
from skyloom.flows.frontend.scope import Place, Scope, join
from skyloom.flows.ir.program import ModelDefinition

_FALSE: dict[Type, str | int | bool] = {BOOL: False, INT: 0, STR: ""}
"""The one value of a type that counts as false."""

Models = Mapping[str, ModelDefinition]


def place_of(node: ast.expr) -> Place | None:
    """The variable or field that `node` names."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=inner, attr=attribute):
            outer = place_of(inner)
            return None if outer is None else (*outer, attribute)
        case _:
            return None


def type_at(place: Place, scope: Scope, models: Models) -> Type | None:
    """The type of a variable or field, as narrowed so far; None where it is not known."""
    fact = scope.fact(place)
    if fact is not None:
        return fact
    if len(place) == 1:
        return scope.variable(place[0]).type
    outer = type_at(place[:-1], scope, models)
    return None if outer is None else field_type(outer, place[-1], models)


def field_type(of: Type, attribute: str, models: Models) -> Type | None:
    """The type of a field that every alternative has."""
    found = []
    for member in members(of):
        if not isinstance(member, ModelType):
            return None
        fields = [field.type for field in models[member.name].fields if field.attribute == attribute]
        if not fields:
            return None
        found.append(fields[0])
    return union(*found)


def assume(test: ast.expr, outcome: bool, scope: Scope, models: Models) -> Scope:
    """The scope behind `test` when it came out as `outcome`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return assume(operand, not outcome, scope, models)
        case ast.BoolOp(op=operator, values=values):
            return _assume_all(values, isinstance(operator, ast.And), outcome, scope, models)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _assume_comparison(left, operator, right, outcome, scope, models)
        case _:
            place = place_of(test)
            of = None if place is None else type_at(place, scope, models)
            if place is None or of is None or (not outcome and truth(of) == "always_true"):
                return scope
            return scope.narrowed({place: truthy(of) if outcome else falsy(of)})


def _assume_all(values: list[ast.expr], conjunction: bool, outcome: bool, scope: Scope, models: Models) -> Scope:
    """`and` that is true and `or` that is false tell about every operand; otherwise one of them decided."""
    if conjunction == outcome:
        for value in values:
            scope = assume(value, outcome, scope, models)
        return scope
    ways = []
    for value in values:
        ways.append(assume(value, outcome, scope, models))
        scope = assume(value, not outcome, scope, models)
    return join(*ways)


def _assume_comparison(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, outcome: bool, scope: Scope, models: Models
) -> Scope:
    if isinstance(operator, ast.IsNot | ast.NotEq | ast.NotIn):
        outcome = not outcome
    values = _constants(right, operator)
    place = place_of(left)
    of = None if place is None else type_at(place, scope, models)
    if values is None or place is None or of is None:
        return scope
    facts: dict[Place, Type] = {place: _only(of, values) if outcome else _without(of, values)}
    if len(place) > 1:
        outer = type_at(place[:-1], scope, models)
        if outer is not None:
            kept = [m for m in members(outer) if _possible(m, place[-1], values, outcome, models)]
            facts[place[:-1]] = union(*kept)
    return scope.narrowed(facts)


def _constants(node: ast.expr, operator: ast.cmpop) -> tuple[object, ...] | None:
    match operator, node:
        case ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq(), ast.Constant(value=value):
            return (value,)
        case ast.In() | ast.NotIn(), ast.Tuple(elts=items) | ast.List(elts=items):
            if all(isinstance(item, ast.Constant) for item in items):
                return tuple(item.value for item in items if isinstance(item, ast.Constant))
    return None


def _same(one: object, other: object) -> bool:
    return one == other


def _only(of: Type, values: tuple[object, ...]) -> Type:
    """`of` when the value is one of `values`."""
    kept: list[Type] = []
    for member in members(of):
        if isinstance(member, LiteralType):
            fitting = tuple(v for v in member.values if any(_same(v, value) for value in values))
            kept += [LiteralType(fitting)] if fitting else []
        elif member == NULL:
            kept += [NULL] if None in values else []
        elif not all(value is None for value in values):
            kept.append(member)
    return union(*kept)


def _without(of: Type, values: tuple[object, ...]) -> Type:
    """`of` when the value is none of `values`."""
    kept: list[Type] = []
    for member in members(of):
        if isinstance(member, LiteralType):
            fitting = tuple(v for v in member.values if not any(_same(v, value) for value in values))
            kept += [LiteralType(fitting)] if fitting else []
        elif member != NULL or None not in values:
            kept.append(member)
    return union(*kept)


def _possible(of: Type, attribute: str, values: tuple[object, ...], outcome: bool, models: Models) -> bool:
    """Whether the alternative `of` may have a field with one of `values` (or, with outcome false, with none)."""
    inner = field_type(of, attribute, models)
    if inner is None:
        return True
    return (_only(inner, values) if outcome else _without(inner, values)) != NEVER


def truthy(of: Type) -> Type:
    """`of` when its truth test came out true."""
    kept: list[Type] = []
    for member in members(without_null(of)):
        if isinstance(member, LiteralType):
            values = tuple(value for value in member.values if value)
            kept += [LiteralType(values)] if values else []
        else:
            kept.append(LiteralType((True,)) if member == BOOL else member)
    return union(*kept)


def falsy(of: Type) -> Type:
    """`of` when its truth test came out false."""
    kept: list[Type] = []
    for member in members(of):
        if isinstance(member, LiteralType):
            values = tuple(value for value in member.values if not value)
            kept += [LiteralType(values)] if values else []
        elif member in _FALSE:
            kept.append(LiteralType((_FALSE[member],)))
        elif isinstance(member, EnumType) or truth(member) != "always_true":
            kept.append(member)
    return union(*kept)
