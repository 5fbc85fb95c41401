"""What a function of the standard library is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engines.gcp.errors import ExpressionRefused, Value


class Surroundings(Protocol):
    """What an expression can ask of the execution that it is part of."""

    def environment(self, name: str) -> str | None:
        """The value of an environment variable."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def new_id(self) -> str:
        """A fresh UUID."""

    def subworkflow(self, name: str, arguments: Sequence[Value]) -> Value:
        """Runs a subworkflow that an expression calls."""


Body = Callable[..., Value]


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        parameters: Names, in the order in which expressions give them.
        required: How many of them must be given.
        body: Gets the surroundings, then the arguments by position; None: the engine does it (blocking calls).
        blocking: Whether it can only be called by a step (expressions page, blocking calls).
        page: Where it is documented, below cloud.google.com/workflows/docs/reference/stdlib.
    """

    parameters: tuple[str, ...]
    required: int
    body: Body | None
    page: str
    blocking: bool = False
    defaults: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """A function, policy or subworkflow as a value: `${http.default_retry}`, `${my_predicate}`."""

    name: str


def positional(name: str, function: Function, given: Sequence[Value]) -> list[Value]:
    """Arguments by position, completed."""
    count(name, function, len(given))
    return [*given, *(function.defaults.get(parameter) for parameter in function.parameters[len(given) :])]


def named(name: str, function: Function, given: Mapping[str, Value]) -> list[Value]:
    """Arguments by name, as steps give them, completed."""
    if unknown := set(given) - set(function.parameters):
        raise ExpressionRefused(f"{name} has no argument {sorted(unknown)[0]}")
    if missing := [one for one in function.parameters[: function.required] if one not in given]:
        raise ExpressionRefused(f"{name} needs the argument {missing[0]}")
    return [given.get(one, function.defaults.get(one)) for one in function.parameters]


def count(name: str, function: Function, many: int) -> None:
    """Refuses too few or too many arguments."""
    if not function.required <= many <= len(function.parameters):
        raise ExpressionRefused(f"{name} takes {', '.join(function.parameters) or 'no arguments'}; {many} given")
