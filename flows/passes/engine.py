"""What a pass is, and what it may ask of the engine that a program is compiled for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skyloom.flows.expr.nodes import Expr
from skyloom.flows.ir.program import Program


def _every(expr: Expr) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What passes may ask of an engine.

    Attributes:
        evaluates: whether the workflow evaluates an expression by itself; otherwise the app's helper function does,
            which costs a step and a call.
        functions: the function that carries out a task, by the task's name.
        shares_memory: whether all variables of a run have one limit together, and an answer has none of its own below
            it: several large values may come at once.
        longest: seconds that one invocation of a function may take; None where calls are never fused.
    """

    evaluates: Callable[[Expr], bool] = _every
    functions: Mapping[str, str] = field(default_factory=dict)
    shares_memory: bool = False
    longest: float | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """A rewrite by its name. `saves` says for people what becomes less."""

    name: str
    saves: str
    rewrite: Callable[[Program, Engine], Program]
