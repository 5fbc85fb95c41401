"""The extents of a flow's variables: of all that is assigned to each, whatever way a run takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from skyloom.deployers.facts import always_leaves
from skyloom.deployers.sizes.declared import Declared
from skyloom.deployers.sizes.expressions import Sizing, exact_length
from skyloom.deployers.sizes.extent import MOST_OF_A_CHARACTER, UNKNOWN, Extent, exactly, joined, repeated
from skyloom.deployers.sizes.schemas import part_of
from skyloom.deployers.sizes.types import extent_of_type
from skyloom.flows.expr.nodes import Bind, Expr, Target, bound_names
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program

Place = tuple[str, str]
"""A variable of a flow, or what it returns."""
RETURN = "return"

_ROUNDS = 4
"""Rounds, beside one for each flow, after which what still changes has no bound: it grows in each round of a loop."""
_MOMENT, _UUID = exactly("2026-11-22T09:30:00.000000Z"), exactly("0" * 36)


class _Unassigned(Exception):
    """Nothing has been assigned yet to a variable: what is made of it comes later."""


@dataclass(slots=True)
class Variables:
    """The values of a program's flows.

    Attributes:
        declared: what is declared of what comes from outside.
        known: the extents by place; what is not there, nothing is assigned to.
    """

    program: Program
    declared: Declared
    known: dict[Place, Extent] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, character: int = MOST_OF_A_CHARACTER) -> Variables:
        """Those of a program. `character`: the bytes that a character of a text counts at most."""
        found = cls(program, Declared(program, character))
        for parameter in program.flow.parameters:
            found.known[program.main, parameter.name] = found.declared.parameter(parameter.name)
        rounds = 0
        while changed := found._round():
            rounds += 1
            if rounds > len(program.flows) + _ROUNDS:
                found.known |= dict.fromkeys(changed, UNKNOWN)
        return found

    def _round(self) -> list[Place]:
        """Goes through all flows once, and gives the places that know more now."""
        before = dict(self.known)
        for flow in self.program.flows.values():
            _Flow(flow, self).follow()
        return [place for place, extent in self.known.items() if before.get(place) != extent]

    def sizing(self, flow: str) -> Sizing:
        """The extents of a flow's expressions."""
        return Sizing(self.program.models, lambda name: self.known.get((flow, name), UNKNOWN))

    def result(self, flow: str) -> Extent:
        """The extent of what a flow gives."""
        return self.known.get((flow, RETURN), UNKNOWN).and_(self.declared.result(self.program.flows[flow]))


@dataclass(slots=True)
class _Flow:
    flow: FlowDefinition
    found: Variables

    def follow(self) -> None:
        """Notes all that the flow's statements assign."""
        for statement in ir.walk(self.flow.body):
            for name, extent in self._assigned(statement):
                self._to((self.flow.name, name), extent)
        if not always_leaves(self.flow.body):
            self._to((self.flow.name, RETURN), lambda: exactly(None))

    def _to(self, place: Place, extent: Callable[[], Extent]) -> None:
        try:
            more = extent()
        except _Unassigned:
            return
        known = self.found.known.get(place)
        self.found.known[place] = more if known is None else known.or_(more)

    def _known(self, name: str) -> Extent:
        if (self.flow.name, name) not in self.found.known:
            raise _Unassigned
        return self.found.known[self.flow.name, name]

    def _of(self, expr: Expr) -> Extent:
        return Sizing(self.found.program.models, self._known).of(expr)

    def _assigned(self, statement: ir.Statement) -> Iterable[tuple[str, Callable[[], Extent]]]:
        """The variables that a statement assigns, with what."""
        match statement:
            case ir.Assign(variable=name, value=value):
                yield name, lambda: self._of(value)
            case ir.SetItem(variable=name):
                yield name, lambda: Extent(2)
            case ir.Append(variable=name) | ir.Extend(variable=name):
                # It only grows: it has what it had before at least.
                yield name, lambda: Extent(self._known(name).least)
            case ir.Return(value=value):
                yield RETURN, lambda: self._of(value)
            case ir.For(items=items, target=target):
                yield from self._elements(items, target)
            case ir.Try(handlers=handlers):
                yield from ((handler.variable, lambda: Extent(2)) for handler in handlers)
            case ir.CallFlow(flow=callee, arguments=arguments):
                self._call(callee, arguments)
                yield from self._target(statement, lambda: self._result(callee))
            case ir.Map(items=items, over=over):
                yield from self._elements(items, over)
                yield from self._target(statement, lambda: self._collected(statement))
            case ir.Parallel(branches=branches):
                yield from self._target(statement, lambda: joined(self._of(branch.result) for branch in branches))
            case ir.Race(branches=branches):
                for branch in branches:
                    yield from self._target(statement, partial(self._of, branch.result))
            case ir.Step():
                yield from self._target(statement, lambda: self._given(statement))
            case _:
                pass

    def _target(self, step: ir.Step, extent: Callable[[], Extent]) -> Iterable[tuple[str, Callable[[], Extent]]]:
        if step.target is not None:
            yield step.target, extent

    def _given(self, step: ir.Step) -> Extent:
        program = self.found.program
        match step:
            case ir.CallTask(task=name):
                return self.found.declared.given_by(program.tasks[name])
            case ir.CallPrompt(prompt=name):
                return self.found.declared.given_by(program.prompts[name])
            case ir.Sample(function=function):
                return _MOMENT if function == "now" else _UUID
            case ir.WaitFor(payload=payload):
                return extent_of_type(payload, program.models)
            case ir.Approval():
                return Extent(2)
            case _:
                return exactly(None)

    def _result(self, callee: str) -> Extent:
        if (callee, RETURN) not in self.found.known:
            raise _Unassigned
        return self.found.result(callee)

    def _call(self, callee: str, arguments: Iterable[ir.Argument]) -> None:
        given = {argument.name: argument.value for argument in arguments}
        for parameter in self.found.program.flows[callee].parameters:
            if (value := given.get(parameter.name)) is not None:
                self._to((callee, parameter.name), partial(self._of, value))
            else:
                self._to((callee, parameter.name), partial(exactly, parameter.default))

    def _elements(self, items: Expr, target: Target) -> Iterable[tuple[str, Callable[[], Extent]]]:
        if isinstance(target, Bind):
            yield target.name, lambda: Sizing(self.found.program.models, self._known).element(items)
            return
        for position, part in enumerate(target.targets):
            if isinstance(part, Bind):
                yield part.name, partial(self._part, items, position)
            else:
                yield from ((name, lambda: UNKNOWN) for name in bound_names(part))

    def _part(self, items: Expr, position: int) -> Extent:
        each = Sizing(self.found.program.models, self._known).element(items)
        return UNKNOWN if each.schema is None else part_of(each.schema, position)

    def _collected(self, step: ir.Map) -> Extent:
        element = self._of(step.result)
        many = exact_length(step.items)
        if many is not None:
            return repeated(element, 0 if step.condition is not None else many, many)
        most = self._of(step.items).schema
        count = None if most is None else most.node.get("maxItems")
        return repeated(element, 0, count if isinstance(count, int) else None)
