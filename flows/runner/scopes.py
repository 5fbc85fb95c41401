"""Where statements run: their variables, the path of their steps, and the values of expressions there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skyloom.flows.expr.nodes import Bind, Expr, Target
from skyloom.flows.expr.python import compile_expr
from skyloom.flows.outcome import Raised
from skyloom.flows.runner.engine import Engine

Variables = dict[str, Any]


@dataclass(slots=True)
class Scope:
    """Where statements run: their variables, the path in front of their steps, the engine that carries these out."""

    variables: Variables
    path: str
    engine: Engine
    file: str
    rounds: list[int] = field(default_factory=list)
    """The round, from 0 on, of each loop of this scope around what runs now, outer ones first."""

    def path_of(self, step: str) -> str:
        """The path of the step that is about to run."""
        return f"{self.path}/{step}{''.join(f'[{number}]' for number in self.rounds)}"

    def inner(self, path: str, engine: Engine | None = None) -> Scope:
        """A scope that sees these variables and assigns its own."""
        return Scope(dict(self.variables), path, engine or self.engine, self.file)


class Values:
    """The values of a program's expressions. Each is compiled when it is first asked for."""

    def __init__(self) -> None:
        self._compiled: dict[int, Callable[[Variables], Any]] = {}

    def of(self, expr: Expr, scope: Scope) -> Any:
        """The value of the expression. Raises Raised with the error of Python."""
        compiled = self._compiled.get(id(expr))
        if compiled is None:
            compiled = self._compiled[id(expr)] = compile_expr(expr)
        try:
            return compiled(scope.variables)
        except (LookupError, ArithmeticError, ValueError, TypeError) as error:
            raise Raised.of(error) from None

    def optional(self, expr: Expr | None, scope: Scope) -> Any:
        """The value, or None where there is no expression."""
        return None if expr is None else self.of(expr, scope)


def bind(target: Target, value: Any, variables: Variables) -> None:
    """Assigns a value to a name, or its parts to several. Raises Raised where they are too few or too many."""
    if isinstance(target, Bind):
        variables[target.name] = value
        return
    if len(value) != len(target.targets):
        few = len(value) < len(target.targets)
        got = f", got {len(value)}" if few else ""
        raise Raised.of(
            ValueError(
                f"not enough values to unpack (expected {len(target.targets)}{got})"
                if few
                else f"too many values to unpack (expected {len(target.targets)})"
            )
        )
    for inner, element in zip(target.targets, value, strict=True):
        bind(inner, element, variables)
