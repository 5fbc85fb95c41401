"""Calls that share an invocation: what functions must know of them, and how long they may run for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from skyloom.deployers.functions import FunctionGroup
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FusedCalls, ModelDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.passes import Engine
from skyloom.flows.passes.batch_items import batched_items
from skyloom.flows.passes.fuse_calls import fused_calls

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedTask:
    """What several calls have become.

    Attributes:
        definition: the task in their place; it has `fused`.
        called: the tasks that it calls.
        models: the program's.
    """

    definition: TaskDefinition
    called: tuple[TaskDefinition, ...]
    models: Mapping[str, ModelDefinition]

    @property
    def name(self) -> str:
        """Its name in payloads, an identifier."""
        return self.definition.name

    @property
    def calls(self) -> FusedCalls:
        """What it carries out."""
        assert self.definition.fused is not None
        return self.definition.fused


class Fusing(Protocol):
    """A compiled workflow, of whichever cloud."""

    @property
    def fused(self) -> tuple[FusedTask, ...]: ...


def fused_tasks(program: Program) -> tuple[FusedTask, ...]:
    """What calls of the program's flows have become, by name."""
    found = []
    for name in sorted(program.tasks):
        definition = program.tasks[name]
        if definition.fused is not None:
            names = sorted({one.task for one in ir.walk(definition.fused.body) if isinstance(one, ir.CallTask)})
            called = tuple(program.tasks[name] for name in names)
            found.append(FusedTask(definition=definition, called=called, models=program.models))
    return tuple(found)


def all_fused(workflows: Iterable[Fusing]) -> tuple[FusedTask, ...]:
    """Those of an app's workflows, each once, by name."""
    by_name: dict[str, FusedTask] = {}
    for workflow in workflows:
        for fused in workflow.fused:
            known = by_name.setdefault(fused.name, fused)
            assert known.calls == fused.calls, f"two steps are called {fused.name}"
    return tuple(by_name[name] for name in sorted(by_name))


def with_functions(functions: Mapping[str, str], program: Program) -> dict[str, str]:
    """The function of each task, by its name: those that calls have become run where the calls did."""
    made = (task for task in program.tasks.values() if task.fused is not None)
    return {**functions, **{t.name: functions.get(t.fused.like, t.fused.like) for t in made if t.fused}}


PASSES = frozenset({"batch_items", "fuse_calls"})
"""The passes (`flows.passes.PASSES`) that make steps of several calls."""


def where_it_fits(program: Program, without: frozenset[str], compiled: Callable[[frozenset[str]], T]) -> T:
    """What is compiled without these passes; without fusing too where a cloud refuses the program: what its author only
    allows shall not be why it cannot be deployed. Raises CheckFailed, with what is wrong with the program itself."""
    try:
        return compiled(without)
    except CheckFailed:
        if without >= PASSES or not any(task.fuse for task in program.tasks.values()):
            raise
        return compiled(without | PASSES)


def chosen_passes(without: frozenset[str], fused: Sequence[FusedTask]) -> frozenset[str]:
    """The passes that were left out when `where_it_fits` compiled what has these calls: with none of them, those that
    make steps of several calls have changed nothing, or were left out."""
    return without if fused else without | PASSES


def apart(program: Program, engine: Engine) -> tuple[Diagnostic, ...]:
    """SKY780: what the program's author allows to share an invocation, and stays apart, with the reason."""
    batched, maps = batched_items(program, engine)
    left = [*maps, *fused_calls(batched, engine)[1]]
    found = (Diagnostic("SKY780", f"calls stay apart: {one.reason}", one.file, one.span, one.hint) for one in left)
    return tuple(dict.fromkeys(found))


def kind_of(task: TaskDefinition) -> str:
    """The key of a payload under which the task's name stands."""
    return "task" if task.fused is None else "fused"


def called_as(callee: TaskDefinition | PromptDefinition) -> str:
    """What a task, or a prompt, is called in messages."""
    fused = callee.fused if isinstance(callee, TaskDefinition) else None
    return callee.name if fused is None else fused.title


def stretched(groups: Iterable[FunctionGroup], fused: Iterable[FusedTask]) -> tuple[FunctionGroup, ...]:
    """The groups, with the time that an invocation takes at most."""
    known = tuple(fused)
    return tuple(
        replace(
            group,
            timeout=max([group.timeout, *(one.definition.timeout for one in known if one.calls.like in group.tasks)]),
        )
        for group in groups
    )
