"""How often the variables of a flow are read, and where."""

from __future__ import annotations

from collections import Counter

from skyloom.flows.expr.nodes import Expr, Name
from skyloom.flows.ir.nodes import Block
from skyloom.flows.ir.rewrite import rewrite


class Readings:
    """Counts how often names stand in the expressions of blocks; each block is walked once."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[Block, Counter[str]]] = {}

    def count(self, block: Block, name: str) -> int:
        """How often `name` stands in `block`."""
        known = self._counts.get(id(block))
        if known is None:
            known = self._counts[id(block)] = (block, names_in(block))
        return known[1][name]


def names_in(block: Block) -> Counter[str]:
    """How often each name stands in the expressions of `block` and of the blocks below it."""
    counts: Counter[str] = Counter()

    def note(expr: Expr) -> Expr:
        if isinstance(expr, Name):
            counts[expr.name] += 1
        return expr

    rewrite(block, note)
    return counts
