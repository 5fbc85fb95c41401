"""How far a workflow looks into a value: at nothing of it, at all of it, or at the value itself and at parts of it.

    {"*": {"words": true}}    the list itself, its elements themselves, and of each the field `words`

What nobody looks at may wait in a bucket while a pointer stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from skyloom.deployers.floats import Models, leaves
from skyloom.flows.expr import types as t

Looks = bool | Mapping[str, "Looks"]
"""False: at nothing. True: at all of it. A mapping: at the container itself, and into its parts by their keys, the
positions of a tuple and the JSON keys of a model; a key that is not there is that of `EACH`, or nobody looks there."""

EACH = "*"
"""The key of every part that has no key of its own."""

ITSELF: Looks = {}
"""A container, and none of its parts. A text or a number has no parts: itself is all of it."""

_DEEPEST = 8
"""Levels that are told apart: a loop may look one deeper in each round."""

_LARGE = t.StrType | t.BytesType | t.ModelType | t.AnyType
"""What values are made of that can be large; numbers and constants are not."""


def part(looks: Looks, key: str) -> Looks:
    """How far into the part at a key."""
    return looks if isinstance(looks, bool) else looks.get(key, looks.get(EACH, False))


def parts(looks: Looks) -> Looks:
    """How far into a part whose place is not known."""
    if isinstance(looks, bool):
        return looks
    found: Looks = False
    for inner in looks.values():
        found = joined(found, inner)
    return found


def joined(one: Looks, other: Looks) -> Looks:
    """As far as either."""
    if one is True or other is True:
        return True
    if one is False or other is False:
        return other if one is False else one
    keys = sorted({*one, *other})
    found = {key: joined(part(one, key), part(other, key)) for key in keys}
    return {key: looks for key, looks in found.items() if looks is not False}


def bounded(looks: Looks, depth: int = _DEEPEST) -> Looks:
    """The same down to some levels, and all of what lies deeper."""
    if isinstance(looks, bool):
        return looks
    return depth == 0 or {key: bounded(inner, depth - 1) for key, inner in looks.items()}


def may_wait(of: t.Type, looks: Looks, models: Models) -> bool:
    """Whether anything of a value of the type can be large with nobody looking at it."""
    if looks is True:
        return False
    if looks is False:
        return any(isinstance(leaf, _LARGE) for leaf in leaves(of))
    match of:
        case t.ListType(item=inner):
            return may_wait(inner, part(looks, EACH), models)
        case t.DictType(value=inner):
            # A dict may have more keys than those that are looked at.
            return may_wait(inner, part(looks, EACH), models)
        case t.TupleType(items=items):
            return any(may_wait(inner, part(looks, str(n)), models) for n, inner in enumerate(items))
        case t.UnionType(members=members):
            return any(may_wait(member, looks, models) for member in members)
        case t.ModelType(name=name):
            fields = models[name].fields if name in models else ()
            return any(may_wait(field.type, part(looks, field.name), models) for field in fields)
        case t.AnyType():
            return True
        case t.NullType() | t.BoolType() | t.IntType() | t.FloatType() | t.StrType() | t.BytesType() | t.DateTimeType():
            return False
        case t.LiteralType() | t.EnumType() | t.ErrorType() | t.NeverType():
            return False
        case _:
            assert_never(of)
