"""Lists with a place for each result of a map, before there are results."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.texts import expression, inner, quoted
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import (
    ANY,
    BoolType,
    DateTimeType,
    EnumType,
    FloatType,
    IntType,
    LiteralType,
    NullType,
    StrType,
    members,
)
from skyloom.flows.ir import nodes as ir

Json = Any

_SMALL = BoolType | DateTimeType | EnumType | FloatType | IntType | LiteralType | NullType | StrType
"""Types of items of which a copy costs little, where they are no long texts."""
_ROOT = 32
"""Of the number of items for which there are nulls: 1,024."""


def places_for(context: Context, step: ir.Map, items: Json, results: str) -> list[tuple[str, Json]]:
    """A list with a place for each result: a copy of the items has the right length. Where these may be large a copy
    takes memory that an execution does not have: then nulls, as long as there are not very many."""
    of = iteration_type(step.items.type) or ANY
    text = inner(items)
    if text is None or all(isinstance(member, _SMALL) for member in members(of)):
        return [(results, items)]
    nulls = context.variable("nulls")
    many = f"text.replace_all({quoted('.' * _ROOT)}, {quoted('.')}, {quoted('null,' * _ROOT)})"
    count, most = f"len({text})", _ROOT * _ROOT
    end = f"math.max(0, math.min({5 * most - 1}, 5 * {count} - 1))"
    few = f'json.decode("[" + text.substring({nulls}, 0, {end}) + "]")'
    places = expression(f"if({count} <= {most}, {few}, {text})")
    # The text is of no use any more, and would weigh 5 KB as long as the map goes on.
    return [(nulls, expression(many)), (results, places), (nulls, None)]
