"""Takes away the joins: what they carry moves to the edges before them, or stays in a state of its own."""

from __future__ import annotations

from skyloom.deployers.aws.machine.graph import Choice, Edge, Graph, Join, edges, inner, nodes
from skyloom.deployers.aws.machine.writing import Writing

LONGEST_COPY = 400
"""Characters that copying a join's assignments to all edges may add; beyond it they stay in one Pass state."""


def take_joins_away(graph: Graph, writing: Writing) -> None:
    """Leads edges past the joins of the graph, and of the scopes inside."""
    found = nodes(graph)
    before = predecessors(graph)
    for node in found:
        for scope in inner(node):
            take_joins_away(scope, writing)
    for node in found:
        if isinstance(node, Join) and not node.kept:
            _take_away(node, before, writing)


def _take_away(join: Join, before: dict[int, list[Edge]], writing: Writing) -> None:
    target = join.edge.target
    entering = before[id(join)]
    if target is join or (join.edge.lets and _is_large(join, len(entering), writing)):
        join.kept = True
        return
    assert target is not None
    if join.loop and isinstance(target, Choice):
        target.head = True
    if join.loop and isinstance(target, Join):
        target.loop = True
    for edge in entering:
        edge.lets += join.edge.lets
        edge.target = target
    before[id(target)].remove(join.edge)
    before[id(target)] += entering
    before[id(join)] = []


def _is_large(join: Join, copies: int, writing: Writing) -> bool:
    length = sum(len(writing.text(let.value)) for let in join.edge.lets)
    return length * (copies - 1) > LONGEST_COPY


def predecessors(graph: Graph) -> dict[int, list[Edge]]:
    """The edges that lead to each node, by the node's identity; the scope's entry among them."""
    found = nodes(graph)
    before: dict[int, list[Edge]] = {id(node): [] for node in found}
    for edge in [graph.entry, *(edge for node in found for edge in edges(node))]:
        before[id(edge.target)].append(edge)
    return before
