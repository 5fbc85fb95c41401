"""Computes what is constant, where the value cannot depend on the engine and no error can come or go."""

from __future__ import annotations

import dataclasses
import math

from skyloom.flows.expr.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expr,
    Format,
    Item,
    Literal,
    Logic,
    Scalar,
    Slice,
    Truth,
    Unary,
    children,
)
from skyloom.flows.expr.python import evaluate
from skyloom.flows.ir.program import Program
from skyloom.flows.ir.rewrite import rewrite, rewrite_program

LARGEST_INTEGER = 2**53
LONGEST_TEXT = 4096
LARGEST_OPERAND = 10_000
"""Of a power, a repetition or a call: beyond it the result, or the way to it, may be too large to compute here."""


def fold_constants(program: Program) -> Program:
    """The program with constant expressions computed. What would raise, or leave the range of JSON, stays as it is."""
    return rewrite_program(program, expr=_fold)


def folded(expr: Expr) -> Expr:
    """The expression with constant parts computed."""
    return rewrite(expr, _fold)


def _fold(expr: Expr) -> Expr:
    match expr:
        case Conditional(test=Literal(value=value)):
            return expr.body if value else expr.orelse
        case Logic():
            return _fold_logic(expr)
        case Format():
            return _fold_format(expr)
        case Unary() | Binary() | Compare() | Truth() | Item() | Slice() | Call():
            return _compute(expr)
        case _:
            return expr


def _compute(expr: Unary | Binary | Compare | Truth | Item | Slice | Call) -> Expr:
    operands = [child.value for child in children(expr) if isinstance(child, Literal)]
    if len(operands) < len([*children(expr)]) or not _is_small(expr, operands):
        return expr
    try:
        value = evaluate(expr, {})
    except Exception:  # whatever it is, the flow raises it, at its time and place
        return expr
    return Literal(span=expr.span, type=expr.type, value=value) if _is_portable(value) else expr


def _is_small(expr: Expr, operands: list[Scalar]) -> bool:
    growing = isinstance(expr, Call) or (isinstance(expr, Binary) and expr.operator in ("*", "**"))
    texts = any(isinstance(operand, str) for operand in operands)
    if not growing or (isinstance(expr, Binary) and expr.operator == "*" and not texts):
        return True
    return all(abs(operand) <= LARGEST_OPERAND for operand in operands if isinstance(operand, int | float))


def _is_portable(value: object) -> bool:
    match value:
        case None | bool():
            return True
        case int():
            return abs(value) <= LARGEST_INTEGER
        case float():
            return math.isfinite(value)
        case str():
            return len(value) <= LONGEST_TEXT
        case _:
            return False


def _fold_logic(expr: Logic) -> Expr:
    """Without constant operands that decide nothing, and without what stands behind one that decides."""
    kept: list[Expr] = []
    for position, operand in enumerate(expr.operands):
        last = position == len(expr.operands) - 1
        if not isinstance(operand, Literal) or last:
            kept.append(operand)
            continue
        decides = bool(operand.value) == (expr.operator == "or")
        if decides:
            kept.append(operand)
            break
    if len(kept) == len(expr.operands):
        return expr
    return kept[0] if len(kept) == 1 else dataclasses.replace(expr, operands=tuple(kept))


def _fold_format(expr: Format) -> Expr:
    """With neighbouring texts joined."""
    parts: list[Expr] = []
    for part in expr.parts:
        match (parts[-1] if parts else None), part:
            case Literal(value=str() as before) as previous, Literal(value=str() as text):
                parts[-1] = dataclasses.replace(previous, value=before + text)
            case _:
                parts.append(part)
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return dataclasses.replace(parts[0], type=expr.type, span=expr.span)
    return expr if len(parts) == len(expr.parts) else dataclasses.replace(expr, parts=tuple(parts))
