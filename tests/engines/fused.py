"""Calls that share an invocation, in this process: their module is executed as it is written."""

from __future__ import annotations

import contextvars
import itertools
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any, cast

from skyloom.adapters.hosts.fused import Fused
from skyloom.adapters.hosts.jobs import TaskJob
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.fused_module import fused_module
from skyloom.flows.definitions import Task
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.runner.locate import locate
from skyloom.flows.task_context import TaskContext

Json = Any

_numbers = itertools.count(1)


def fused_name(fused: Iterable[FusedTask]) -> str:
    """The name of the module of these calls, which can be imported now."""
    name = f"fused_of_cases_{next(_numbers)}"
    module = sys.modules[name] = ModuleType(name)
    exec(compile(fused_module(fused), f"{name}.py", "exec"), vars(module))
    return name


def fused_here(fused: Iterable[FusedTask]) -> Fused:
    """The module as hosts know it."""
    return Fused(fused_name(fused))


def paths(fused: FusedTask, step: str) -> set[str]:
    """The paths of the calls that an invocation may make, told the path of its step."""
    before, slash, last = step.rpartition("/")
    calls, items = fused.calls, fused.calls.slice
    name, _, rounds = last.partition("[")
    heads, behind = [f"{before}{slash}"], rounds and f"[{rounds}"
    if items is None:
        assert name == calls.step
    else:
        assert last == calls.step or name == items.step
        head, first = step, 0
        if last == calls.step:
            head, _, number = before.rpartition("[")
            first = int(number.removesuffix("]")) * items.size
        behind = ""
        heads = [f"{head}[{first + n}]/" for n in range(items.size)]
    ids = [one.id for one in calls.body if isinstance(one, ir.CallTask)]
    return {f"{head}{name}{behind}" for head in heads for name in ids}


class TasksHere:
    """A program's tasks, wherever they are defined."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def job(self, name: str) -> TaskJob:
        """The task of that name."""
        return _Job(cast(Task[..., Any], locate(self._program.tasks[name])))


class _Job(TaskJob):
    """A task that runs where its caller's context variables are seen, in whichever thread."""

    def __init__(self, task: Task[..., Any]) -> None:
        super().__init__(task)
        self._context = contextvars.copy_context()

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        return self._context.run(super().run, values, attempt, notes)


class NowhereHost:
    """The host of an invocation that no cloud knows of."""

    root = "."
    keeps_numbers = False

    def left(self) -> float | None:
        return None

    def log(self, failed: bool) -> dict[str, Json]:
        return {}

    def write(self, line: str, failed: bool) -> None:
        return None
