"""The claim check, decided when a flow is compiled: which results nobody looks into on their way from step to step.

Such a result may wait in the app's bucket when it is large, and a pointer travels instead (`adapters.hosts.claims`).
Functions put the value in the place of the pointer wherever it stands in their arguments; expressions of the machine,
and whoever reads the result of the run, would see the pointer itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from skyloom.deployers.floats import leaves
from skyloom.flows.expr import nodes
from skyloom.flows.expr.nodes import Expr, free_names
from skyloom.flows.expr.types import AnyType, BytesType, ModelType, StrType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition
from skyloom.flows.ir.rewrite import rewrite

Carry = Literal["inline", "reference", "gathered"]
"""With the run; as a pointer where it is large; as a pointer where it is not small, as many come together."""

Place = tuple[str, str]
"""A variable of a flow, or what it returns."""
_RETURN = "return"
_LARGE = StrType | BytesType | ModelType | AnyType
"""What values are made of that can be large; numbers and constants are not."""
_SAFE: Place = ("", "safe")
_OPEN: Place = ("", "open")


Part = Literal["all", "into", "out of"]
"""How a value goes on: as it is; as an element of what stands there then; as what was an element."""


@dataclass(slots=True)
class Carried:
    """Where the values of a workflow go.

    Attributes:
        ways: the places that a value goes on to, and how.
        lists: places where little room is for each value: the results of maps and races, lists that a loop fills.
        changed: variables that are changed inside: the workflow must have the value itself.
    """

    ways: dict[Place, set[tuple[Place, Part]]] = field(default_factory=dict)
    lists: set[Place] = field(default_factory=set)
    changed: set[Place] = field(default_factory=set)

    def go(self, place: Place, to: Place, part: Part = "all") -> None:
        """A value goes on."""
        self.ways.setdefault(place, set()).add((to, part))

    def of(self, flow: str, target: str | None, returns: Type) -> Carry:
        """How the result of a step travels."""
        if target is None or not any(isinstance(leaf, _LARGE) for leaf in leaves(returns)):
            return "inline"
        reached = self._reached((flow, target))
        if any(place == _OPEN or (itself and place in self.changed) for place, itself in reached):
            return "inline"
        return "gathered" if any(place in self.lists for place, _ in reached) else "reference"

    def _reached(self, place: Place) -> set[tuple[Place, bool]]:
        """Everywhere a value goes, and whether as itself."""
        reached = {(place, True)}
        waiting = [(place, True)]
        while waiting:
            place, itself = waiting.pop()
            for to, part in self.ways.get(place, ()):
                step = (to, {"all": itself, "into": False, "out of": True}[part])
                if step not in reached:
                    reached.add(step)
                    waiting.append(step)
        return reached


def carried(program: Program, separate: frozenset[str], by_machine: Callable[[PromptDefinition], bool]) -> Carried:
    """Follows the values of the main flow's workflow.

    Args:
        separate: flows that run as executions of their own.
        by_machine: whether the workflow itself may ask a prompt: then it reads the arguments.
    """
    found = Carried()
    for name, flow in program.flows.items():
        if name == program.main or name not in separate:
            _Flow(flow, program, separate, by_machine, found).follow()
    found.go((program.main, _RETURN), _OPEN)
    return found


@dataclass(slots=True)
class _Flow:
    flow: FlowDefinition
    program: Program
    separate: frozenset[str]
    by_machine: Callable[[PromptDefinition], bool]
    found: Carried
    arrays: set[str] = field(default_factory=set)
    """Variables that only ever hold an array which the workflow has made."""

    def follow(self) -> None:
        statements = list(ir.walk(self.flow.body))
        made: dict[str, int] = {}
        for statement in statements:
            match statement:
                case ir.SetItem(variable=name) | ir.Append(variable=name) | ir.Extend(variable=name):
                    self.found.changed.add(self._place(name))
                case ir.Parallel(target=str(name)) | ir.Map(target=str(name)):
                    made[name] = made.get(name, 0) + 1
                case ir.Assign(variable=name) | ir.Step(target=str(name)):
                    made[name] = made.get(name, 0) + 2
                case _:
                    pass
        self.arrays = {name for name, count in made.items() if count == 1}
        for statement in statements:
            self._statement(statement)

    def _place(self, name: str) -> Place:
        return self.flow.name, name

    def _statement(self, statement: ir.Statement) -> None:
        match statement:
            case ir.Assign(variable=name, value=value):
                self._goes(value, self._place(name))
            case ir.SetItem(variable=name, path=path, value=value) | ir.Append(variable=name, path=path, value=value):
                self.found.lists.add(self._place(name))
                self._goes(value, self._place(name), "into")
                self._look(key.index for key in path)
            case ir.Return(value=value):
                self._goes(value, self._place(_RETURN))
            case ir.If(test=value) | ir.While(test=value) | ir.For(items=value):
                self._look([value])
            case ir.Try():
                pass
            case ir.CallTask(arguments=arguments):
                self._arguments(arguments, lambda _: _SAFE)
            case ir.CallPrompt(prompt=prompt, arguments=arguments):
                read = self.by_machine(self.program.prompts[prompt])
                self._arguments(arguments, lambda _: _OPEN if read else _SAFE)
            case ir.CallFlow():
                self._call(statement)
            case ir.Parallel(branches=branches) | ir.Race(branches=branches):
                part: Part = "into" if isinstance(statement, ir.Parallel) else "all"
                for branch in branches:
                    self._goes(branch.result, self._target(statement), part)
                if isinstance(statement, ir.Race) and statement.target is not None:
                    # The winner's result may have to travel in the text of an error, which is short.
                    self.found.lists.add(self._target(statement))
            case ir.Map(items=items, condition=condition, result=result):
                self._look([items, *([condition] if condition is not None else [])])
                self._goes(result, self._target(statement), "into")
                if statement.target is not None:
                    self.found.lists.add(self._target(statement))
            case _:
                self._look(_expressions(statement))

    def _target(self, step: ir.Step) -> Place:
        return _SAFE if step.target is None else self._place(step.target)

    def _arguments(self, arguments: tuple[ir.Argument, ...], into: Callable[[str], Place]) -> None:
        for argument in arguments:
            self._goes(argument.value, into(argument.name))

    def _call(self, step: ir.CallFlow) -> None:
        apart = step.flow in self.separate
        self._arguments(step.arguments, lambda name: _OPEN if apart else (step.flow, name))
        if not apart:
            self.found.go((step.flow, _RETURN), self._target(step))

    # --- expressions -------------------------------------------------------------------------------------------------

    def _goes(self, expr: Expr, to: Place, part: Part = "all") -> None:
        """The value of an expression goes on to a place."""
        match expr:
            case nodes.Name(name=name):
                self.found.go(self._place(name), to, part)
            case nodes.Item(object=nodes.Name(name=name), index=nodes.Literal()) if name in self.arrays:
                self.found.go(self._place(name), to, "out of" if part == "all" else part)
            case nodes.Conditional(test=test, body=body, orelse=orelse):
                self._look([test])
                self._goes(body, to, part)
                self._goes(orelse, to, part)
            case nodes.Array(items=items) if not any(isinstance(item, nodes.Spread) for item in items):
                for item in items:
                    self._goes(item, to, "into")
            case nodes.Object(entries=entries) if all(isinstance(entry.key, nodes.Literal) for entry in entries):
                for entry in entries:
                    self._goes(entry.value, to, "into")
            case _:
                self._look([expr])

    def _look(self, exprs: Iterable[Expr]) -> None:
        """The workflow looks into whatever these expressions read."""
        for expr in exprs:
            for name in free_names(expr):
                self.found.go(self._place(name), _OPEN)


def _expressions(statement: ir.Statement) -> list[Expr]:
    """The expressions of a statement without statements inside."""
    found: list[Expr] = []

    def note(expr: Expr) -> Expr:
        found.append(expr)
        return expr

    rewrite(statement, note)
    return found


def payload_entry(carry: Carry) -> Mapping[str, str]:
    """The entry of a function's payload that says how its result travels."""
    return {} if carry == "inline" else {"carry": carry}
