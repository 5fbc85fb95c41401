"""A statement with other blocks below it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from skyloom.flows.ir import nodes as ir

N = TypeVar("N")


def with_fields(node: N, **changes: Any) -> N:
    """The node with these fields; the same object where none of them changes."""
    if all(getattr(node, name) is value for name, value in changes.items()):
        return node
    result: N = dataclasses.replace(node, **changes)  # type: ignore[type-var]
    return result


def with_blocks(statement: ir.Statement, changed: Callable[[ir.Block], ir.Block]) -> ir.Statement:
    """The statement with `changed` in the place of every block directly below it."""
    match statement:
        case ir.If(body=body, orelse=orelse):
            return with_fields(statement, body=changed(body), orelse=changed(orelse))
        case ir.While(body=body) | ir.For(body=body) | ir.Map(body=body):
            return with_fields(statement, body=changed(body))
        case ir.Try(handlers=handlers):
            inside = _each(handlers, changed)
            orelse, final = changed(statement.orelse), changed(statement.final)
            return with_fields(statement, body=changed(statement.body), handlers=inside, orelse=orelse, final=final)
        case ir.Parallel(branches=branches) | ir.Race(branches=branches):
            return with_fields(statement, branches=_each(branches, changed))
        case _:
            return statement


def _each(parts: tuple[Any, ...], changed: Callable[[ir.Block], ir.Block]) -> tuple[Any, ...]:
    found = tuple(with_fields(one, body=changed(one.body)) for one in parts)
    return parts if all(new is old for new, old in zip(found, parts, strict=True)) else found
