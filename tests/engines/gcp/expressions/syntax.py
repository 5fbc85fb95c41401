"""The nodes of an expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """A number, text, boolean or null."""

    value: object


@dataclass(frozen=True)
class Name:
    """A variable, or the first part of a dotted name of the library."""

    name: str


@dataclass(frozen=True)
class Member:
    """`object.field`."""

    base: Expression
    field: str


@dataclass(frozen=True)
class Index:
    """`list[index]`, `map[key]`."""

    base: Expression
    index: Expression


@dataclass(frozen=True)
class Call:
    """`function(argument, ...)`: a helper, a function of the library or a subworkflow."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Unary:
    """`-x` or `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary:
    """Arithmetic, comparison, membership, `and`, `or`."""

    operator: str
    left: Expression
    right: Expression


Expression = Literal | Name | Member | Index | Call | ListOf | Unary | Binary


def children(node: Expression) -> tuple[Expression, ...]:
    """The nodes right below a node."""
    match node:
        case Member():
            return (node.base,)
        case Index():
            return (node.base, node.index)
        case Call():
            return node.arguments
        case ListOf():
            return node.items
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case _:
            return ()


def walk(node: Expression) -> Iterator[Expression]:
    """A node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def dotted(node: Expression) -> str | None:
    """The dotted name that a chain of members spells, None for anything else."""
    match node:
        case Name(name):
            return name
        case Member(base, field):
            before = dotted(base)
            return None if before is None else f"{before}.{field}"
        case _:
            return None
