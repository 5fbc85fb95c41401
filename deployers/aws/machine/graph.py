"""The control flow of one scope of a machine: nodes become states, edges carry assignments in their order.

Lowering builds such a graph from its entry on, with open edges (`target` is None) where the next statement goes on.
`Join` stands where ways meet, and for what has no state of its own; most joins are gone before states are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.output import Need
from skyloom.deployers.aws.machine.values import Slot, Value

Json = Any


@dataclass(frozen=True, slots=True)
class Let:
    """`variable := value`, on an edge. `needed`: computed even where nobody reads it, because it may fail."""

    variable: str
    value: Value
    needed: bool = False


@dataclass(eq=False, slots=True)
class Edge:
    """A way from one node to the next. The assignments are carried out one after the other."""

    lets: list[Let] = field(default_factory=list)
    live: frozenset[str] = frozenset()
    """Those of the edge's own variables that are read behind it. Known after `liveness`."""
    target: Node | None = None
    apart: bool = False
    """Whether an end behind the edge has a state of its own, although the state before could end by itself."""

    def let(self, variable: str, value: Value) -> Edge:
        """Adds an assignment."""
        self.lets.append(Let(variable, value))
        return self

    def to(self, node: Node) -> None:
        """Closes the edge."""
        assert self.target is None, "closed already"
        self.target = node
        if isinstance(node, Join):
            node.entered = True


@dataclass(eq=False, slots=True, kw_only=True)
class Base:
    """What every node has: what its state is called (before it is made unique), where it comes from, its order."""

    label: str
    comment: str
    order: int
    given: list[Let] = field(default_factory=list)
    """Assignments that come before the state but have no state to stand in: its values take them in."""


@dataclass(eq=False, slots=True, kw_only=True)
class Join(Base):
    """A place where ways meet. `loop`: they come from behind, too; `kept`: a state whatever it carries."""

    edge: Edge = field(default_factory=Edge)
    loop: bool = False
    kept: bool = False
    entered: bool = False
    """Whether some edge leads here."""


@dataclass(frozen=True, slots=True)
class Test:
    """A boolean, with the assignments that come before it: it takes them in."""

    value: Value
    given: tuple[Let, ...] = ()


@dataclass(eq=False, slots=True)
class Rule:
    """The way that is taken when all of `tests` are true, asked in their order, and no rule before."""

    tests: tuple[Test, ...]
    edge: Edge


@dataclass(eq=False, slots=True, kw_only=True)
class Choice(Base):
    """The first rule whose test is true; else the edge `default`."""

    rules: list[Rule]
    head: bool = False
    """Whether a loop jumps back here."""
    default: Edge = field(default_factory=Edge)


@dataclass(eq=False, slots=True)
class Catcher:
    """The way that errors of these names take."""

    errors: tuple[str, ...]
    edge: Edge


@dataclass(eq=False, slots=True, kw_only=True)
class Task(Base):
    """A call of a service."""

    resource: str
    arguments: Value
    edge: Edge = field(default_factory=Edge)
    catchers: list[Catcher] = field(default_factory=list)
    timeout: Value | None = None
    """Seconds, before rounding up."""
    retry: tuple[dict[str, Json], ...] = ()
    need: Need


@dataclass(eq=False, slots=True, kw_only=True)
class Wait(Base):
    """A pause; `seconds` before rounding up, 0 or less for none."""

    seconds: Value
    edge: Edge = field(default_factory=Edge)


@dataclass(eq=False, slots=True, kw_only=True)
class Parallel(Base):
    """Inner scopes, side by side."""

    branches: list[Graph]
    edge: Edge = field(default_factory=Edge)
    catchers: list[Catcher] = field(default_factory=list)
    carried: dict[str, Value] = field(default_factory=dict)
    """What branches get as their input, by key; nothing: the state's own input."""


@dataclass(eq=False, slots=True, kw_only=True)
class Map(Base):
    """An inner scope for each of `items`, at most `limit` at once."""

    items: Value
    limit: int
    body: Graph
    element: Slot
    """Where the body finds its element."""
    edge: Edge = field(default_factory=Edge)
    catchers: list[Catcher] = field(default_factory=list)
    carried: dict[str, Value] = field(default_factory=dict)
    """What items get in their input beside the element, by key; nothing: the element is the input."""


@dataclass(eq=False, slots=True, kw_only=True)
class End(Base):
    """The scope ends with a value."""

    output: Value


@dataclass(eq=False, slots=True, kw_only=True)
class Fail(Base):
    """The scope, and with it the whole machine or the state around it, ends with an error."""

    error: Value
    cause: Value


Node = Join | Choice | Task | Wait | Parallel | Map | End | Fail


@dataclass(eq=False, slots=True)
class Graph:
    """One scope: the machine itself, an item of a map, a branch. `lets` of the entry read the scope's input."""

    scope: Scope
    entry: Edge = field(default_factory=Edge)
    renamed: dict[str, str] = field(default_factory=dict)
    """Variables that are called differently in this scope, because it assigns what the scope around assigns too."""


def edges(node: Node) -> Iterator[Edge]:
    """The edges that leave a node, in order."""
    match node:
        case Join(edge=edge) | Wait(edge=edge):
            yield edge
        case Choice(rules=rules, default=default):
            yield from (rule.edge for rule in rules)
            yield default
        case (
            Task(edge=edge, catchers=catchers)
            | Parallel(edge=edge, catchers=catchers)
            | Map(edge=edge, catchers=catchers)
        ):
            yield edge
            yield from (catcher.edge for catcher in catchers)
        case End() | Fail():
            return


def values(node: Node) -> Iterator[Value]:
    """The values that the state itself computes when it is entered; not those of its edges and of its rules."""
    match node:
        case Choice():
            return
        case Task(arguments=arguments, timeout=timeout):
            yield arguments
            if timeout is not None:
                yield timeout
        case Wait(seconds=value) | End(output=value):
            yield value
        case Map(items=items, carried=carried):
            yield items
            yield from carried.values()
        case Parallel(carried=carried):
            yield from carried.values()
        case Fail(error=error, cause=cause):
            yield from (error, cause)
        case Join():
            return


def inner(node: Node) -> list[Graph]:
    """The scopes inside a node."""
    match node:
        case Parallel(branches=branches):
            return branches
        case Map(body=body):
            return [body]
        case _:
            return []


def nodes(graph: Graph) -> list[Node]:
    """Every node that can be reached, in the order of the source."""
    found: dict[int, Node] = {}
    waiting = [graph.entry.target]
    while waiting:
        node = waiting.pop()
        assert node is not None, "an open edge"
        if id(node) not in found:
            found[id(node)] = node
            waiting += [edge.target for edge in edges(node)]
    return sorted(found.values(), key=lambda node: node.order)
