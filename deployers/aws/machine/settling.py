"""Pass states where one state's assignments cannot do: a value that must be taken once, or too much in one text."""

from __future__ import annotations

from skyloom.deployers.aws.machine.graph import Choice, Edge, End, Graph, Join, Let, Node, edges, inner, nodes
from skyloom.deployers.aws.machine.joining import predecessors
from skyloom.deployers.aws.machine.values import Value, is_fleeting
from skyloom.deployers.aws.machine.writing import needed_by

MOST_BINDINGS = 32
"""How many assignments of the same edge one value may take in."""
MOST_TOGETHER = 64
"""How many all values of an edge may take in together."""


def settle(graph: Graph) -> None:
    """Splits edges, in the graph and in the scopes inside, and moves assignments into the ends of the scope."""
    for node in nodes(graph):
        for edge in edges(node):
            _split(node, edge)
        for scope in inner(node):
            settle(scope)
    _move_into_ends(graph)


def _split(node: Node, edge: Edge) -> None:
    if isinstance(edge.target, End):
        needed = [let for let in edge.lets if let.needed]
        edge.apart = any(let not in needed_by(edge.target.output, edge.lets) for let in needed)
    position = _where_to_split(edge)
    while position is not None:
        if position == len(edge.lets):
            edge.apart = True
            return
        rest = Edge(edge.lets[position:], edge.live, edge.target)
        label = f"set {edge.lets[position].variable}"
        edge.target = Join(label=label, comment=node.comment, order=node.order, kept=True, edge=rest)
        edge.lets = edge.lets[:position]
        edge = rest
        position = _where_to_split(edge)


def _where_to_split(edge: Edge) -> int | None:
    lets = edge.lets
    readers: list[tuple[int, Value]] = [(n, let.value) for n, let in enumerate(lets)]
    if isinstance(edge.target, End):
        readers.append((len(lets), edge.target.output))
    together = 0
    last = {let.variable: position for position, let in enumerate(lets)}
    for position, value in readers:
        needed = needed_by(value, lets[:position])
        if position == len(lets) or (
            last[lets[position].variable] == position and lets[position].variable in edge.live
        ):
            together += len(needed)
        if len(needed) > MOST_BINDINGS or (together > MOST_TOGETHER and needed):
            return position
        if any(is_fleeting(let.value) and _is_read_elsewhere(let, value, edge, readers) for let in needed):
            return position
    return None


def _is_read_elsewhere(let: Let, by: Value, edge: Edge, readers: list[tuple[int, Value]]) -> bool:
    """Whether a value that may be taken once only is read by more than `by`."""
    if let.variable in edge.live:
        return True
    return any(other is not by and let in needed_by(other, edge.lets[:n]) for n, other in readers)


def _move_into_ends(graph: Graph) -> None:
    """What a choice assigns for an end alone, the end computes itself."""
    before = predecessors(graph)
    for node in nodes(graph):
        if isinstance(node, Choice):
            for edge in edges(node):
                target = edge.target
                if isinstance(target, End) and len(before[id(target)]) == 1:
                    target.given = [*edge.lets, *target.given]
                    edge.lets = []
