"""The steps of Google Cloud Workflows, as data; `gcp.structure` writes them.

A closed set: walk it with `match` and end with `assert_never`. A step's `name` is unique in its (sub)workflow; take it
from `Names.fresh`. `at` is the place in the source, `order.py:31`: it becomes a comment. A value is JSON whose texts
may be expressions, `${...}`: `"${" + emitted + "}"`. Source: cloud.google.com/workflows/docs/reference/syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys; a string may be an expression, `${...}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What every step has."""

    name: str
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Named):
    """Sets variables, one after the other: a pair's value sees the pairs before it. A target is a variable or a place
    in one: `x`, `x[0]`, `x["key"]`. At most 50 pairs. Goes on with the step `next`."""

    pairs: tuple[tuple[str, Json], ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Named):
    """Calls a subworkflow, a function of the standard library or a connector; `result` is a variable."""

    function: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    result: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way out of a `Switch`: where `condition` is true (`True` or an expression) its steps run, then `next`. The
    one step of a `bare` case stands in it without its name."""

    condition: Json
    steps: Steps = ()
    next: str | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Named):
    """Takes the first case whose condition is true, or none; then goes on, with the step `next` where given. A case's
    own `next` comes first."""

    cases: tuple[Case, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What a `For` goes over: the elements of `items`, or the integers of `between`, both ends included. `value` and
    `index` are variables of the loop alone. `Next(to=BREAK)` and `Next(to=CONTINUE)` stand in its steps. `known`: how
    many rounds there are at least, where the source says so."""

    value: str
    steps: Steps
    index: str | None = None
    items: Json = None
    between: tuple[Json, Json] | None = None
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Named):
    """A loop. What is assigned first inside it is not known behind it."""

    loop: Loop


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelFor(Named):
    """A loop whose rounds run side by side, at most `limit` at once. Only the `shared` variables may be assigned."""

    loop: Loop
    shared: tuple[str, ...] = ()
    limit: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Named):
    """One branch of a `ParallelBranches`."""

    steps: Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelBranches(Named):
    """Branches that run side by side. Only the `shared` variables may be assigned."""

    branches: tuple[Branch, ...]
    shared: tuple[str, ...] = ()
    limit: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How the steps of a `Try` are repeated: `predicate` is an expression that names a subworkflow or a function of the
    standard library; seconds are numbers."""

    predicate: Json
    max_retries: Json
    initial_delay: Json
    max_delay: Json
    multiplier: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Try(Named):
    """Runs `steps`, again as `retry` says; an error that is left over is `caught` in `handler`. Variables assigned
    first in the handler are not known behind it. A single call that is called as the step itself stands in it bare."""

    steps: Steps
    retry: Retry | None = None
    caught: str | None = None
    handler: Steps = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Named):
    """Ends the (sub)workflow with a value."""

    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise(Named):
    """Raises an error: a text or a map. `again`: it was caught before."""

    value: Json
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Next(Named):
    """Goes on with the step named `to`; `BREAK` and `CONTINUE` are those of the innermost loop."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Named):
    """Steps under one name."""

    steps: Steps


Step = Assign | Call | Switch | For | ParallelFor | ParallelBranches | Try | Return | Raise | Next | Group
Steps = tuple[Step, ...]

BREAK = "break"
CONTINUE = "continue"
RESERVED = frozenset({"break", "continue", "end", "next", "continueAll", "unhandled"})
"""Words that no step is called by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a subworkflow."""

    name: str
    required: bool = True
    default: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subworkflow:
    """A subworkflow, or `main`, whose one parameter is the execution's argument. `comment` stands above it."""

    name: str
    parameters: tuple[Parameter, ...]
    steps: Steps
    comment: str = ""


class Names:
    """Names that are unique in one (sub)workflow: one object for its steps, another for its variables."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken) | RESERVED
        self._last: dict[str, int] = {}

    def fresh(self, wish: str) -> str:
        """`wish` as an identifier, or with `_2`, `_3`, ... behind it where that is taken."""
        base = identifier(wish)
        number = self._last.get(base, 1)
        name = base if number == 1 else f"{base}_{number}"
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._last[base] = number
        self._taken.add(name)
        return name


def identifier(wish: str) -> str:
    """`wish` with nothing in it that names may not have."""
    base = re.sub(r"[\W_]+", "_", wish, flags=re.ASCII).strip("_")[:60] or "step"
    return f"_{base}" if base[0].isdigit() else base


def blocks(step: Step) -> Iterator[Steps]:
    """The lists of steps directly below a step."""
    match step:
        case Switch(cases=cases):
            yield from (case.steps for case in cases)
        case For(loop=loop) | ParallelFor(loop=loop):
            yield loop.steps
        case ParallelBranches(branches=branches):
            yield from (branch.steps for branch in branches)
        case Try(steps=steps, handler=handler):
            yield from (steps, handler)
        case Group(steps=steps):
            yield steps
        case Assign() | Call() | Return() | Raise() | Next():
            return
        case _:
            assert_never(step)


def walk(steps: Sequence[Step]) -> Iterator[Step]:
    """Every step of `steps` and below them, outside in."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from walk(block)
