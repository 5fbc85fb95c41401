"""Where the variables of a flow are set and read: a flow is looked through once, and asked about for every loop."""

from __future__ import annotations

from dataclasses import dataclass, field

from skyloom.flows.expr.nodes import Expr, bound_names, children, free_names
from skyloom.flows.ir.nodes import Append, Assign, Block, Extend, For, SetItem, Statement, Step, blocks
from skyloom.flows.ir.rewrite import rewrite


@dataclass(frozen=True, slots=True)
class Uses:
    """What a block does with variables, inner scopes included.

    Attributes:
        block: the block.
        setters: the statements that set a variable, loops not among them.
        readers: the whole expressions, those that stand in no other, that read a variable.
        outermost: the loops that bind a name, without those inside of others that do.
        setting: the loops whose body itself, no block below it, sets a variable.
    """

    block: Block
    setters: dict[str, list[Statement]] = field(default_factory=dict)
    readers: dict[str, list[Expr]] = field(default_factory=dict)
    outermost: dict[str, list[For]] = field(default_factory=dict)
    setting: dict[str, list[For]] = field(default_factory=dict)


_MOST_KEPT = 4096
_known: dict[int, Uses] = {}


def uses(block: Block) -> Uses:
    """What `block` does with variables."""
    found = _known.get(id(block))
    if found is None or found.block is not block:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        found = _known[id(block)] = Uses(block)
        for root in roots(block):
            for name in free_names(root):
                found.readers.setdefault(name, []).append(root)
        _note(found, block, frozenset())
    return found


def roots(block: Block) -> list[Expr]:
    """The whole expressions of statements: those that stand in no other."""
    found: list[Expr] = []
    inner: set[int] = set()

    def note(expr: Expr) -> Expr:
        found.append(expr)
        inner.update(map(id, children(expr)))
        return expr

    rewrite(block, note)
    return [expr for expr in found if id(expr) not in inner]


def _note(found: Uses, block: Block, bound: frozenset[str]) -> None:
    for statement in block:
        name = set_by(statement)
        if name is not None:
            found.setters.setdefault(name, []).append(statement)
        inside = bound
        if isinstance(statement, For):
            names = bound_names(statement.target)
            for one in dict.fromkeys(names):
                if one not in bound:
                    found.outermost.setdefault(one, []).append(statement)
            for one in dict.fromkeys(filter(None, map(set_by, statement.body))):
                found.setting.setdefault(one, []).append(statement)
            inside = bound.union(names)
        for inner in blocks(statement):
            _note(found, inner, inside)


def set_by(statement: Statement) -> str | None:
    """The variable that a statement itself sets."""
    match statement:
        case Assign(variable=name) | SetItem(variable=name) | Append(variable=name) | Extend(variable=name):
            return name
        case Step(target=name):
            return name
        case _:
            return None
