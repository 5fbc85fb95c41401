"""Where pointers may stand in the place of values that wait in the bucket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skyloom.deployers.carrying import Carried
from skyloom.deployers.looking import Looking
from skyloom.deployers.looks import Looks
from skyloom.flows.expr.nodes import Expr, Name, bound_names
from skyloom.flows.expr.types import Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.passes.liveness import writes

Place = tuple[str, str]
"""A variable of a flow."""


@dataclass(frozen=True, slots=True)
class Pointers:
    """The places of a program's values that may hold pointers.

    Attributes:
        places: those that hold one, or a value with some in it.
        whole: of those to which nothing comes but a value that waits as a whole: how large it is at most where it does
            not wait.
    """

    places: frozenset[Place]
    whole: Mapping[Place, int]

    @classmethod
    def of(
        cls, program: Program, carried: Carried, large: Mapping[str, int], asked: frozenset[str] = frozenset()
    ) -> Pointers:
        """Those of a program.

        Args:
            large: bytes from which on a result waits, by how it is carried.
            asked: prompts that the workflow may ask by itself: what comes of that waits nowhere.
        """
        whole: dict[Place, int] = {}
        reached: set[Place] = set()
        written: Counter[Place] = Counter()
        for name, flow in program.flows.items():
            written.update((name, parameter.name) for parameter in flow.parameters)
            for statement in ir.walk(flow.body):
                written.update((name, variable) for variable in _written(statement))
                if isinstance(statement, ir.CallTask | ir.CallPrompt) and statement.target is not None:
                    carry = carried.of(name, statement.target, _returns(program, statement))
                    if carry.kind != "inline":
                        reached.add((name, statement.target))
                        by_itself = isinstance(statement, ir.CallPrompt) and statement.prompt in asked
                        if carry.looks is False and not by_itself:
                            whole[name, statement.target] = large[carry.kind]
        waiting = list(reached)
        while waiting:
            fresh = carried.ways.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting += fresh
        return cls(frozenset(reached), {place: most for place, most in whole.items() if written[place] == 1})

    def may_stand_in(self, flow: str, value: Expr) -> bool:
        """Whether an expression's value may be, or hold, a pointer."""
        found = False

        def note(name: str, looks: Looks, onward: bool) -> None:
            nonlocal found
            found = found or (onward and (flow, name) in self.places)

        Looking(note).at(value, False)
        return found

    def largest(self, flow: str, value: Expr) -> int | None:
        """How large the value is at most in the place itself; None where that is not known."""
        return self.whole.get((flow, value.name)) if isinstance(value, Name) else None


def _written(statement: ir.Statement) -> Iterable[str]:
    """The variables that a statement itself assigns or changes."""
    match statement:
        case ir.For(target=target):
            return bound_names(target)
        case ir.Map(over=over):
            return (*bound_names(over), *([] if statement.target is None else [statement.target]))
        case ir.Try(handlers=handlers):
            return [handler.variable for handler in handlers]
        case _:
            found = writes(statement)
            return [] if found is None else [found]


def _returns(program: Program, step: ir.CallTask | ir.CallPrompt) -> Type:
    callee = program.tasks[step.task] if isinstance(step, ir.CallTask) else program.prompts[step.prompt]
    return callee.returns
