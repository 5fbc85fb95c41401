"""Which types hold floats: JSON on its way through a cloud writes 2.0 as 2, and Python tells the two apart."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.flows.expr import types as t
from skyloom.flows.ir.program import ModelDefinition

Models = Mapping[str, ModelDefinition]


def has_floats(of: t.Type, models: Models) -> bool:
    """Whether a value of the type may be, or hold, a float."""
    inside = models_in(of, models)
    parts = [of, *(field.type for name in inside for field in models[name].fields)]
    return any(isinstance(leaf, t.FloatType) for part in parts for leaf in leaves(part))


def models_in(of: t.Type, models: Models) -> frozenset[str]:
    """The models that stand in the type, directly or inside other models."""
    found: set[str] = set()
    waiting = [of]
    while waiting:
        for leaf in leaves(waiting.pop()):
            if isinstance(leaf, t.ModelType) and leaf.name not in found and leaf.name in models:
                found.add(leaf.name)
                waiting += [field.type for field in models[leaf.name].fields]
    return frozenset(found)


def leaves(of: t.Type) -> list[t.Type]:
    """The types inside a type that are no containers themselves."""
    match of:
        case t.ListType(item=inner) | t.DictType(value=inner):
            return leaves(inner)
        case t.TupleType(items=parts) | t.UnionType(members=parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case _:
            return [of]
