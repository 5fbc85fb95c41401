"""Loop targets: an element gets names."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.texts import expression
from skyloom.deployers.gcp.steps import Assign, Case, Raise, Switch
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Bind, Target, Unpack
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import TupleType, Type, members


def bind(context: Context, target: Target, element: str, of: Type | None, span: Span) -> list[Lowered]:
    """Assigns the value of the expression `element`, which is of type `of`, to the names of `target`.

    A list of another length than the target's raises ValueError; a tuple has its length in its type.
    """
    match target:
        case Bind(name=name):
            pair = (context.places[name], expression(element))
            return [Assign(name=context.step(f"set_{name}"), at=context.at(span), pairs=(pair,))]
        case Unpack(targets=targets):
            steps: list[Lowered] = [] if _fits(of, len(targets)) else [_check(context, len(targets), element, span)]
            for position, inner in enumerate(targets):
                steps += bind(context, inner, f"{element}[{position}]", _part_type(of, position), span)
            return steps


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


def _check(context: Context, wanted: int, element: str, span: Span) -> Switch:
    few = f'"not enough values to unpack (expected {wanted}, got " + string(len({element})) + ")"'
    many = f"too many values to unpack (expected {wanted})"
    cases = tuple(
        Case(
            condition=expression(f"len({element}) {operator} {wanted}"),
            steps=(
                Raise(
                    name=context.step("wrong_length"),
                    at=context.at(span),
                    value={"type": "ValueError", "bases": ["Exception"], "message": message},
                ),
            ),
        )
        for operator, message in (("<", expression(few)), (">", many))
    )
    return Switch(name=context.step("check_length"), at=context.at(span), cases=cases)
