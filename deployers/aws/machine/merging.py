"""Fewer states: choices behind choices become one, and choices that only decide on values become values."""

from __future__ import annotations

from skyloom.deployers.aws.machine.graph import Choice, Edge, Graph, Let, Rule, Test, inner, nodes
from skyloom.deployers.aws.machine.joining import predecessors
from skyloom.deployers.aws.machine.values import is_fleeting
from skyloom.deployers.aws.machine.writing import Writing, needed_by

LONGEST_TEST = 300
"""Characters of a test; where it would be longer, choices stay apart."""
LONGEST_REPEATED = 100
"""Characters of a test that may be repeated in the rules that follow from it."""
MOST_RULES = 12
"""Rules of one choice."""
MOST_COPIED = 3
"""Rules of a choice that is copied because other ways lead to it too."""


def merge_choices(graph: Graph, writing: Writing) -> None:
    """Takes choices that follow on a choice into that one, in the graph and in the scopes inside."""
    merging = _Merging(graph, writing)
    # From the end on, so that a chain of choices becomes one in a single pass.
    for node in reversed(nodes(graph)):
        for scope in inner(node):
            merge_choices(scope, writing)
        if isinstance(node, Choice):
            while merging.take_in_default(node):
                pass
            merging.take_in_rules(node)


class _Merging:
    """Merges the choices of one scope."""

    def __init__(self, graph: Graph, writing: Writing) -> None:
        self._before = predecessors(graph)
        self._writing = writing

    def take_in_default(self, choice: Choice) -> bool:
        """Appends the rules of the choice that follows where no rule is true; whether there was one."""
        following = self._following(choice, choice.default, MOST_COPIED)
        carried = tuple(choice.default.lets)
        if following is None or not all(self._may_take_in(rule, carried) for rule in following.rules):
            return False
        if len(choice.rules) + len(following.rules) > MOST_RULES:
            return False
        added = [Rule(_behind(rule, carried), _extended(carried, rule.edge)) for rule in following.rules]
        default = _extended(carried, following.default)
        self._replace(following, choice.default, [*(rule.edge for rule in added), default])
        choice.rules += added
        choice.default = default
        return True

    def take_in_rules(self, choice: Choice) -> None:
        """Replaces rules by those of the choice that follows on them."""
        rules: list[Rule] = []
        for rule in choice.rules:
            rules += self._expanded(choice, rule)
        choice.rules = rules

    def _expanded(self, choice: Choice, rule: Rule) -> list[Rule]:
        following = self._following(choice, rule.edge, 0)
        carried = tuple(rule.edge.lets)
        if following is None or len(choice.rules) + len(following.rules) > MOST_RULES:
            return [rule]
        asked = sum(len(self._writing.text(test.value, test.given)) for test in rule.tests)
        if asked > LONGEST_REPEATED or not all(self._may_take_in(inside, carried) for inside in following.rules):
            return [rule]
        added = [
            Rule((*rule.tests, *_behind(inside, carried)), _extended(carried, inside.edge))
            for inside in following.rules
        ]
        added.append(Rule(rule.tests, _extended(carried, following.default)))
        self._replace(following, rule.edge, [one.edge for one in added])
        return added

    def _following(self, choice: Choice, edge: Edge, most_copied: int) -> Choice | None:
        """The choice behind an edge, where it may be taken in. The head of a loop is a state of its own; a choice at
        the end of a round takes its rules along, so that a round costs one state less."""
        following = edge.target
        if not isinstance(following, Choice) or following is choice or following.given:
            return None
        if following.head and (choice.head or not most_copied):
            return None
        alone = len(self._before[id(following)]) == 1
        return following if alone or len(following.rules) <= most_copied else None

    def _may_take_in(self, rule: Rule, carried: tuple[Let, ...]) -> bool:
        for test in rule.tests:
            given = (*carried, *test.given)
            needed = needed_by(test.value, given)
            if any(is_fleeting(let.value) for let in needed):
                return False
            if needed and len(self._writing.text(test.value, given)) > LONGEST_TEST:
                return False
        return True

    def _replace(self, following: Choice, edge: Edge, added: list[Edge]) -> None:
        """Notes that `edge` no longer leads to the choice, but the edges `added` to where it leads."""
        self._before[id(following)].remove(edge)
        for one in added:
            self._before[id(one.target)].append(one)
        if not self._before[id(following)]:
            for left in (*(rule.edge for rule in following.rules), following.default):
                self._before[id(left.target)].remove(left)


def _behind(rule: Rule, carried: tuple[Let, ...]) -> tuple[Test, ...]:
    return tuple(Test(test.value, (*carried, *test.given)) for test in rule.tests)


def _extended(carried: tuple[Let, ...], edge: Edge) -> Edge:
    return Edge([*carried, *edge.lets], target=edge.target)
