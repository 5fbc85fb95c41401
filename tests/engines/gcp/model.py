"""A workflow after it is read: routines and their steps.

The forms of steps: https://cloud.google.com/workflows/docs/reference/syntax and the pages below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Template = Any
"""A YAML value whose texts `${...}` are expressions."""


@dataclass(frozen=True)
class Assign:
    """`assign`: targets and values, one after the other."""

    pairs: tuple[tuple[str, Template], ...]


@dataclass(frozen=True)
class Call:
    """`call`, with `args` and `result`."""

    function: str
    arguments: Mapping[str, Template]
    result: str | None


@dataclass(frozen=True)
class Case:
    """One condition of a switch, with what a step can do and where it can go."""

    condition: Template
    does: Action
    next: str | None = None


@dataclass(frozen=True)
class Returned:
    """The value of a `return`."""

    value: Template


@dataclass(frozen=True)
class Switch:
    """`switch`: the first case whose condition holds."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class For:
    """`for`, over a list or a range."""

    value: str
    index: str | None
    items: Template
    span: Template
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Branch:
    """A branch of a parallel step."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Parallel:
    """`parallel`, with branches or a loop."""

    shared: tuple[str, ...]
    concurrency: Template
    body: tuple[Branch, ...] | For


@dataclass(frozen=True)
class Retry:
    """The policy of a `try`: a template for all of it, or its parts."""

    policy: Template = None
    predicate: Template = None
    max_retries: Template = None
    backoff: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True)
class Except:
    """`except`: the variable for the error, and what happens."""

    variable: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Try:
    """`try`, with `retry`, `except` or both."""

    steps: tuple[Step, ...]
    retry: Retry | None
    caught: Except | None


@dataclass(frozen=True)
class Raise:
    """`raise`."""

    value: Template


@dataclass(frozen=True)
class Nested:
    """`steps` in a step."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Jump:
    """A step that only jumps."""


Action = Assign | Call | Switch | For | Parallel | Try | Raise | Returned | Nested | Jump


@dataclass(frozen=True)
class Step:
    """A named step, what it does and where it goes then.

    Attributes:
        bare: A call that stands right in a `try`: it goes by the name of that step.
    """

    name: str
    does: Action
    next: str | None = None
    bare: bool = False


@dataclass(frozen=True)
class Routine:
    """`main` or a subworkflow.

    Attributes:
        name: Its name.
        parameters: Names, in order.
        defaults: Values of parameters that need not be given.
        steps: What it does.
    """

    name: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, Template]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Source:
    """A whole workflow."""

    routines: Mapping[str, Routine]


def blocks(action: Action) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The lists of steps right inside of a step, with what they are: plain, loop, except or branch."""
    match action:
        case Switch(cases):
            for case in cases:
                yield from blocks(case.does)
        case For():
            yield "loop", action.steps
        case Parallel(body=For() as loop):
            yield "branch", loop.steps
        case Parallel(body=tuple() as branches):
            yield from (("branch", branch.steps) for branch in branches)
        case Try():
            yield "plain", action.steps
            if action.caught is not None:
                yield "except", action.caught.steps
        case Nested(steps):
            yield "plain", steps
        case _:
            return


def every_step(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps of a list, the nested ones among them."""
    for step in steps:
        yield step
        for _, inner in blocks(step.does):
            yield from every_step(inner)
