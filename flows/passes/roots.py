"""The whole expressions of statements: where a workflow cannot say one, the helper function evaluates it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from skyloom.flows.expr.nodes import Comprehension, Expr, Function, Name, bound_names
from skyloom.flows.expr.nodes import walk as walk_expression
from skyloom.flows.ir.nodes import Argument, Assign, For, Map, Parallel, Race, Statement, Step, Try, blocks, walk
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.passes.liveness import expressions, writes

_EXPRESSIONS: tuple[type, ...] = get_args(get_args(Expr)[0])


def is_leaf(statement: Statement) -> bool:
    """Whether no statements stand below it, so that its expressions are evaluated once, in front of what it does."""
    return next(blocks(statement), None) is None and not isinstance(statement, For | Map)


def roots(statement: Statement) -> Iterator[tuple[str, Expr]]:
    """The whole expressions of a leaf by what they are to it, in the order in which they are evaluated; those of the
    path of a change in place are not among them."""
    prefix = f"{statement.id}_" if isinstance(statement, Step) else ""
    for field in dataclasses.fields(statement):
        label = statement.variable if isinstance(statement, Assign) else f"{prefix}{field.name}"
        yield from _roots(label, prefix, getattr(statement, field.name))


def _roots(label: str, prefix: str, value: Any) -> Iterator[tuple[str, Expr]]:
    if type(value) in _EXPRESSIONS:
        yield label, value
    elif isinstance(value, tuple):
        yield from ((f"{prefix}{one.name}", one.value) for one in value if isinstance(one, Argument))


def with_roots(statement: Statement, changed: Mapping[int, Expr]) -> Statement:
    """The leaf with other expressions in the place of some, which are given by their identity."""

    def new(value: Any) -> Any:
        if isinstance(value, Argument):
            return dataclasses.replace(value, value=new(value.value))
        return tuple(map(new, value)) if isinstance(value, tuple) else changed.get(id(value), value)

    fields = (field.name for field in dataclasses.fields(statement) if field.name not in ("span", "path", "bases"))
    result: Statement = dataclasses.replace(statement, **{name: new(getattr(statement, name)) for name in fields})
    return result


class FreshNames:
    """Names that no variable of the flow has."""

    def __init__(self, flow: FlowDefinition) -> None:
        self._taken = {parameter.name for parameter in flow.parameters}
        for statement in walk(flow.body):
            self._taken |= names_in(statement)

    def fresh(self, wish: str) -> str:
        """The wish, or with `_2`, `_3`, ... behind it where that is taken."""
        name, number = wish, 2
        while name in self._taken:
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name


def bound_by(statement: Statement) -> set[str]:
    """The variables that a statement assigns, changes or binds itself, not those inside it."""
    found = {handler.variable for handler in statement.handlers} if isinstance(statement, Try) else set()
    if isinstance(statement, For):
        return found.union(bound_names(statement.target))
    if isinstance(statement, Map):
        found |= set(bound_names(statement.over))
    name = writes(statement)
    return found if name is None else found | {name}


def names_in(statement: Statement) -> set[str]:
    """The variables that a statement names itself, not those inside it: assigned, bound or read."""
    found = bound_by(statement)
    branches = statement.branches if isinstance(statement, Parallel | Race) else ()
    parts = [*expressions(statement), *(branch.result for branch in branches)]
    for node in (node for part in parts for node in walk_expression(part)):
        match node:
            case Comprehension(generators=generators):
                found |= {name for one in generators for name in bound_names(one.target)}
            case Function(parameter=parameter):
                found.add(parameter)
            case Name(name=name):
                found.add(name)
            case _:
                pass
    return found
