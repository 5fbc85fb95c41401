"""One traversal for all passes: a program rebuilt bottom-up, with its expressions and blocks changed on the way."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any, TypeVar, get_args

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.types import Type
from skyloom.flows.ir.nodes import Block, Statement
from skyloom.flows.ir.program import Program

N = TypeVar("N")

_EXPRESSIONS: frozenset[type] = frozenset(get_args(get_args(Expr)[0]))
_STATEMENTS: frozenset[type] = frozenset(get_args(get_args(Statement)[0]))
_LEAVES: tuple[type, ...] = (*get_args(get_args(Type)[0]), Span)


def unchanged(node: N) -> N:
    """Changes nothing."""
    return node


def rewrite(node: N, expr: Callable[[Expr], Expr] = unchanged, block: Callable[[Block], Block] = unchanged) -> N:
    """`node`, an expression, statement or block, rebuilt from the bottom up.

    Args:
        expr: what becomes of an expression whose parts are rewritten already.
        block: what becomes of a block that is not empty, whose statements are rewritten already.

    What does not change stays the same object.
    """
    result: N = _rewrite(node, expr, block)
    return result


def rewrite_program(
    program: Program, expr: Callable[[Expr], Expr] = unchanged, block: Callable[[Block], Block] = unchanged
) -> Program:
    """`program` with the body of every flow, and the texts of every prompt, rewritten."""
    flows = {
        name: dataclasses.replace(flow, body=rewrite(flow.body, expr, block)) for name, flow in program.flows.items()
    }
    prompts = {
        name: dataclasses.replace(
            prompt, template=rewrite(prompt.template, expr, block), system=rewrite(prompt.system, expr, block)
        )
        for name, prompt in program.prompts.items()
    }
    return dataclasses.replace(program, flows=flows, prompts=prompts)


def _rewrite(node: Any, expr: Callable[[Expr], Expr], block: Callable[[Block], Block]) -> Any:
    if isinstance(node, tuple):
        return _rewrite_all(node, expr, block)
    kind: Any = type(node)
    changes = {}
    for name in _parts(kind):
        old = getattr(node, name)
        new = _rewrite(old, expr, block)
        if new is not old:
            changes[name] = new
    result: Any = dataclasses.replace(node, **changes) if changes else node
    return expr(result) if kind in _EXPRESSIONS else result


def _rewrite_all(nodes: tuple[Any, ...], expr: Callable[[Expr], Expr], block: Callable[[Block], Block]) -> Any:
    if not nodes:
        return nodes
    parts = tuple([_rewrite(part, expr, block) for part in nodes])
    same = all(map(operator.is_, parts, nodes))
    rebuilt: Any = nodes if same else parts
    return block(rebuilt) if type(nodes[0]) in _STATEMENTS else rebuilt


@functools.cache
def _parts(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node; none of what is no node, or has no others in it."""
    if not dataclasses.is_dataclass(kind) or issubclass(kind, _LEAVES):
        return ()
    return tuple(field.name for field in dataclasses.fields(kind))
