"""Ints where floats are wanted, for Python takes them there.

A value whose static type is `float` is a float when the flow runs, on every engine. So an int becomes one where plain
Python makes it one (pydantic's constructors: `as_floats`; what crosses a step is converted by the engine), it is known
as an int where the variable alone decides (`received`), and it is refused elsewhere (`gains`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable, iteration_type, widen
from skyloom.flows.frontend.body import retyped


def as_floats(value: x.Expr, of: t.Type, depth: int = 0) -> x.Expr | None:
    """`value`, which stands where an `of` is wanted, with floats where pydantic makes floats of its ints; None where no
    expression says that.

    Args:
        depth: how many comprehensions there are around that this function has made.
    """
    if not gains(value.type, of):
        return value
    if isinstance(value, x.Conditional):
        body, orelse = as_floats(value.body, of, depth), as_floats(value.orelse, of, depth)
        if body is None or orelse is None:
            return None
        return replace(value, type=t.union(body.type, orelse.type), body=body, orelse=orelse)
    if t.NULL in t.members(value.type):
        return _unless_none(value, of, depth)
    wanted = _only(value.type, of)
    match value, wanted:
        case _, None:
            return None
        case x.Literal(value=int() as number), t.FloatType():
            return x.Literal(span=value.span, type=t.FLOAT, value=float(number))
        case _, t.FloatType():
            return x.Call(span=value.span, type=t.FLOAT, function="float", arguments=(value,))
        case x.Array(items=items), t.ListType(item=inner):
            found = _each(items, [inner] * len(items), depth)
            return None if found is None else replace(value, type=wanted, items=found)
        case x.Array(items=items), t.TupleType(items=types) if len(items) == len(types):
            found = _each(items, types, depth)
            return None if found is None else replace(value, type=wanted, items=found)
        case x.Object(entries=entries), t.DictType(value=inner):
            found = _each([entry.value for entry in entries], [inner] * len(entries), depth)
            if found is None:
                return None
            changed = zip(entries, found, strict=True)
            return replace(value, type=wanted, entries=tuple(replace(entry, value=item) for entry, item in changed))
        case x.Comprehension(), t.ListType(item=inner) | t.DictType(value=inner):
            element = as_floats(value.element, inner, depth + 1)
            return None if element is None else replace(value, type=wanted, element=element)
        case _, t.ListType(item=inner):
            return _element_by_element(value, inner, depth)
        case _:
            return None


def _each(values: Sequence[x.Expr], types: Sequence[t.Type], depth: int) -> tuple[x.Expr, ...] | None:
    found = []
    for value, of in zip(values, types, strict=True):
        item = _spread(value, of, depth) if isinstance(value, x.Spread) else as_floats(value, of, depth)
        if item is None:
            return None
        found.append(item)
    return tuple(found)


def _spread(value: x.Spread, inner: t.Type, depth: int) -> x.Expr | None:
    match value.type:
        case t.ListType():
            whole = as_floats(value.value, t.ListType(inner), depth)
        case t.DictType():
            whole = as_floats(value.value, t.DictType(inner), depth)
        case _:
            # A tuple, or a text.
            whole = None if gains(iteration_type(value.type) or t.ANY, inner) else value.value
    return None if whole is None else replace(value, type=whole.type, value=whole)


def _unless_none(value: x.Expr, of: t.Type, depth: int) -> x.Expr | None:
    inner = as_floats(retyped(value, t.without_null(value.type)), of, depth)
    if inner is None:
        return None
    span, none = value.span, x.Literal(span=value.span, type=t.NULL, value=None)
    test = x.Compare(span=span, type=t.BOOL, operator="==", left=value, right=none)
    return x.Conditional(span=span, type=t.optional(inner.type), test=test, body=none, orelse=inner)


def _element_by_element(value: x.Expr, inner: t.Type, depth: int) -> x.Expr | None:
    if not isinstance(value.type, t.ListType):
        return None
    name = "_each" if depth == 0 else f"_each_{depth + 1}"
    element = as_floats(x.Name(span=value.span, type=value.type.item, name=name), inner, depth + 1)
    if element is None:
        return None
    generator = x.Generator(target=x.Bind(name=name), items=value)
    of = t.ListType(element.type)
    return x.Comprehension(span=value.span, type=of, element=element, generators=(generator,))


def gains(have: t.Type, want: t.Type) -> bool:
    """Whether a `have` may have an int where a `want` has a float, and no alternative of `want` has that int."""
    for one in t.members(have):
        fitting = [other for other in t.members(want) if assignable(one, other)]
        if fitting and all(_gains_alone(one, other) for other in fitting):
            return True
    return False


def _gains_alone(have: t.Type, want: t.Type) -> bool:
    match have, want:
        case _, t.FloatType():
            return t.INT in t.members(widen(have))
        case (t.ListType(item=one), t.ListType(item=other)) | (t.DictType(value=one), t.DictType(value=other)):
            return gains(one, other)
        case t.TupleType(items=ours), t.TupleType(items=theirs):
            return any(map(gains, ours, theirs))
        case _:
            return False


# --- variables --------------------------------------------------------------------------------------------------


def received(have: t.Type, want: t.Type) -> t.Type:
    """What is known of a variable annotated with `want` that has just got a `have`, which fits: the alternatives that
    take it; and that ints have stayed ints. Elements may be set later, so lists of ints are lists of both."""
    return t.union(*_taken(have, want, inside=False)) if have != t.NEVER else want


def _taken(have: t.Type, want: t.Type, *, inside: bool) -> list[t.Type]:
    found: list[t.Type] = []
    for other in t.members(want):
        takes = [one for one in t.members(have) if assignable(one, other)]
        known = other if inside or any(not _gains_alone(one, other) for one in takes) else None
        for one in takes:
            if gains(one, want):
                known = _with_ints(one, other, known)
        if known is not None:
            found.append(known)
    return found


def _with_ints(have: t.Type, want: t.Type, known: t.Type | None) -> t.Type:
    """`known`, or `want` where nothing is known yet, with the ints that a `have` has where a `want` has floats."""
    match have, want, known or want:
        case t.ListType(item=one), t.ListType(), t.ListType(item=other):
            return t.ListType(t.union(*_taken(one, other, inside=True)))
        case t.DictType(value=one), t.DictType(), t.DictType(value=other):
            return t.DictType(t.union(*_taken(one, other, inside=True)))
        case t.TupleType(items=ours), t.TupleType(), t.TupleType(items=theirs):
            pairs = zip(ours, theirs, strict=True)
            return t.TupleType(tuple(t.union(*_taken(one, other, inside=True)) for one, other in pairs))
        case _:
            return t.INT if known is None else t.union(known, t.INT)


def _only(have: t.Type, want: t.Type) -> t.Type | None:
    """The one alternative of `want` that a `have` can become; None where the value, or pydantic, would choose."""
    kinds = {_kind(one) for one in t.members(have)}
    possible = [one for one in t.members(want) if _kind(one) in kinds]
    return possible[0] if len(possible) == 1 and all(assignable(one, possible[0]) for one in t.members(have)) else None


def _kind(of: t.Type) -> str:
    """What pydantic may take for one another, by a common word."""
    if isinstance(of, t.ListType | t.TupleType):
        return "array"
    wide = widen(of)
    numbers = isinstance(wide, t.IntType | t.FloatType) or (isinstance(wide, t.UnionType) and t.INT in wide.members)
    return "number" if numbers else wide.kind
