"""Names in a generated module: variables keep theirs, everything else keeps out of their way."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from skyloom.flows.expr.nodes import Comprehension, Expr, Function, bound_names, walk
from skyloom.flows.expr.python import safe_name
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.ir.rewrite import rewrite


@dataclass(slots=True)
class ModuleNames:
    """The names of a module that are taken."""

    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, program: Program) -> ModuleNames:
        """With all variables of a program's flows."""
        found = {safe_name(name) for flow in program.flows.values() for name in _variables(flow)}
        return cls(found)

    def fresh(self, wish: str) -> str:
        """The name itself, or one like it that is free."""
        plain = re.sub(r"\W", "_", wish)
        plain = plain if plain.isidentifier() and not keyword.iskeyword(plain) else f"{plain}_"
        if not plain.isidentifier():
            plain = f"_{plain}"
        # What emitted expressions call is no name for anything else.
        name, number = safe_name(plain), 1
        while name in self.taken:
            number += 1
            name = f"{plain}_{number}"
        self.taken.add(name)
        return name


def _variables(flow: FlowDefinition) -> Iterator[str]:
    yield from (parameter.name for parameter in flow.parameters)
    for statement in ir.walk(flow.body):
        yield from assigned_by(statement)
        match statement:
            case ir.Map(over=over):
                yield from bound_names(over)
            case ir.Try(handlers=handlers):
                yield from (handler.variable for handler in handlers)
    exprs: list[Expr] = []

    def note(expr: Expr) -> Expr:
        exprs.append(expr)
        return expr

    rewrite(flow.body, note)
    for whole in exprs:
        for expr in walk(whole):
            match expr:
                case Function(parameter=parameter):
                    yield parameter
                case Comprehension(generators=generators):
                    yield from (name for generator in generators for name in bound_names(generator.target))


def assigned_by(statement: ir.Statement) -> Iterator[str]:
    """The variables of its own scope that a statement itself sets."""
    match statement:
        case ir.Assign(variable=name) | ir.SetItem(variable=name):
            yield name
        case ir.Append(variable=name) | ir.Extend(variable=name):
            yield name
        case ir.For(target=target):
            yield from bound_names(target)
        case ir.Step(target=str() as name):
            yield name
