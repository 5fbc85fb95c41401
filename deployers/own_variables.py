"""The variables that a block of statements assigns in its own scope."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.flows.expr.nodes import bound_names
from skyloom.flows.ir.nodes import (
    Append,
    Assign,
    Block,
    Extend,
    For,
    Map,
    Parallel,
    Race,
    SetItem,
    Statement,
    Step,
    blocks,
)


def own_statements(block: Block) -> Iterator[Statement]:
    """Every statement of `block` that belongs to the same scope: not those inside maps and branches."""
    for statement in block:
        yield statement
        if not isinstance(statement, Map | Parallel | Race):
            for inner in blocks(statement):
                yield from own_statements(inner)


def assigned(block: Block) -> list[str]:
    """The variables that `block` assigns in its own scope, in order; those of handlers are not among them."""
    names: dict[str, None] = {}
    for statement in own_statements(block):
        match statement:
            case Assign(variable=name) | SetItem(variable=name) | Append(variable=name) | Extend(variable=name):
                names[name] = None
            case For(target=target):
                names.update(dict.fromkeys(bound_names(target)))
            case Step(target=str(name)):
                names[name] = None
            case _:
                pass
    return list(names)
