"""Writes a graph as Amazon States Language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, assert_never

from skyloom.deployers.aws.limits import MAP_WIDTH
from skyloom.deployers.aws.machine.graph import (
    Catcher,
    Choice,
    Edge,
    End,
    Fail,
    Graph,
    Join,
    Let,
    Map,
    Node,
    Parallel,
    Rule,
    Task,
    Wait,
    edges,
    nodes,
)
from skyloom.deployers.aws.machine.naming import StateNames
from skyloom.deployers.aws.machine.values import Constant, Placeholder, Value
from skyloom.deployers.aws.machine.writing import Writing, enclosed, field, literal

Json = Any

LONGEST_TIMEOUT = 99_999_999
"""Seconds; the largest `TimeoutSeconds` and `Seconds`."""


class States:
    """The states of one machine, scope by scope."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._names = StateNames()

    def scope(self, graph: Graph) -> dict[str, Json]:
        """`StartAt` and `States` of a scope."""
        with self._writing.renamed(graph.renamed):
            found = _with_states(graph)
            names = {id(node): self._names.name(_label(node)) for node in found}
            start = graph.entry.target
            assert start is not None
            states = {names[id(node)]: self._state(node, names) for node in found}
            return {"StartAt": names[id(start)], "States": states}

    # --- states -------------------------------------------------------------------------------------------------

    def _state(self, node: Node, names: dict[int, str]) -> dict[str, Json]:
        match node:
            case Join():
                return {"Type": "Pass", "Comment": node.comment, **self._behind(node.edge, names)}
            case Choice():
                return self._choice(node, names)
            case Task():
                return self._task(node, names)
            case Wait(seconds=seconds):
                wait = {"Type": "Wait", "Comment": node.comment, "Seconds": self._pause(seconds, node.given)}
                return wait | self._behind(node.edge, names)
            case Parallel():
                return self._parallel(node, names)
            case Map():
                return self._map(node, names)
            case End(output=output):
                output = self._template(output, node.given)
                return {"Type": "Succeed", "Comment": node.comment, "Output": _output(output)}
            case Fail(error=error, cause=cause):
                texts = {"Error": self._template(error, node.given), "Cause": self._template(cause, node.given)}
                return {"Type": "Fail", "Comment": node.comment, **texts}
            case _:
                assert_never(node)

    def _choice(self, node: Choice, names: dict[int, str]) -> dict[str, Json]:
        rules = [
            {"Condition": field(self._condition(rule, node.given)), **self._to(rule.edge, names)} for rule in node.rules
        ]
        default = self._to(node.default, names)
        state = {"Type": "Choice", "Comment": node.comment, "Choices": rules, "Default": default.pop("Next")}
        return state | default

    def _condition(self, rule: Rule, given: Sequence[Let]) -> str:
        """All tests of a rule. A later one is asked only where the earlier ones are true."""
        *earlier, last = [self._writing.text(test.value, [*given, *test.given]) for test in rule.tests]
        for text in reversed(earlier):
            last = f"{enclosed(text)} ? {enclosed(last)} : false"
        return last

    def _task(self, node: Task, names: dict[int, str]) -> dict[str, Json]:
        state = {
            "Type": "Task",
            "Comment": node.comment,
            "Resource": node.resource,
            "Arguments": self._template(node.arguments, node.given),
        }
        if node.timeout is not None:
            state["TimeoutSeconds"] = self._seconds(node.timeout, node.given)
        if node.retry:
            state["Retry"] = [dict(retrier) for retrier in node.retry]
        return state | self._catch(node.catchers, names) | self._behind(node.edge, names)

    def _parallel(self, node: Parallel, names: dict[int, str]) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Parallel", "Comment": node.comment}
        if node.carried:
            state["Arguments"] = {name: self._template(v, node.given) for name, v in node.carried.items()}
        state["Branches"] = [self.scope(branch) for branch in node.branches]
        return state | self._catch(node.catchers, names) | self._behind(node.edge, names)

    def _map(self, node: Map, names: dict[int, str]) -> dict[str, Json]:
        state: dict[str, Json] = {
            "Type": "Map",
            "Comment": node.comment,
            "Items": self._template(node.items, node.given),
            "MaxConcurrency": min(node.limit, MAP_WIDTH.value),
        }
        if node.carried:
            state["ItemSelector"] = {name: self._template(v, node.given) for name, v in node.carried.items()}
        state["ItemProcessor"] = {"ProcessorConfig": {"Mode": "INLINE"}, **self.scope(node.body)}
        return state | self._catch(node.catchers, names) | self._behind(node.edge, names)

    # --- edges --------------------------------------------------------------------------------------------------

    def _behind(self, edge: Edge, names: dict[int, str]) -> dict[str, Json]:
        """What follows a state: the next one, or the end with its value."""
        target = edge.target
        if isinstance(target, End) and not edge.apart:
            output = self._template(target.output, [*edge.lets, *target.given])
            return {"Output": _output(output), "End": True}
        return self._to(edge, names)

    def _to(self, edge: Edge, names: dict[int, str]) -> dict[str, Json]:
        assigned = self._assigned(edge)
        return {**({"Assign": assigned} if assigned else {}), "Next": names[id(edge.target)]}

    def _assigned(self, edge: Edge) -> dict[str, Json]:
        """The values that variables have behind the edge."""
        last = {let.variable: position for position, let in enumerate(edge.lets)}
        return {
            self._writing.name(let.variable): self._template(let.value, edge.lets[:position])
            for position, let in enumerate(edge.lets)
            if last[let.variable] == position and let.variable in edge.live
        }

    def _catch(self, catchers: Sequence[Catcher], names: dict[int, str]) -> dict[str, Json]:
        caught = [{"ErrorEquals": list(catcher.errors), **self._to(catcher.edge, names)} for catcher in catchers]
        return {"Catch": caught} if caught else {}

    # --- fields -------------------------------------------------------------------------------------------------

    def _template(self, value: Value, given: Sequence[Let]) -> Json:
        return self._writing.template(value, given)

    def _pause(self, value: Value, given: Sequence[Let]) -> Json:
        """The seconds of a pause: whole ones, and none where the number is negative."""
        if isinstance(value, Constant):
            return min(max(0, math.ceil(value.value)), LONGEST_TIMEOUT)
        return field(f"$max([0, $ceil({self._writing.text(value, given)})])")

    def _seconds(self, value: Value, given: Sequence[Let]) -> Json:
        """The seconds of a timeout: whole ones, at least one."""
        if isinstance(value, Constant):
            return min(max(1, math.ceil(value.value)), LONGEST_TIMEOUT)
        return field(f"$max([1, $ceil({self._writing.text(value, given)})])")


def _with_states(graph: Graph) -> list[Node]:
    """The nodes that have a state: all but ends at which every way arrives from a state that can end by itself."""
    found = nodes(graph)
    needed = {id(graph.entry.target)}
    for node in found:
        own = node.edge if isinstance(node, Task | Wait | Map | Parallel | Join) else None
        needed |= {id(edge.target) for edge in edges(node) if edge is not own or edge.apart}
    return [node for node in found if not isinstance(node, End) or id(node) in needed]


def _label(node: Node) -> str:
    if isinstance(node, Join) and node.edge.lets and node.label != "read error":
        return (
            f"set {', '.join(dict.fromkeys(let.variable for let in node.edge.lets if let.variable in node.edge.live))}"
        )
    return node.label


def _output(value: Json) -> Json:
    return "{% null %}" if value is None else value


def with_placeholders(value: Json) -> Json:
    """`value` with `${name}` for placeholders; a text that only looks like one is written so that it is none."""
    match value:
        case Placeholder(name=name):
            return f"${{{name}}}"
        case str() if "${" in value:
            text = value if value.startswith("{%") else field(literal(value))
            return text.replace("${", "\\u0024{")
        case dict():
            return {key: with_placeholders(item) for key, item in value.items()}
        case list():
            return [with_placeholders(item) for item in value]
        case _:
            return value
