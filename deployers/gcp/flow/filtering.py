"""What maps with a condition go over and give, as expressions."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.evaluating import Root
from skyloom.flows.expr.nodes import Array, Bind, Comprehension, Expr, Generator, Name, Target
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import ANY, ListType, TupleType, Type
from skyloom.flows.ir import nodes as ir


def filtered(step: ir.Map, condition: Expr) -> Expr:
    """`[element for element in items if condition]`."""
    generator = Generator(target=step.over, items=step.items, conditions=(condition,))
    of = iteration_type(step.items.type) or ANY
    element = _element(step.over, of, step)
    return Comprehension(span=step.items.span, type=ListType(of), element=element, generators=(generator,))


def flattened(step: ir.Map) -> Root:
    """`[value for values in _results for value in values]`."""
    span, lists = step.span, ListType(step.result.type)
    results = Name(span=span, type=ListType(lists), name="_results")
    generators = (
        Generator(target=Bind(name="values"), items=results),
        Generator(target=Bind(name="value"), items=Name(span=span, type=lists, name="values")),
    )
    value = Name(span=span, type=step.result.type, name="value")
    return Root(f"{step.id}_results", Comprehension(span=span, type=lists, element=value, generators=generators))


def _element(target: Target, of: Type, step: ir.Map) -> Expr:
    """The element that a target has taken apart."""
    if isinstance(target, Bind):
        return Name(span=step.span, type=of, name=target.name)
    parts = of.items if isinstance(of, TupleType) else (ANY,) * len(target.targets)
    items = tuple(_element(inner, part, step) for inner, part in zip(target.targets, parts, strict=True))
    return Array(span=step.span, type=TupleType(tuple(parts)), items=items)
