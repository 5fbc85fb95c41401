"""Loop targets: an element gets names."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.aws.machine.context import Context, ErrorClass
from skyloom.deployers.aws.machine.graph import Edge, Let
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.raising import raise_error
from skyloom.deployers.aws.machine.values import Snippet, Source, Value, record, snippet, source
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Array, Bind, Expr, Item, Literal, Name, Spread, Target, Unpack
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import TupleType, Type, members
from skyloom.flows.graph.expressions import target_source


def bind(
    lowering: Lowering, context: Context, edge: Edge, target: Target, element: Snippet, of: Type | None, span: Span
) -> Edge:
    """Assigns `element`, which is of type `of`, to the names of `target`.

    A list of another length than the target's raises ValueError; a tuple has its length in its type.
    """
    match target:
        case Bind(name=name):
            return edge.let(context.names[name], element)
        case Unpack(targets=targets):
            if not _fits(of, len(targets)):
                edge = _checked(lowering, context, edge, target, element, span)
            for position, inner in enumerate(targets):
                part = snippet("(", element, f")[{position}]")
                edge = bind(lowering, context, edge, inner, part, _part_type(of, position), span)
            return edge


def element_of(lets: Sequence[Let], value: Value) -> Value:
    """What `value` stands for, where it is an element of a tuple that has just been put together."""
    match value:
        case Source(
            form="value", names=names, expr=Item(object=Name(name=name), index=Literal(value=int() as position))
        ):
            pass
        case _:
            return value
    for let in reversed(lets):
        if let.variable != names[name]:
            # Whatever is assigned between is none of the tuple's parts: these are read from states' results.
            continue
        match let.value:
            case Source(form="value", expr=Array(items=items), names=inner) if not _has_spread(items):
                later = {other.variable for other in lets[lets.index(let) :]}
                part = source(items[position], inner)
                return part if part.reads.isdisjoint(later) else value
            case _:
                return value
    return value


def _has_spread(items: Sequence[Expr]) -> bool:
    return any(isinstance(item, Spread) for item in items)


def _fits(of: Type | None, length: int) -> bool:
    return of is not None and all(isinstance(m, TupleType) and len(m.items) == length for m in members(of))


def _part_type(of: Type | None, position: int) -> Type | None:
    match of:
        case TupleType(items=items) if position < len(items):
            return items[position]
        case None:
            return None
        case _:
            return iteration_type(of)


def _checked(lowering: Lowering, context: Context, edge: Edge, target: Unpack, element: Snippet, span: Span) -> Edge:
    wanted = len(target.targets)
    count = snippet("$count(", element, ")")
    (wrong,), right = lowering.choice(
        context, f"unpack {target_source(target)}", span, edge, [snippet(count, f" != {wanted}")]
    )
    few = f"'not enough values to unpack (expected {wanted}, got ' & "
    many = f"'too many values to unpack (expected {wanted})'"
    message = snippet(count, f" < {wanted} ? {few}", count, f" & ')' : {many}")
    error = record({"type": "ValueError", "bases": ["Exception"], "message": message})
    raise_error(lowering, context, wrong, error, ErrorClass("ValueError", ("Exception",)), span)
    return right
