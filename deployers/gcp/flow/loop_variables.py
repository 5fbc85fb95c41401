"""Which variables of loops live inside of loops only."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.gcp.flow.uses import roots, uses
from skyloom.deployers.own_variables import assigned
from skyloom.flows.expr.nodes import free_names
from skyloom.flows.ir.nodes import Assign, Block, For, Step

_MOST_KEPT = 4096
_known: dict[tuple[int, str], tuple[Block, bool]] = {}


def is_local(flow: Block, name: str) -> bool:
    """Whether a variable that loops bind may be their own alone: no loop's body assigns it, and nobody reads it outside
    of loops that bind it."""
    key = (id(flow), name)
    known = _known.get(key)
    if known is None or known[0] is not flow:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        loops = uses(flow).outermost.get(name, ())
        alone = not any(name in assigned(one.body) for one in loops) and not _is_read_outside(flow, loops, name)
        known = _known[key] = (flow, alone)
    return known[1]


def is_set_each_round(flow: Block, name: str) -> bool:
    """Whether a variable is set at the beginning of every round of the loops that set it, before anybody reads it, and
    read nowhere else: such a variable may be new in every round."""
    loops = [one for one in uses(flow).setting.get(name, ()) if _sets_first(one.body, name)]
    inside = {id(one) for loop in loops for one in uses(loop.body).setters.get(name, ())}
    everywhere = {id(one) for one in uses(flow).setters.get(name, ())}
    return bool(loops) and inside == everywhere and not _is_read_outside(flow, loops, name)


def _is_read_outside(flow: Block, loops: Sequence[For], name: str) -> bool:
    inside = {id(root) for one in loops for root in uses(one.body).readers.get(name, ())}
    return any(id(root) not in inside for root in uses(flow).readers.get(name, ()))


def _sets_first(body: Block, name: str) -> bool:
    for statement in body:
        reads = any(name in free_names(root) for root in roots((statement,)))
        match statement:
            case Assign(variable=target) | Step(target=str(target)) if target == name:
                return not reads
            case _:
                if reads or name in assigned((statement,)):
                    return False
    return False
