"""What maps give some of whose items are left out, as an expression."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.evaluating import Root
from skyloom.flows.expr.nodes import Bind, Comprehension, Generator, Name
from skyloom.flows.expr.types import ListType
from skyloom.flows.ir import nodes as ir


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
