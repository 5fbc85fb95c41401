"""What lowering a flow shares: the program, how nodes are made, which expressions are hoisted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from skyloom.deployers.aws.machine import errors, values
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import (
    Choice,
    Edge,
    End,
    Fail,
    Join,
    Map,
    Node,
    Parallel,
    Rule,
    Task,
    Test,
    Wait,
)
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.output import WorkflowSettings
from skyloom.deployers.aws.machine.values import Ref, Value, snippet
from skyloom.deployers.carrying import Carried
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.reading import Readings
from skyloom.errors import Span
from skyloom.flows.ir.nodes import Block
from skyloom.flows.ir.program import Program


@dataclass(frozen=True, slots=True)
class Failing:
    """The state with which a scope fails, and the variable in which it finds the error."""

    node: Fail
    variable: str


N = TypeVar("N", Choice, End, Fail, Join, Map, Parallel, Task, Wait)


@dataclass(slots=True)
class Lowering:
    """One machine in the making.

    Attributes:
        separate: the flows that run as executions of their own.
        is_part: whether the machine's executions may be parts of other runs, which their input then tells.
        carried: where the values of the machine go.
        block: lowers statements behind an open edge; gives the edge on which the next one goes on, or None where
            nothing does.
    """

    program: Program
    settings: WorkflowSettings
    block: Callable[[Lowering, Context, Block, Edge], Edge | None]
    separate: frozenset[str]
    carried: Carried
    is_part: bool = False
    hoisted: dict[str, HoistedExpression] = field(default_factory=dict)
    inlined: dict[tuple[int, str], tuple[Scope, dict[str, str]]] = field(default_factory=dict)
    failures: dict[int, tuple[Scope, Failing]] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def node(self, kind: Callable[..., N], context: Context, label: str, span: Span, **fields: object) -> N:
        """A new node, called and commented after its place in the source."""
        return kind(label=context.prefix + label, comment=context.comment(span), order=self.number(), **fields)

    def number(self) -> int:
        """The place of a new node in the order of the source."""
        return next(self._numbers)

    def join(self, context: Context, label: str, span: Span, *, loop: bool = False) -> Join:
        """A new place where ways meet."""
        return self.node(Join, context, label, span, loop=loop)

    def choice(
        self, context: Context, label: str, span: Span, edge: Edge, tests: Sequence[Value]
    ) -> tuple[list[Edge], Edge]:
        """A new choice behind `edge`: the edges of its tests, and the one that is taken when none is true."""
        node = self.node(Choice, context, label, span, rules=[Rule((Test(test),), Edge()) for test in tests])
        edge.to(node)
        return [rule.edge for rule in node.rules], node.default

    def met(self, context: Context, label: str, span: Span, edges: Sequence[Edge | None]) -> Edge | None:
        """The edge on which all of `edges` go on; None where there is none."""
        open_edges = [edge for edge in edges if edge is not None]
        if len(open_edges) < 2:
            return open_edges[0] if open_edges else None
        join = self.join(context, label, span)
        for edge in open_edges:
            edge.to(join)
        return join.edge

    def failing(self, context: Context, span: Span) -> Failing:
        """The one state of the context's scope that ends it with an error of any class."""
        known = self.failures.get(id(context.scope))
        if known is None:
            variable = context.scope.variable("failure")
            error = snippet(Ref(variable), ".type")
            cause = errors.cause(values.variable(variable))
            node = Fail(label="fail", comment=context.comment(span), order=self.number(), error=error, cause=cause)
            known = self.failures[id(context.scope)] = (context.scope, Failing(node, variable))
        return known[1]


def follow(edge: Edge, node: Node) -> Edge:
    """Leads `edge` to `node`, and gives the edge behind it."""
    edge.to(node)
    assert not isinstance(node, Choice | End | Fail)
    return node.edge
