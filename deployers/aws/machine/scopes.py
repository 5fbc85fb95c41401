"""Scopes inside a machine: an item of a map, a branch. They see the variables around them, and assign their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from skyloom.deployers.aws.machine.context import Context, ErrorClass, Exits, ItemIndex, Origin, Part
from skyloom.deployers.aws.machine.graph import Edge, End, Fail, Graph
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.values import Constant, Ref, Value, record, snippet, variable
from skyloom.errors import Span

RACE_WON = "Skyloom.RaceWon"
"""The error by which the winner of a race ends it."""


@dataclass(slots=True)
class Inner:
    """A scope in the making.

    Attributes:
        native: whether its errors decide at once, and end the state around it.
        wins: whether its result does.
    """

    lowering: Lowering
    around: Context
    span: Span
    native: bool
    wins: bool = False
    graph: Graph = field(init=False)
    ends: list[End] = field(default_factory=list)
    failing: list[Edge] = field(default_factory=list)
    scope: Scope = field(init=False)
    error: str = ""

    def __post_init__(self) -> None:
        self.scope = Scope(self.around.scope)
        self.graph = Graph(self.scope)

    def context(self, names: Sequence[str], parts: tuple[Part, ...]) -> Context:
        """Where the statements inside stand; `names` are the scope's own variables."""
        own = {name: self.scope.flow_variable(name) for name in names}
        for name in names:
            if name in self.around.names:
                self.graph.entry.let(own[name], variable(self.around.names[name]))
        exits = Exits(returns=self.give, errors=None if self.native else self._fail)
        return replace(
            self.around,
            names=self.around.names | own,
            scope=self.scope,
            exits=exits,
            path=tuple(_outside(part) for part in parts),
            rounds=(),
            constants={name: value for name, value in self.around.constants.items() if name not in own},
            facts=self.around.facts.without(own),
        )

    def give(self, edge: Edge, value: Value, origin: Origin) -> None:
        """Ends the scope with a value."""
        if self.wins:
            cause = snippet("$string(", record({"value": value}), ")")
            number = self.lowering.number()
            edge.to(Fail(label="won", comment=origin.comment, order=number, error=Constant(RACE_WON), cause=cause))
            return
        end = End(label=origin.label, comment=origin.comment, order=self.lowering.number(), output=value)
        self.ends.append(end)
        edge.to(end)

    def _fail(self, edge: Edge, error: Value, known: ErrorClass | None) -> None:
        self.error = self.error or self.scope.variable("failure")
        self.failing.append(edge.let(self.error, error))


def _outside(part: Part) -> Part:
    """A part of a path as it is read from an inner scope: the index of an item around stands in a variable."""
    return Ref(part.variable) if isinstance(part, ItemIndex) else part
