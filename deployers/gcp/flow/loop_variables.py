"""Which variables of loops live inside of loops only."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.context import assigned
from skyloom.flows.expr.nodes import Expr, bound_names, children, free_names
from skyloom.flows.ir.nodes import Assign, Block, For, Statement, Step, blocks
from skyloom.flows.ir.rewrite import rewrite


def is_local(flow: Block, loop: For, name: str) -> bool:
    """Whether a loop's variable may be its own alone: no loop's body assigns it, and nobody reads it outside of loops
    that bind it."""
    loops = _outermost(flow, name)
    if not any(loop is one or _stands_in(loop, one.body) for one in loops):
        return False
    return not any(name in assigned(one.body) for one in loops) and not _is_read_outside(flow, loops, name)


def is_set_each_round(flow: Block, name: str) -> bool:
    """Whether a variable is set at the beginning of every round of the loops that set it, before anybody reads it, and
    read nowhere else: such a variable may be new in every round."""
    loops = [one for one in _loops(flow) if _sets_first(one.body, name)]
    inside = {id(one) for loop in loops for one in _assignments(loop.body, name)}
    everywhere = {id(one) for one in _assignments(flow, name)}
    return bool(loops) and inside == everywhere and not _is_read_outside(flow, loops, name)


def _is_read_outside(flow: Block, loops: list[For], name: str) -> bool:
    inside = {root for one in loops for root, _ in _reads(one.body)}
    return any(name in names for root, names in _reads(flow) if root not in inside)


_MOST_KEPT = 4096
_known: dict[int, tuple[Block, tuple[tuple[int, frozenset[str]], ...]]] = {}


def _reads(block: Block) -> tuple[tuple[int, frozenset[str]], ...]:
    """The whole expressions of statements, those that stand in no other, and the variables that each reads. Blocks are
    looked through once: they are asked about for every loop."""
    known = _known.get(id(block))
    if known is None or known[0] is not block:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        known = _known[id(block)] = (block, tuple((id(root), free_names(root)) for root in _roots(block)))
    return known[1]


def _roots(block: Block) -> list[Expr]:
    found: list[Expr] = []
    inner: set[int] = set()

    def note(expr: Expr) -> Expr:
        found.append(expr)
        inner.update(map(id, children(expr)))
        return expr

    rewrite(block, note)
    return [expr for expr in found if id(expr) not in inner]


def _sets_first(body: Block, name: str) -> bool:
    for statement in body:
        reads = any(name in free_names(root) for root in _roots((statement,)))
        match statement:
            case Assign(variable=target) | Step(target=str(target)) if target == name:
                return not reads
            case _:
                if reads or name in assigned((statement,)):
                    return False
    return False


def _assignments(block: Block, name: str) -> list[object]:
    """The statements that set a variable."""
    found: list[object] = [statement for statement in block if _sets(statement, name)]
    for statement in block:
        for inner in blocks(statement):
            found += _assignments(inner, name)
    return found


def _sets(statement: Statement, name: str) -> bool:
    if isinstance(statement, Step):
        return statement.target == name
    return name in assigned((statement,)) and not any(blocks(statement))


def _loops(block: Block) -> list[For]:
    """All loops, outside in."""
    found: list[For] = []
    for statement in block:
        if isinstance(statement, For):
            found.append(statement)
        for inner in blocks(statement):
            found += _loops(inner)
    return found


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
