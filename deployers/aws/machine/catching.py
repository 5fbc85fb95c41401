"""Errors of many states that go the same way are read in one place."""

from __future__ import annotations

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.graph import (
    Catcher,
    Edge,
    Graph,
    Join,
    Let,
    Map,
    Parallel,
    Task,
    inner,
    nodes,
)
from skyloom.deployers.aws.machine.values import Snippet

FEWEST = 4
"""So many catchers that read an error the same way share a Pass state that does it; it is entered on errors only."""

_Key = tuple[int, str, tuple[int, ...]]


def share_readers(graph: Graph) -> None:
    """Lets catchers with the same way behind them note what happened, and one state behind them read it."""
    groups: dict[_Key, list[tuple[Catcher, Task | Map | Parallel]]] = {}
    for node in nodes(graph):
        if isinstance(node, Task | Map | Parallel):
            for catcher in node.catchers:
                key = _key(catcher.edge)
                if key is not None:
                    groups.setdefault(key, []).append((catcher, node))
        for scope in inner(node):
            share_readers(scope)
    for group in groups.values():
        if len(group) >= FEWEST:
            _share(graph, [catcher for catcher, _ in group], group[-1][1])


def _key(edge: Edge) -> _Key | None:
    """What catchers must have in common: where they lead, the error's variable, and what is assigned behind it."""
    if not edge.lets or not isinstance(edge.lets[0].value, Snippet) or edge.lets[0].value.caught is None:
        return None
    return id(edge.target), edge.lets[0].variable, tuple(id(let) for let in edge.lets[1:])


def _share(graph: Graph, group: list[Catcher], last: Task | Map | Parallel) -> None:
    first = group[0].edge
    noted = graph.scope.variable("caught")
    reading = Let(first.lets[0].variable, errors.read(noted))
    reader = Join(
        label="read error",
        comment=last.comment,
        order=last.order,
        kept=True,
        edge=Edge([reading, *first.lets[1:]], target=first.target),
    )
    for catcher in group:
        value = catcher.edge.lets[0].value
        assert isinstance(value, Snippet) and value.caught is not None
        catcher.edge = Edge([Let(noted, errors.note(value.caught))], target=reader)
