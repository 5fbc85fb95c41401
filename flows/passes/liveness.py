"""Which variables are read behind a statement: on the way on, and where its errors are caught."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple, cast, get_args

from skyloom.flows.expr.nodes import Expr, bound_names, free_names
from skyloom.flows.ir import nodes as ir

Names = frozenset[str]
_NONE: Names = frozenset()
_EXPRESSIONS: tuple[type, ...] = get_args(get_args(Expr)[0])


class Live(NamedTuple):
    """What is read of the variables of a statement's scope.

    Attributes:
        after: on any way behind it.
        raises: where an error of it leads: in handlers and `finally` blocks around it, and behind these.
    """

    after: Names
    raises: Names


class _Exits(NamedTuple):
    """What is read where statements leave."""

    returns: Names = _NONE
    raises: Names = _NONE
    breaks: Names = _NONE
    continues: Names = _NONE

    def through(self, names: Names) -> _Exits:
        """Where all of them lead by the same way first."""
        return _Exits(*(exit_ | names for exit_ in self))


def liveness(block: ir.Block) -> dict[int, Live]:
    """What is read behind each statement of a flow's body, by the identity of the statement."""
    found: dict[int, Live] = {}
    _block(block, _NONE, _Exits(), found)
    return found


def reads(statement: ir.Statement) -> Names:
    """The variables that a statement reads itself, not those inside it. Changing a value in place reads it."""
    read = _NONE.union(*map(free_names, expressions(statement)))
    match statement:
        case ir.SetItem() | ir.Append() | ir.Extend() | ir.Reraise():
            return read | {statement.variable}
        case _:
            return read


def writes(statement: ir.Statement) -> str | None:
    """The variable that a statement without others inside assigns, or changes."""
    match statement:
        case ir.Assign(variable=name) | ir.SetItem(variable=name) | ir.Append(variable=name) | ir.Extend(variable=name):
            return name
        case ir.Step(target=target):
            return target
        case _:
            return None


def expressions(statement: ir.Statement) -> Iterator[Expr]:
    """The whole expressions of a statement, but those of blocks and branches inside it."""
    for field in dataclasses.fields(statement):
        if field.name not in ("body", "orelse", "final", "handlers", "branches"):
            yield from _expressions(getattr(statement, field.name))


def _expressions(part: Any) -> Iterator[Expr]:
    if isinstance(part, _EXPRESSIONS):
        yield cast(Expr, part)
    elif isinstance(part, tuple):
        for inner in part:
            yield from _expressions(inner)
    elif isinstance(part, ir.Argument):
        yield part.value
    elif isinstance(part, ir.Key):
        yield part.index


def _block(block: ir.Block, after: Names, exits: _Exits, found: dict[int, Live]) -> Names:
    """What is read from the head of the block on."""
    for statement in reversed(block):
        found[id(statement)] = Live(after, exits.raises)
        after = _before(statement, after, exits, found) | exits.raises
    return after


def _before(statement: ir.Statement, after: Names, exits: _Exits, found: dict[int, Live]) -> Names:
    match statement:
        case ir.If(body=body, orelse=orelse):
            return reads(statement) | _block(body, after, exits, found) | _block(orelse, after, exits, found)
        case ir.While() | ir.For():
            return _loop(statement, after, exits, found)
        case ir.Try():
            return _try(statement, after, exits, found)
        case ir.Map() | ir.Parallel() | ir.Race():
            kept = after if statement.target is None else after - {statement.target}
            return kept | _inner(statement, found)
        case ir.Break():
            return exits.breaks
        case ir.Continue():
            return exits.continues
        case ir.Return():
            return reads(statement) | exits.returns
        case ir.Raise() | ir.Reraise():
            return reads(statement) | exits.raises
        case ir.SetItem() | ir.Append() | ir.Extend():
            return reads(statement) | after
        case _:
            name = writes(statement)
            return reads(statement) | (after if name is None else after - {name})


def _loop(loop: ir.While | ir.For, after: Names, exits: _Exits, found: dict[int, Live]) -> Names:
    own = frozenset(bound_names(loop.target)) if isinstance(loop, ir.For) else _NONE
    each = _NONE if isinstance(loop, ir.For) else reads(loop)
    head = after | each
    while True:
        inside = _block(loop.body, head, exits._replace(breaks=after, continues=head), found)
        more = head | each | (inside - own)
        if more == head:
            return head | reads(loop)
        head = more


def _try(statement: ir.Try, after: Names, exits: _Exits, found: dict[int, Live]) -> Names:
    if statement.final:
        after = _block(statement.final, after.union(*exits), exits, found)
        exits = exits.through(after)
    caught = _NONE.union(
        *(_block(handler.body, after, exits, found) - {handler.variable} for handler in statement.handlers)
    )
    behind = _block(statement.orelse, after, exits, found)
    return _block(statement.body, behind, exits._replace(raises=exits.raises | caught), found)


def _inner(statement: ir.Map | ir.Parallel | ir.Race, found: dict[int, Live]) -> Names:
    """What inner scopes read of the variables around them. Theirs are gone when an error leaves them."""
    if not isinstance(statement, ir.Map):
        bodies = ((branch.body, free_names(branch.result)) for branch in statement.branches)
        return _NONE.union(*(_block(body, result, _Exits(), found) for body, result in bodies))
    inside = _block(statement.body, free_names(statement.result), _Exits(), found)
    condition = _NONE if statement.condition is None else free_names(statement.condition)
    return free_names(statement.items) | ((inside | condition) - frozenset(bound_names(statement.over)))
