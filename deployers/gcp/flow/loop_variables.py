"""Which variables of loops are read inside of loops only."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.context import assigned
from skyloom.deployers.reading import names_in
from skyloom.flows.expr.nodes import bound_names
from skyloom.flows.ir.nodes import Block, For, blocks


def is_local(flow: Block, loop: For, name: str) -> bool:
    """Whether a loop's variable may be its own alone: no loop's body assigns it, and nobody reads it outside of loops
    that bind it."""
    loops = _outermost(flow, name)
    if not any(loop is one or _stands_in(loop, one.body) for one in loops):
        return False
    inside = sum(names_in(one.body)[name] for one in loops)
    return inside == names_in(flow)[name] and not any(name in assigned(one.body) for one in loops)


def _outermost(block: Block, name: str) -> list[For]:
    """The loops that bind a name, without those inside of others that do."""
    found: list[For] = []
    for statement in block:
        if isinstance(statement, For) and name in bound_names(statement.target):
            found.append(statement)
            continue
        for inner in blocks(statement):
            found += _outermost(inner, name)
    return found


def _stands_in(loop: For, block: Block) -> bool:
    return any(statement is loop or any(_stands_in(loop, inner) for inner in blocks(statement)) for statement in block)
