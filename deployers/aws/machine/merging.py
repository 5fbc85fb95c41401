"""Fewer states: choices behind choices become one, and choices that only decide on values become values."""

from __future__ import annotations

from skyloom.deployers.aws.machine.graph import Choice, Edge, Graph, Let, Rule, inner, nodes
from skyloom.deployers.aws.machine.joining import predecessors
from skyloom.deployers.aws.machine.values import is_fleeting
from skyloom.deployers.aws.machine.writing import Writing, needed_by

LONGEST_TEST = 300
"""Characters of a test that takes in assignments; where it would be longer, the choices stay apart."""
MOST_RULES = 12
"""Rules of one choice."""
MOST_COPIED = 3
"""Rules of a choice that is copied because other ways lead to it too."""


def merge_choices(graph: Graph, writing: Writing) -> None:
    """Takes a choice that another one ends with into that one, in the graph and in the scopes inside."""
    before = predecessors(graph)
    # From the end on, so that a chain of choices becomes one in a single pass.
    for node in reversed(nodes(graph)):
        for scope in inner(node):
            merge_choices(scope, writing)
        if isinstance(node, Choice):
            _take_in(node, before, writing)


def _take_in(choice: Choice, before: dict[int, list[Edge]], writing: Writing) -> None:
    while True:
        following = choice.default.target
        if not isinstance(following, Choice) or following is choice or following.head or following.given:
            return
        alone = len(before[id(following)]) == 1
        if not alone and len(following.rules) > MOST_COPIED:
            return
        if len(choice.rules) + len(following.rules) > MOST_RULES:
            return
        carried = tuple(choice.default.lets)
        if not all(_may_take_in(rule, carried, writing) for rule in following.rules):
            return
        for rule in following.rules:
            edge = Edge([*carried, *rule.edge.lets], target=rule.edge.target)
            choice.rules.append(Rule(rule.test, edge, (*carried, *rule.given)))
            before[id(edge.target)].append(edge)
        edge = Edge([*carried, *following.default.lets], target=following.default.target)
        before[id(following)].remove(choice.default)
        before[id(edge.target)].append(edge)
        choice.default = edge
        if alone:
            for left in (*(rule.edge for rule in following.rules), following.default):
                before[id(left.target)].remove(left)


def _may_take_in(rule: Rule, carried: tuple[Let, ...], writing: Writing) -> bool:
    given = (*carried, *rule.given)
    needed = needed_by(rule.test, given)
    if any(is_fleeting(let.value) for let in needed):
        return False
    return not needed or len(writing.text(rule.test, given)) <= LONGEST_TEST
