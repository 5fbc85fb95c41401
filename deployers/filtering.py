"""Maps with a condition, as maps over what the condition leaves: with the number that each element has among all."""

from __future__ import annotations

from dataclasses import replace

from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Bind,
    Call,
    Comprehension,
    Expr,
    Generator,
    Name,
    Target,
    Unpack,
    bound_names,
    free_names,
)
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import ANY, INT, ListType, TupleType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.rewrite import rewrite


def filtered(step: ir.Map, condition: Expr) -> tuple[ir.Map, str]:
    """The map over `[(number, element) for number, element in enumerate(items) if condition]`, without a condition; and
    what the number is called there, a name of its own. The paths of steps tell it: they count all items."""
    span, of = step.items.span, iteration_type(step.items.type) or ANY
    pair = TupleType((INT, of))
    number = _fresh("place", step)
    over = Unpack(targets=(Bind(name=number), step.over))
    numbered = Call(span=span, type=ListType(pair), function="enumerate", arguments=(step.items,))
    generator = Generator(target=over, items=numbered, conditions=(condition,))
    left = Array(span=span, type=pair, items=(Name(span=span, type=INT, name=number), _element(step.over, of, span)))
    items = Comprehension(span=span, type=ListType(pair), element=left, generators=(generator,))
    return replace(step, over=over, items=items, condition=None), number


def _element(target: Target, of: Type, span: Span) -> Expr:
    """The element that a target has taken apart."""
    if isinstance(target, Bind):
        return Name(span=span, type=of, name=target.name)
    parts = of.items if isinstance(of, TupleType) else (ANY,) * len(target.targets)
    items = tuple(_element(inner, part, span) for inner, part in zip(target.targets, parts, strict=True))
    return Array(span=span, type=TupleType(tuple(parts)), items=items)


def _fresh(wish: str, step: ir.Map) -> str:
    """A name that nothing in the step reads or assigns."""
    taken = {*bound_names(step.over), *assigned(step.body)}

    def note(expr: Expr) -> Expr:
        taken.update(free_names(expr))
        return expr

    rewrite((step,), note)
    while wish in taken:
        wish += "_"
    return wish
