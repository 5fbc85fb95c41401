"""An expression with other parts directly below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Field,
    Format,
    Function,
    Item,
    Literal,
    Logic,
    Name,
    Object,
    Slice,
    Spread,
    Truth,
    Unary,
)

Change = Callable[[Expr], Expr]


def rebuilt(expr: Expr, change: Change) -> Expr:
    """`expr` with each part directly below it changed. What binds names of its own stays as it is."""
    match expr:
        case Literal() | Name() | Comprehension() | Function() | Object():
            return expr
        case Field():
            return replace(expr, object=change(expr.object))
        case Item():
            return replace(expr, object=change(expr.object), index=change(expr.index))
        case Slice():
            start, stop, step = (None if b is None else change(b) for b in (expr.start, expr.stop, expr.step))
            return replace(expr, object=change(expr.object), start=start, stop=stop, step=step)
        case Spread():
            return replace(expr, value=change(expr.value))
        case Array():
            items = (rebuilt(item, change) if isinstance(item, Spread) else change(item) for item in expr.items)
            return replace(expr, items=tuple(items))
        case Unary() | Truth():
            return replace(expr, operand=change(expr.operand))
        case Binary() | Compare():
            return replace(expr, left=change(expr.left), right=change(expr.right))
        case Logic():
            return replace(expr, operands=tuple(map(change, expr.operands)))
        case Conditional():
            return replace(expr, test=change(expr.test), body=change(expr.body), orelse=change(expr.orelse))
        case Format():
            return replace(expr, parts=tuple(map(change, expr.parts)))
        case Call():
            keywords = tuple(replace(keyword, value=change(keyword.value)) for keyword in expr.keywords)
            return replace(expr, arguments=tuple(map(change, expr.arguments)), keywords=keywords)
        case _:
            assert_never(expr)
