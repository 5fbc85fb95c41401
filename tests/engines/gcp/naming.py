"""Which variables a step can read and write, before anything runs.

https://cloud.google.com/workflows/docs/reference/syntax/variables#variable-scope: what is first assigned in a loop or
an `except` belongs to it, and "accessing it outside of the loop will raise an error when deploying the workflow".
https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps: branches write to variables of their parents
only when these are `shared`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.gcp.errors import Undocumented, WorkflowRefused
from engines.gcp.expressions.syntax import Name, walk
from engines.gcp.library.table import HELPERS, MODULES
from engines.gcp.model import Action, Assign, Call, For, Nested, Parallel, Routine, Step, Switch, Try
from engines.gcp.reading_expressions import reads_of
from engines.gcp.templates import target


@dataclass
class Names:
    """The variables of one scope.

    Attributes:
        own: All that the scope will ever have.
        assigned: Those that a step further up assigns.
        parent: The scope around it.
        shared: In a branch: what it may write of the scopes around it.
    """

    own: set[str]
    assigned: set[str] = field(default_factory=set)
    parent: Names | None = None
    shared: frozenset[str] | None = None

    def visible(self, name: str) -> bool:
        """Whether a step can read a variable."""
        return name in self.own or (self.parent is not None and self.parent.visible(name))

    def earlier(self, name: str) -> bool:
        """Whether a step further up assigns a variable."""
        return name in self.assigned or (self.parent is not None and self.parent.earlier(name))


def check_names(routine: Routine, routines: frozenset[str]) -> None:
    """Checks all reads and writes of a routine."""
    scope = Names(set(routine.parameters) | assigned_here(routine.steps), set(routine.parameters))
    for name in (*routine.parameters, *scope.own):
        fit(name, routine.name, routines)
    check_steps(routine.steps, scope, routine.name, routines)


def fit(name: str, place: str, routines: frozenset[str]) -> None:
    """Refuses variables that are called like something else."""
    if name in MODULES or name in HELPERS or name in routines:
        raise Undocumented(f"{place}: the variable {name} is called like a function, module or subworkflow")


def assigned_here(steps: tuple[Step, ...]) -> set[str]:
    """What a list of steps assigns in its own scope: not in loops, branches and `except`."""
    found: set[str] = set()
    for step in steps:
        found.update(written(step.does))
        for inner in same_scope(step.does):
            found.update(assigned_here(inner))
    return found


def written(action: Action) -> Iterator[str]:
    """The variables that a step itself assigns."""
    match action:
        case Assign(pairs):
            for text, _ in pairs:
                name, path = target(text)
                if not path:
                    yield name
        case Call(result=str() as result):
            yield result
        case Switch(cases):
            for case in cases:
                yield from written(case.does)
        case _:
            return


def same_scope(action: Action) -> Iterator[tuple[Step, ...]]:
    """The lists of steps inside of a step that share its scope."""
    match action:
        case Switch(cases):
            for case in cases:
                yield from same_scope(case.does)
        case Try(steps=steps) | Nested(steps=steps):
            yield steps
        case _:
            return


def check_steps(steps: tuple[Step, ...], scope: Names, place: str, routines: frozenset[str]) -> None:
    """Checks a list of steps, from the top."""
    for step in steps:
        here = place if step.bare else f"{place}.{step.name}"
        for expression in reads_of(step.does, here):
            for node in walk(expression):
                if isinstance(node, Name):
                    read(node.name, scope, here, routines)
        for name in all_targets(step.does):
            write(name, scope, here)
        scope.assigned.update(written(step.does))
        for inner in same_scope(step.does):
            check_steps(inner, scope, here, routines)
        for inner, own, shared in inner_scopes(step.does):
            enter(inner, own, shared, scope, here, routines)


def all_targets(action: Action) -> Iterator[str]:
    """Every variable that a step writes, or writes into."""
    if isinstance(action, Assign):
        yield from (target(text)[0] for text, _ in action.pairs)
    elif isinstance(action, Switch):
        for case in action.cases:
            yield from all_targets(case.does)
    else:
        yield from written(action)


def read(name: str, scope: Names, place: str, routines: frozenset[str]) -> None:
    """Refuses reads of what the scope does not have."""
    if not scope.visible(name) and name not in MODULES and name not in routines:
        raise WorkflowRefused(f"the variable {name} does not exist here", place)


def write(name: str, scope: Names, place: str) -> None:
    """Refuses writes into variables that do not exist, or that a branch does not share."""
    if not scope.visible(name):
        raise WorkflowRefused(f"the variable {name} does not exist here", place)
    around: Names | None = scope
    while around is not None and name not in around.own:
        if around.shared is not None and name not in around.shared:
            raise WorkflowRefused(f"the variable {name} is written in a branch, but not shared", place)
        around = around.parent


def inner_scopes(action: Action) -> Iterator[tuple[tuple[Step, ...], set[str], frozenset[str] | None]]:
    """The lists of steps with a scope of their own, what the scope begins with, and what a branch shares."""
    match action:
        case For():
            yield action.steps, loop_names(action), None
        case Parallel(body=For() as loop):
            yield loop.steps, loop_names(loop), frozenset(action.shared)
        case Parallel(body=tuple() as branches):
            for branch in branches:
                yield branch.steps, set(), frozenset(action.shared)
        case Try(caught=caught) if caught is not None:
            yield caught.steps, {caught.variable}, None
        case Switch(cases):
            for case in cases:
                yield from inner_scopes(case.does)
        case _:
            return


def loop_names(loop: For) -> set[str]:
    """The variables of a loop."""
    return {loop.value} | ({loop.index} if loop.index else set())


def enter(
    steps: tuple[Step, ...],
    own: set[str],
    shared: frozenset[str] | None,
    scope: Names,
    place: str,
    routines: frozenset[str],
) -> None:
    """Checks a list of steps in a scope of its own."""
    for name in own:
        fit(name, place, routines)
        if scope.visible(name):
            raise WorkflowRefused(f"the variable {name} of a loop or except is used outside of it", place)
    for name in shared or ():
        if not scope.visible(name):
            raise WorkflowRefused(f"the shared variable {name} does not exist around the parallel step", place)
    inside = assigned_here(steps)
    for name in sorted(inside):
        fit(name, place, routines)
        if scope.visible(name) and not scope.earlier(name):
            raise Undocumented(f"{place}: {name} is assigned in a loop, branch or except before the scope around it")
    local = {name for name in inside if not scope.visible(name)}
    check_steps(steps, Names(own | local, set(own), scope, shared), place, routines)
