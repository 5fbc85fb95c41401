"""Choices that only decide what a variable holds become a value: `x := test ? a : b` needs no state."""

from __future__ import annotations

from skyloom.deployers.aws.machine.graph import Choice, Edge, Graph, Join, Let, Node, inner, nodes
from skyloom.deployers.aws.machine.joining import predecessors
from skyloom.deployers.aws.machine.values import Value, is_fleeting, snippet, variable
from skyloom.deployers.aws.machine.writing import Writing

MOST_VARIABLES = 3
LONGEST_VALUE = 400
"""Characters of all values together that a decision may take."""


def decide(graph: Graph, writing: Writing) -> None:
    """Turns such choices into joins that carry the decision, innermost first, in the scopes inside too."""
    for node in nodes(graph):
        for scope in inner(node):
            decide(scope, writing)
    before = predecessors(graph)
    for node in reversed(nodes(graph)):
        if isinstance(node, Choice):
            _decide(node, before, graph.scope.definite, writing)


def _decide(choice: Choice, before: dict[int, list[Edge]], definite: frozenset[str], writing: Writing) -> None:
    ways = [_way(edge) for edge in (*(rule.edge for rule in choice.rules), choice.default)]
    target = ways[0][1]
    if any(other is not target for _, other in ways) or target is choice or choice.given:
        return
    decided = _decided(choice, [lets for lets, _ in ways], definite)
    if decided is None or sum(len(writing.text(let.value)) for let in decided) > LONGEST_VALUE:
        return
    join = Join(label=choice.label, comment=choice.comment, order=choice.order, edge=Edge(decided, target=target))
    join.entered = True
    entering = before[id(choice)]
    for edge in entering:
        edge.target = join
    before[id(join)] = entering
    before.setdefault(id(target), []).append(join.edge)


def _way(edge: Edge) -> tuple[list[Let], Node]:
    """What is assigned from the edge on up to the first node that is no simple join, and that node."""
    lets = list(edge.lets)
    target = edge.target
    seen: set[int] = set()
    while isinstance(target, Join) and not target.kept and not target.loop and id(target) not in seen:
        seen.add(id(target))
        lets += target.edge.lets
        target = target.edge.target
    assert target is not None
    return lets, target


def _decided(choice: Choice, ways: list[list[Let]], definite: frozenset[str]) -> list[Let] | None:
    """The decision for each variable that some way assigns; None where it cannot be one value each."""
    names = list(dict.fromkeys(let.variable for lets in ways for let in lets))
    if len(names) > MOST_VARIABLES or any(len(rule.tests) > 1 or rule.tests[0].given for rule in choice.rules):
        return None
    everywhere = set(names).intersection(*({let.variable for let in lets} for lets in ways))
    if not definite.issuperset(set(names) - everywhere):
        # It might have no value where it is not assigned.
        return None
    tests = [rule.tests[0].value for rule in choice.rules]
    read = frozenset[str]().union(*(test.reads for test in tests))
    if len(names) > 1 and not read.isdisjoint(names):
        # The first decision would change what the second one asks.
        return None
    if not all(_is_independent(lets, names) for lets in ways):
        return None
    return [Let(name, _decision(name, tests, ways)) for name in names]


def _is_independent(lets: list[Let], names: list[str]) -> bool:
    """Whether each variable is assigned once, plainly, and reads none of the others."""
    assigned = [let.variable for let in lets]
    return len(set(assigned)) == len(assigned) and not any(
        let.needed or is_fleeting(let.value) or not let.value.reads.isdisjoint(set(names) - {let.variable})
        for let in lets
    )


def _decision(name: str, tests: list[Value], ways: list[list[Let]]) -> Value:
    values = [next((let.value for let in lets if let.variable == name), variable(name)) for lets in ways]
    parts: list[str | Value] = []
    for test, value in zip(tests, values[:-1], strict=True):
        parts += [test, " ? ", value, " : "]
    return snippet(*parts, values[-1])
