"""Where a statement stands: its names, how one leaves it, how its steps are called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from skyloom.deployers.counting import Ranges, tests
from skyloom.deployers.facts import Facts
from skyloom.deployers.gcp.flow.labels import Lowered, settled
from skyloom.deployers.gcp.flow.texts import RUN, SUBWORKFLOWS
from skyloom.deployers.gcp.steps import Names, Steps, identifier
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr, free_names
from skyloom.flows.ir.nodes import (
    Block,
)
from skyloom.flows.ir.program import FlowDefinition

Json = Any


@dataclass(frozen=True, slots=True)
class Exits:
    """How statements leave where they stand.

    Attributes:
        returns: the steps that end the flow with a value.
        breaks: the step to go on with behind the loop.
        continues: the step to go on with for the loop's next round.
        returns_by_jump: whether what ends the flow goes on with a step somewhere else: no loop is left that way.
    """

    returns: Callable[[Context, Json, Span], list[Lowered]]
    breaks: Callable[[Context, Span], list[Lowered]] | None = None
    continues: Callable[[Context, Span], list[Lowered]] | None = None
    returns_by_jump: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One (sub)workflow in the making.

    Attributes:
        steps: the names of its steps.
        variables: the names of its variables.
        aliases: the step that each label stands for.
        set_each_round: variables whose first value, a constant, may be set earlier in the same round of a loop: nothing
            asks for it before (`fewer_steps`).
        set_once: likewise, in front of loops as well.
        parts: where the results of branches are read, by the variable of their list, which is not made.
        early: whether first values are set earlier at all.
    """

    steps: Names
    variables: Names
    aliases: dict[str, str] = field(default_factory=dict)
    set_each_round: set[str] = field(default_factory=set)
    set_once: set[str] = field(default_factory=set)
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    early: bool = True

    def variable(self, wish: str) -> str:
        """A name for a variable: no subworkflow is called so."""
        name = identifier(wish)
        return self.variables.fresh(f"its_{name}" if name.startswith(SUBWORKFLOWS) else name)


@dataclass(frozen=True, slots=True)
class Counted:
    """A part of a step's path that is read from a variable: a number of a round, or the path of a flow's call."""

    text: str


Part = str | Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a statement stands.

    Attributes:
        flow: the flow whose statement it is.
        places: the place in the workflow for each variable of that flow: `topic`, `found.body`.
        frame: the (sub)workflow that it is part of.
        exits: how one leaves.
        run: the run's name, as tasks know it: a value.
        path: what stands in front of a step's path.
        rounds: the number, from 0 on, of the round of each loop around, as an expression.
        depth: how many parallel steps stand around.
        facts: tests that led here.
        ranges: how large integer variables of the flow can become, where that is known.
    """

    flow: FlowDefinition
    places: Mapping[str, str]
    frame: Frame
    exits: Exits
    run: str = RUN
    path: tuple[Part, ...] = ()
    rounds: tuple[str, ...] = ()
    depth: int = 0
    facts: Facts = field(default_factory=Facts)
    ranges: Ranges = field(default_factory=dict)

    def at(self, span: Span) -> str:
        """The place in the source."""
        return f"{PurePath(self.flow.file).name}:{span.line}"

    def step(self, wish: str) -> str:
        """A name for a step."""
        return self.frame.steps.fresh(wish)

    def variable(self, wish: str) -> str:
        """A name for a variable."""
        return self.frame.variable(wish)

    def settled(self, lowered: Iterable[Lowered]) -> Steps:
        """The steps of one list."""
        return settled(lowered, self.frame.aliases)

    def knowing(self, test: Expr, *, holds: bool) -> Context:
        """Where the test has gone this way."""
        return replace(self, facts=self.facts.after(test, holds=holds))

    def facts_about(self, expr: Expr) -> tuple[tuple[Expr, bool], ...]:
        """Tests that speak of the variables of `expr`, and how they went."""
        return (*self.facts.about(expr), *tests(free_names(expr), self.ranges))

    def forgetting(self, block: Block) -> Context:
        """Where all or a part of `block` has run."""
        facts = self.facts.without(assigned(block))
        return self if facts is self.facts else replace(self, facts=facts)

    def step_parts(self, step: str) -> tuple[Part, ...]:
        """The path of a step: different for every iteration, the same for every attempt."""
        parts: list[Part] = [*self.path, step]
        for number in self.rounds:
            parts += ["[", Counted(f"string({number})"), "]"]
        return tuple(parts)

    def step_path(self, step: str) -> str:
        """The path of a step, as a value."""
        return written(self.step_parts(step))


def written(parts: tuple[Part, ...]) -> str:
    """A path as a value: a text, or an expression that joins texts."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    if all(isinstance(part, str) for part in joined):
        return "".join(str(part) for part in joined)
    return "${" + " + ".join(json.dumps(part) if isinstance(part, str) else part.text for part in joined) + "}"
