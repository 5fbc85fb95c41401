"""The extents that types alone have: of numbers, choices, and what holds only these."""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.floats import Models
from skyloom.deployers.sizes.extent import (
    LARGEST_FLOAT,
    LARGEST_INTEGER,
    LARGEST_MOMENT,
    NOTHING,
    SMALLEST,
    UNKNOWN,
    Extent,
    either,
    exactly,
    in_a_row,
    joined,
)
from skyloom.flows.expr import types as t


def extent_of_type(of: t.Type, models: Models, around: frozenset[str] = frozenset()) -> Extent:
    """The extent of every value of the type. `around`: the models that it stands in: what holds itself has no bound."""
    match of:
        case t.NullType():
            return exactly(None)
        case t.BoolType():
            return Extent(len("true"), len("false"))
        case t.IntType():
            return Extent(SMALLEST, LARGEST_INTEGER)
        case t.FloatType():
            return Extent(SMALLEST, LARGEST_FLOAT)
        case t.DateTimeType():
            return Extent(2, LARGEST_MOMENT)
        case t.LiteralType(values=values):
            return either(map(exactly, values))
        case t.EnumType(members=members):
            return either(exactly(value) for _, value in members)
        case t.StrType() | t.BytesType() | t.ListType() | t.DictType() | t.ErrorType():
            return Extent(2)
        case t.TupleType(items=items):
            return joined(extent_of_type(item, models, around) for item in items)
        case t.UnionType(members=members):
            return either(extent_of_type(member, models, around) for member in members)
        case t.ModelType(name=name):
            return _model(name, models, around)
        case t.AnyType():
            return UNKNOWN
        case t.NeverType():
            return NOTHING
        case _:
            assert_never(of)


def _model(name: str, models: Models, around: frozenset[str]) -> Extent:
    if name not in models or name in around:
        return Extent(2)
    model, inside = models[name], around | {name}
    # A typed dictionary leaves out what is not required.
    always = model.flavour != "typeddict"
    fields = [(one, extent_of_type(one.type, models, inside)) for one in model.fields]
    entries = [(one.required or always, in_a_row((exactly(one.name), of), around=1)) for one, of in fields]
    least = joined(entry for needed, entry in entries if needed).least
    return Extent(least, joined(entry for _, entry in entries).most)
