"""Where a statement stands: its scope, what its variables are called, how one leaves it, how its steps are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from skyloom.deployers.aws.machine.graph import Edge
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.values import Constant, Ref, Snippet, Value, path, snippet
from skyloom.deployers.counting import Ranges, tests
from skyloom.deployers.facts import Facts
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Comprehension, Expr, Function, Literal, Name, bound_names, free_names, walk
from skyloom.flows.ir.nodes import (
    Block,
)
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.ir.rewrite import rewrite
from skyloom.flows.passes.fold_constants import folded

Leave = Callable[[Edge], None]


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """An error's class, where the compiler knows it."""

    name: str
    bases: tuple[str, ...]

    def is_a(self, names: tuple[str, ...]) -> bool:
        """Whether a handler of `names` takes it."""
        return self.name in names or not set(self.bases).isdisjoint(names)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is given back: what a state for it is called, and the place in the source."""

    label: str
    comment: str


@dataclass(frozen=True, slots=True)
class Exits:
    """How statements leave where they stand. Each takes an open edge and closes it.

    Attributes:
        returns: with the value that the flow, item or branch gives.
        errors: with the error, `{"type", "bases", "message"}`, and its class where it is known; None: nothing takes
            errors here, and a failing state ends the scope by itself.
        breaks: out of the loop.
        continues: to the loop's next round.
    """

    returns: Callable[[Edge, Value, Origin], None]
    errors: Callable[[Edge, Value, ErrorClass | None], None] | None = None
    breaks: Leave | None = None
    continues: Leave | None = None


@dataclass(frozen=True, slots=True)
class ItemIndex:
    """The index of a map's item: inside the item itself read from the context object, deeper inside a variable."""

    scope: Scope
    variable: str


RUN = path("$states.context.Execution.Name")
"""The run, as tasks know it, where it has one execution."""

Part = str | Ref | Snippet | ItemIndex
"""Of a step's path: text, and what counts iterations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a statement stands.

    Attributes:
        flow: the flow whose statement it is.
        names: the machine's variable for each variable of that flow.
        scope: the machine's scope.
        exits: how one leaves.
        prefix: what stands in front of state names: `answer_draft.` in a flow that is inlined.
        main: the flow of the run.
        run: the run, as tasks know it.
        path: what stands in front of a step's path.
        rounds: the numbers, from 0 on, of the rounds of the loops around, within the flow and scope.
        facts: tests that led here.
        constants: variables of the flow that are known: parameters of an inlined flow, given a constant.
        ranges: how large integer variables of the flow can become, where that is known.
    """

    flow: FlowDefinition
    names: dict[str, str]
    scope: Scope
    exits: Exits
    main: Value
    prefix: str = ""
    run: Value = RUN
    path: tuple[Part, ...] = ()
    rounds: tuple[Ref | Snippet, ...] = ()
    constants: Mapping[str, Literal] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    ranges: Ranges = field(default_factory=dict)

    def knowing(self, test: Expr, *, holds: bool) -> Context:
        """Where the test has gone this way."""
        return replace(self, facts=self.facts.after(test, holds=holds))

    def forgetting(self, block: Block) -> Context:
        """Where all or a part of `block` has run."""
        facts = self.facts.without(assigned(block))
        return self if facts is self.facts else replace(self, facts=facts)

    def facts_about(self, expr: Expr) -> tuple[tuple[Expr, bool], ...]:
        """Tests that speak of the variables of `expr`, and how they went."""
        known = [(self.known(test), holds) for test, holds in self.facts.about(expr)]
        return (*known, *tests(free_names(expr) - self.constants.keys(), self.ranges))

    def known(self, expr: Expr) -> Expr:
        """`expr` with constants in the place of the variables that are known."""
        names = free_names(expr) & self.constants.keys()
        if not names or any(name in names for node in walk(expr) for name in _bound_by(node)):
            return expr
        known = rewrite(
            expr,
            lambda node: self.constants[node.name] if isinstance(node, Name) and node.name in names else node,
        )
        return folded(known)

    def comment(self, span: Span) -> str:
        """The place in the source."""
        return f"{PurePath(self.flow.file).name}:{span.line}"

    def origin(self, span: Span, label: str) -> Origin:
        """Where a value is given back."""
        return Origin(self.prefix + label, self.comment(span))

    def step_parts(self, step: str) -> tuple[Part, ...]:
        """The path of a step: different for every iteration, the same for every attempt."""
        parts: list[Part] = [*self.path, step]
        for number in self.rounds:
            parts += ["[", number, "]"]
        return tuple(parts)

    def step_path(self, step: str) -> Value:
        """The path of a step as a text."""
        return self.written(self.step_parts(step))

    def written(self, parts: tuple[Part, ...]) -> Value:
        """A path as a text."""
        texts: list[str | Ref | Snippet] = [""]
        for part in parts:
            match part:
                case str() if isinstance(texts[-1], str):
                    texts[-1] += part
                case ItemIndex(scope=scope, variable=name):
                    texts.append(path("$states.context.Map.Item.Index") if scope is self.scope else Ref(name))
                case _:
                    texts.append(part)
        if len(texts) == 1:
            return Constant(texts[0])
        joined: list[str | Ref | Value] = []
        for text in texts:
            if text == "":
                continue
            if joined:
                joined.append(" & ")
            joined.append(Constant(text) if isinstance(text, str) else text)
        return snippet(*joined)


def _bound_by(expr: Expr) -> tuple[str, ...]:
    """The names that a comprehension or lambda binds."""
    match expr:
        case Comprehension(generators=generators):
            return tuple(name for generator in generators for name in bound_names(generator.target))
        case Function(parameter=parameter):
            return (parameter,)
        case _:
            return ()
