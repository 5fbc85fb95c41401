"""What maps and branches give, as expressions over their results."""

from __future__ import annotations

from skyloom.flows.expr.nodes import (
    Array,
    Bind,
    Compare,
    Comprehension,
    Expr,
    Field,
    Generator,
    Item,
    Literal,
    Name,
)
from skyloom.flows.expr.types import ANY, BOOL, INT, STR, DictType, ListType, TupleType
from skyloom.flows.ir import nodes as ir


def values_of(step: ir.Map, may_skip: bool) -> Expr:
    """`[item.value for item in results]`, and only of items that have a value."""
    span = step.span
    holder = DictType(ANY)
    results = Name(span=span, type=ListType(holder), name="results")
    item = Name(span=span, type=holder, name="item")
    value = Field(span=span, type=step.result.type, object=item, name="value")
    conditions: tuple[Expr, ...] = ()
    if may_skip:
        key = Literal(span=span, type=STR, value="value")
        conditions = (Compare(span=span, type=BOOL, operator="in", left=key, right=item),)
    generator = Generator(target=Bind(name="item"), items=results, conditions=conditions)
    return Comprehension(span=span, type=ListType(step.result.type), element=value, generators=(generator,))


def values_of_branches(step: ir.Parallel, failing: list[int]) -> Expr:
    """`(results[0], results[1].value)`."""
    span = step.span
    types = tuple(branch.result.type for branch in step.branches)
    holders = tuple(DictType(ANY) if n in failing else of for n, of in enumerate(types))
    results = Name(span=span, type=TupleType(holders), name="results")
    values: list[Expr] = []
    for position, of in enumerate(types):
        index = Literal(span=span, type=INT, value=position)
        value: Expr = Item(span=span, type=holders[position], object=results, index=index)
        if position in failing:
            value = Field(span=span, type=of, object=value, name="value")
        values.append(value)
    return Array(span=span, type=TupleType(types), items=tuple(values))
