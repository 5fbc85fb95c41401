"""How many elements a list has, where the source says so: by such loops a run is known to be too long."""

from __future__ import annotations

from skyloom.flows.expr.nodes import Array, Call, Expr, Literal, Spread


def constant_length(items: Expr) -> int:
    """The number of elements, at least, where it is constant; else 0."""
    match items:
        case Call(function="range", arguments=(Literal(value=int() as stop),)):
            return max(0, stop)
        case Call(function="range", arguments=(Literal(value=int() as start), Literal(value=int() as stop))):
            return max(0, stop - start)
        case Array(items=parts):
            return sum(not isinstance(part, Spread) for part in parts)
        case _:
            return 0
