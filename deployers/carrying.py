"""The claim check, decided when a flow is compiled: which results nobody looks into on their way from step to step.

Such a result, or such a part of one, may wait in the app's bucket when it is large, and a pointer travels instead
(`adapters.hosts.claims`). Functions put the value in the place of the pointer wherever it stands in their arguments;
expressions of the machine, and whoever reads the result of the run, would see the pointer itself.

Looks are followed backwards: a value is looked into as far as all the places together to which it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any
from typing import Literal as OneOf

from skyloom.deployers.floats import Models
from skyloom.deployers.looking import Looking, element_looks, target_looks
from skyloom.deployers.looks import EACH, ITSELF, Looks, bounded, joined, may_wait, part, parts
from skyloom.flows.expr.nodes import Expr, Literal, Name, Target, bound_names
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import ANY, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition
from skyloom.flows.ir.rewrite import rewrite

Json = Any

Place = tuple[str, str]
"""A variable of a flow, or what it returns."""
_RETURN = "return"


@dataclass(frozen=True, slots=True)
class Carry:
    """How the result of a step travels.

    Attributes:
        kind: with the run; as a pointer where it is large; as a pointer where it is not small, as many come together.
        looks: how far the workflow looks into it.
    """

    kind: OneOf["inline", "reference", "gathered"]
    looks: Looks = False


@dataclass(slots=True)
class Carried:
    """Where the values of a workflow go.

    Attributes:
        looks: how far the workflow looks into what stands at a place.
        ways: the places that a value, or a part of it, goes on to.
        lists: places where little room is for each value: the results of maps and races, lists that a loop fills.
    """

    models: Models
    looks: dict[Place, Looks] = field(default_factory=dict)
    ways: dict[Place, set[Place]] = field(default_factory=dict)
    lists: set[Place] = field(default_factory=set)

    def of(self, flow: str, target: str | None, returns: Type) -> Carry:
        """How the result of a step travels."""
        if target is None:
            return Carry("inline")
        looks = self.looks.get((flow, target), False)
        if not may_wait(returns, looks, self.models):
            return Carry("inline")
        return Carry("gathered" if self._gathered((flow, target)) else "reference", looks)

    def _gathered(self, place: Place) -> bool:
        reached = {place}
        waiting = [place]
        while waiting:
            place = waiting.pop()
            if place in self.lists:
                return True
            fresh = self.ways.get(place, set()) - reached
            reached |= fresh
            waiting += fresh
        return False


@dataclass(frozen=True, slots=True, eq=False)
class _Use:
    """An expression of a flow: `looks` tells how far its value is looked into, by the looks into the places `by`."""

    flow: str
    expr: Expr
    looks: Callable[[], Looks]
    by: tuple[Place, ...]
    to: Place | None = None


def carried(program: Program, separate: frozenset[str], by_machine: Callable[[PromptDefinition], bool]) -> Carried:
    """Follows the values of the main flow's workflow.

    Args:
        separate: flows that run as executions of their own.
        by_machine: whether the workflow itself may ask a prompt: then it reads the arguments.
    """
    found = Carried(program.models, {(program.main, _RETURN): True})
    uses: list[_Use] = []
    for name, flow in program.flows.items():
        if name == program.main or name not in separate:
            _Flow(flow, program, separate, by_machine, found, uses).follow()
    _settle(found, uses)
    return found


def _settle(found: Carried, uses: list[_Use]) -> None:
    """Looks as far as all uses ask for, until none asks for more."""
    depending: dict[Place, list[_Use]] = {}
    for use in uses:
        for place in use.by:
            depending.setdefault(place, []).append(use)
    # Values mostly go on to later statements: what is last is settled first.
    waiting = list(uses)
    queued = set(waiting)
    while waiting:
        use = waiting.pop()
        queued.discard(use)

        def note(name: str, looks: Looks, onward: bool, use: _Use = use) -> None:
            place = (use.flow, name)
            if onward and use.to is not None:
                found.ways.setdefault(place, set()).add(use.to)
            known = found.looks.get(place, False)
            more = joined(known, bounded(looks))
            if more != known:
                found.looks[place] = more
                fresh = [later for later in depending.get(place, ()) if later not in queued]
                queued.update(fresh)
                waiting.extend(fresh)

        Looking(note).at(use.expr, use.looks())


@dataclass(slots=True)
class _Flow:
    flow: FlowDefinition
    program: Program
    separate: frozenset[str]
    by_machine: Callable[[PromptDefinition], bool]
    found: Carried
    uses: list[_Use]

    def follow(self) -> None:
        for statement in ir.walk(self.flow.body):
            self._statement(statement)

    def _place(self, name: str) -> Place:
        return self.flow.name, name

    def _statement(self, statement: ir.Statement) -> None:
        match statement:
            case ir.Assign(variable=name, value=value):
                self._goes(value, self._place(name))
            case ir.SetItem() | ir.Append() | ir.Extend():
                self._change(statement)
            case ir.Return(value=value):
                self._goes(value, self._place(_RETURN))
            case ir.If(test=test) | ir.While(test=test):
                self._look([test])
            case ir.For(items=items, target=target):
                self._elements(items, target)
            case ir.Try():
                pass
            case ir.CallTask(arguments=arguments):
                self._use((argument.value for argument in arguments), False)
            case ir.CallPrompt(prompt=prompt, arguments=arguments):
                read = self.by_machine(self.program.prompts[prompt])
                self._use((argument.value for argument in arguments), read)
            case ir.CallFlow():
                self._call(statement)
            case ir.Parallel() | ir.Race() | ir.Map():
                self._side_by_side(statement)
            case _:
                self._look(_expressions(statement))

    def _change(self, statement: ir.SetItem | ir.Append | ir.Extend) -> None:
        """The workflow must have what it changes itself: the variable, and every container on the path."""
        to = self._place(statement.variable)
        self.found.lists.add(to)
        self._look(key.index for key in statement.path)
        keys = [_key(key.index) for key in statement.path]
        if not isinstance(statement, ir.SetItem):
            keys.append(EACH)
        itself = reduce(lambda inside, key: {key: inside}, reversed(keys[:-1]), ITSELF)
        self.found.looks[to] = joined(self.found.looks.get(to, False), bounded(itself))
        value = statement.value

        def looks(of: Looks) -> Looks:
            into = reduce(lambda outer, key: parts(outer) if key == EACH else part(outer, key), keys, of)
            if isinstance(statement, ir.Extend):
                return {EACH: element_looks(into, iteration_type(value.type))}
            return element_looks(into, value.type)

        self._goes(value, to, looks)

    def _side_by_side(self, step: ir.Parallel | ir.Race | ir.Map) -> None:
        to = None if step.target is None else self._place(step.target)
        if to is not None and not isinstance(step, ir.Parallel):
            # The winner's result may have to travel in the text of an error, which is short.
            self.found.lists.add(to)
        match step:
            case ir.Map(items=items, over=over, condition=condition, result=result):
                self._elements(items, over)
                self._look([] if condition is None else [condition])
                self._goes(result, to, parts)
            case ir.Race(branches=branches):
                for branch in branches:
                    self._goes(branch.result, to)
            case ir.Parallel(branches=branches):
                for position, branch in enumerate(branches):
                    self._goes(branch.result, to, partial(_branch_looks, str(position), branch.result.type))

    def _call(self, step: ir.CallFlow) -> None:
        if step.flow in self.separate:
            self._look(argument.value for argument in step.arguments)
            return
        for argument in step.arguments:
            self._goes(argument.value, (step.flow, argument.name))
        if step.target is not None:
            result = Name(span=step.span, type=ANY, name=_RETURN)
            to = self._place(step.target)
            self.uses.append(_Use(step.flow, result, lambda: self.found.looks.get(to, False), (to,), to))

    def _elements(self, items: Expr, target: Target) -> None:
        """A list is gone through: its elements go on to the names of the target."""
        places = tuple(self._place(name) for name in bound_names(target))

        def looks() -> Looks:
            return {EACH: target_looks(target, lambda name: self.found.looks.get(self._place(name), False))}

        for to in places:
            self.uses.append(_Use(self.flow.name, items, looks, places, to))

    def _goes(self, expr: Expr, to: Place | None, seen: Callable[[Looks], Looks] = lambda looks: looks) -> None:
        """The value of an expression goes on to a place; `seen` tells how far it is looked into by how far that is."""
        if to is None:
            self._use([expr], False)
        else:
            self.uses.append(_Use(self.flow.name, expr, lambda: seen(self.found.looks.get(to, False)), (to,), to))

    def _look(self, exprs: Iterable[Expr]) -> None:
        """The workflow looks into all of the values of these expressions."""
        self._use(exprs, True)

    def _use(self, exprs: Iterable[Expr], looks: Looks) -> None:
        """These expressions are evaluated, and their values looked into so far."""
        self.uses += [_Use(self.flow.name, expr, lambda: looks, ()) for expr in exprs]


def _expressions(statement: ir.Statement) -> list[Expr]:
    """The expressions of a statement without statements inside."""
    found: list[Expr] = []

    def note(expr: Expr) -> Expr:
        found.append(expr)
        return expr

    rewrite(statement, note)
    return found


def _branch_looks(position: str, of: Type, looks: Looks) -> Looks:
    return element_looks(part(looks, position), of)


def _key(index: Expr) -> str:
    match index:
        case Literal(value=str(key)):
            return key
        case _:
            return EACH


def payload_entry(carry: Carry) -> Mapping[str, Json]:
    """The entries of a function's payload that say how its result travels."""
    if carry.kind == "inline":
        return {}
    return {"carry": carry.kind} if carry.looks is False else {"carry": carry.kind, "looks": carry.looks}
