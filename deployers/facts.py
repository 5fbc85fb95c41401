"""What is known where a statement stands: tests that led there, as long as nothing in them has been assigned since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from skyloom.flows.expr.nodes import Call, Compare, Expr, Literal, Name, Truth, Unary, free_names
from skyloom.flows.ir.nodes import Block, Break, Continue, If, Map, Raise, Reraise, Return, Statement, While, walk
from skyloom.flows.ir.rewrite import rewrite

MOST = 32
"""Facts that are kept; the oldest are forgotten first."""
MOST_ASKED = 8
"""Facts that one expression is looked at with."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A test, and how it went."""

    test: Expr
    holds: bool
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one place, oldest first."""

    known: tuple[Fact, ...] = ()

    def after(self, test: Expr, *, holds: bool) -> Facts:
        """With one more."""
        return Facts((*self.known, Fact(test, holds, free_names(test)))[-MOST:])

    def without(self, names: Collection[str]) -> Facts:
        """Those that say nothing about `names`."""
        kept = tuple(fact for fact in self.known if fact.names.isdisjoint(names))
        return self if len(kept) == len(self.known) else Facts(kept)

    def about(self, expr: Expr) -> tuple[tuple[Expr, bool], ...]:
        """The tests that speak of the variables of `expr`, and how they went."""
        names = free_names(expr) if self.known else frozenset[str]()
        return tuple((fact.test, fact.holds) for fact in self.known if not fact.names.isdisjoint(names))[-MOST_ASKED:]


def behind(facts: Facts, statement: Statement, changed: Collection[str]) -> Facts:
    """What is known behind a statement that assigns `changed`."""
    facts = facts.without(changed)
    match statement:
        case If(test=test, body=body, orelse=orelse) if free_names(test).isdisjoint(changed):
            if always_leaves(body):
                return facts.after(test, holds=False)
            if always_leaves(orelse):
                return facts.after(test, holds=True)
        case While(test=test, body=body) if not any(isinstance(inner, Break) for inner in walk(body)):
            return facts.after(test, holds=False)
        case Map(target=str(target), items=Name(name=source), condition=None) if source != target:
            # There is one result for each element.
            for fact in facts.known:
                if fact.names == {source} and _counts(fact.test):
                    facts = facts.after(rewrite(fact.test, lambda node: _called(node, target)), holds=fact.holds)
        case _:
            pass
    return facts


def _counts(test: Expr) -> bool:
    """Whether a test of a list asks only how many elements it has."""
    match test:
        case Truth(operand=Name()) | Literal():
            return True
        case Unary(operator="not", operand=operand):
            return _counts(operand)
        case Call(function="len", arguments=(Name(),)):
            return True
        case Compare(operator="==" | "!=" | "<" | "<=" | ">" | ">=", left=left, right=right):
            return _counts(left) and _counts(right)
        case _:
            return False


def _called(node: Expr, name: str) -> Expr:
    return replace(node, name=name) if isinstance(node, Name) else node


def always_leaves(block: Block) -> bool:
    """Whether nothing behind the block is reached from it."""
    if not block:
        return False
    match block[-1]:
        case Return() | Raise() | Reraise() | Break() | Continue():
            return True
        case If(body=body, orelse=orelse):
            return always_leaves(body) and always_leaves(orelse)
        case _:
            return False
