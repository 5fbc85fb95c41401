"""Which variables are read behind every edge; assignments that nobody reads are dropped."""

from __future__ import annotations

from collections.abc import Iterable

from skyloom.deployers.aws.machine.graph import Choice, Edge, Graph, Node, Rule, edges, inner, nodes, values


def liveness(graph: Graph) -> frozenset[str]:
    """Notes on every edge what is read behind it, and drops assignments that nobody reads, in this scope and in those
    inside. The variables that the scope reads from around it."""
    return _Liveness(graph).run()


class _Liveness:
    """Sets of variables are bits of integers, as flows may have many of both."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = nodes(graph)
        self._bits: dict[str, int] = {}
        self._names: list[str] = []
        self._before: dict[int, int] = {}

    def run(self) -> frozenset[str]:
        inside = {
            id(node): self._set(name for scope in inner(node) for name in liveness(scope)) for node in self._nodes
        }
        own = {id(node): self._read_by(node) | inside[id(node)] for node in self._nodes}
        self._before = dict.fromkeys(own, 0)
        around: dict[int, list[Node]] = {id(node): [] for node in self._nodes}
        for node in self._nodes:
            for edge in edges(node):
                around[id(edge.target)].append(node)
        waiting = list(self._nodes)
        queued = {id(node) for node in waiting}
        while waiting:
            node = waiting.pop()
            queued.discard(id(node))
            live = self._with_given(node, own[id(node)], [self._at_start(edge) for edge in edges(node)])
            if live != self._before[id(node)]:
                self._before[id(node)] = live
                for other in around[id(node)]:
                    if id(other) not in queued:
                        queued.add(id(other))
                        waiting.append(other)
        for node in self._nodes:
            for edge in edges(node):
                self._note(edge)
        self._note(self._graph.entry)
        return self._read_back(self._at_start(self._graph.entry))

    # --- sets ---------------------------------------------------------------------------------------------------

    def _bit(self, name: str) -> int:
        bit = self._bits.get(name)
        if bit is None:
            bit = self._bits[name] = 1 << len(self._names)
            self._names.append(name)
        return bit

    def _set(self, names: Iterable[str]) -> int:
        result = 0
        for name in names:
            result |= self._bit(name)
        return result

    def _read_back(self, live: int) -> frozenset[str]:
        return frozenset(name for name, bit in self._bits.items() if live & bit)

    # --- reads --------------------------------------------------------------------------------------------------

    def _read_by(self, node: Node) -> int:
        read = 0
        for value in values(node):
            read |= self._set(value.reads)
        if isinstance(node, Choice):
            for rule in node.rules:
                read |= self._set(_reads_of_rule(rule))
        return read

    def _with_given(self, node: Node, own: int, behind: list[int]) -> int:
        """What is read by the node and behind it; the assignments in front of it take their variables away."""
        live = own
        for one in behind:
            live |= one
        for let in reversed(node.given):
            bit = self._bit(let.variable)
            if live & bit:
                live = live & ~bit | self._set(let.value.reads)
        return live

    def _at_start(self, edge: Edge) -> int:
        live = self._before[id(edge.target)]
        for let in reversed(edge.lets):
            bit = self._bit(let.variable)
            if live & bit or let.needed:
                live = live & ~bit | self._set(let.value.reads)
        return live

    def _note(self, edge: Edge) -> None:
        live = self._before[id(edge.target)]
        for let in edge.lets:
            if let.needed:
                live |= self._bit(let.variable)
        edge.live = frozenset(let.variable for let in edge.lets if live & self._bit(let.variable))
        kept = []
        for let in reversed(edge.lets):
            bit = self._bit(let.variable)
            if live & bit:
                live = live & ~bit | self._set(let.value.reads)
                kept.append(let)
        kept.reverse()
        edge.lets = kept


def _reads_of_rule(rule: Rule) -> set[str]:
    """What a rule's test reads from before its own assignments."""
    reads: set[str] = set()
    for test in rule.tests:
        read = set(test.value.reads)
        for let in reversed(test.given):
            if let.variable in read:
                read.discard(let.variable)
                read |= let.value.reads
        reads |= read
    return reads
