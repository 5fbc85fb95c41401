"""What is known about an expression before it runs: constants, and the arguments of a call by name."""

from __future__ import annotations

from skyloom.flows.expr.nodes import Call, Expr, Literal, Unary
from skyloom.flows.expr.types import LiteralType


def constant(expr: Expr) -> int | None:
    """The value of an integer that is known."""
    match expr:
        case Literal(value=bool()):
            return None
        case Literal(value=int() as value):
            return value
        case Unary(operator="-", operand=Literal(value=int() as value)) if not isinstance(value, bool):
            return -value
        case _:
            match expr.type:
                case LiteralType(values=(int() as value,)) if not isinstance(value, bool):
                    return value
                case _:
                    return None


def text_of(expr: Expr | None) -> str | None:
    """A constant text."""
    match expr:
        case Literal(value=str() as value):
            return value
        case _:
            return None


def keyword(expr: Call, name: str, position: int | None = None) -> Expr | None:
    """An argument by its name, or by its position."""
    if position is not None and position < len(expr.arguments):
        return expr.arguments[position]
    return next((k.value for k in expr.keywords if k.name == name), None)
