"""The start of a scope: no state stands before the first one, so the first one reads the scope's input itself."""

from __future__ import annotations

from collections.abc import Iterable

from skyloom.deployers.aws.machine.graph import Edge, Graph, Join, Let, Map, Parallel, edges, inner, nodes
from skyloom.deployers.aws.machine.joining import predecessors
from skyloom.deployers.aws.machine.liveness import liveness
from skyloom.deployers.aws.machine.values import is_fleeting, path, variable

ITEM_INDEX = "$states.context.Map.Item.Index"


def enter(graph: Graph) -> None:
    """Settles the entries of the graph, and of all scopes inside."""
    _settle(graph)
    for node in nodes(graph):
        if isinstance(node, Map):
            _hand_index(node)
        for scope in inner(node):
            enter(scope)


def _settle(graph: Graph) -> None:
    lets = graph.entry.lets
    node = graph.entry.target
    assert node is not None
    if not lets:
        return
    if isinstance(node, Join) or len(predecessors(graph)[id(node)]) > 1 or any(is_fleeting(let.value) for let in lets):
        start = Join(label="start", comment=node.comment, order=-1, kept=True, edge=Edge(list(lets), target=node))
        graph.entry = Edge([], target=start)
        return
    graph.entry = Edge([], target=node)
    node.given = [*lets, *node.given]
    for edge in edges(node):
        edge.lets = [*lets, *edge.lets]
    if isinstance(node, Map | Parallel):
        _carry(graph, node, lets)


def _carry(graph: Graph, node: Map | Parallel, lets: list[Let]) -> None:
    """Hands what the scopes inside read of `lets` to them, with their input."""
    ours = {let.variable for let in lets}
    liveness(graph)
    theirs = sorted({name for scope in inner(node) for name in liveness(scope)} & ours)
    if not theirs:
        return
    assigned = {let.variable for other in nodes(graph) for edge in edges(other) for let in edge.lets}
    for scope in inner(node):
        scope.entry.lets = [*(Let(name, path(f"$states.input.{name}")) for name in theirs), *scope.entry.lets]
        scope.renamed |= {name: scope.scope.variable(name) for name in theirs if name in assigned}
    if isinstance(node, Map):
        _select_item(node, theirs)
    node.carried |= {name: variable(name) for name in theirs}


def _hand_index(node: Map) -> None:
    """Hands the index to an item that begins with a map: in there the context object speaks of the inner map's item."""
    entry = node.body.entry
    if not isinstance(entry.target, Map):
        return
    for position, let in enumerate(entry.lets):
        if let.value.reads == frozenset() and getattr(let.value, "parts", None) == (ITEM_INDEX,):
            _select_item(node, [let.variable])
            node.carried[let.variable] = let.value
            entry.lets[position] = Let(let.variable, path(f"$states.input.{let.variable}"))


def _select_item(node: Map, taken: Iterable[str]) -> None:
    """Makes the element one entry of the item's input."""
    if node.carried:
        return
    names = set(taken)
    key = "item"
    while key in names:
        key += "_"
    node.carried = {key: path("$states.context.Map.Item.Value")}
    node.element.text = f"$states.input.{key}"
