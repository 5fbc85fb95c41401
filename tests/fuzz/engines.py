"""The engines that random programs run on: one table. Each compiles a program once, and runs it with several inputs."""

from __future__ import annotations

import contextlib
import io
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from conformance import engines as conformance_engines
from conformance.case import Case
from conformance.engines import Observed
from expressions.exact import is_exactly

from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.python import Compiled, compile_expr
from skyloom.flows.expr.types import show
from skyloom.flows.ir.program import Program
from skyloom.flows.runner import inline, launch, scopes
from skyloom.flows.runner.prefect_settings import load_prefect

LARGEST = 2**53
LOOKS = 0.02
"""Seconds after which runs look again for answers: those who answer are quick here."""
LIMIT = "a limit of the service"
"""The class of the error with which an engine ends runs whose values are too large for it."""


class Engine(ABC):
    """A program on an engine. Making one compiles, and raises CheckFailed for what the engine cannot carry."""

    exact = False
    """Whether it keeps what JSON engines lose: the difference of 2 and 2.0 where the type says nothing."""
    slow = False
    """Whether a run takes so long that only one of a program's inputs is run."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder = program, folder

    @abstractmethod
    def run(self, case: Case, folder: Path) -> Observed:
        """What becomes of a case of the program; `folder` is empty."""


@dataclass
class Met:
    """What a run met that the language leaves open."""

    beyond: bool = False
    """An integer beyond 2**53, or a number that is not finite."""
    negative_zero: bool = False
    wrong: list[str] = field(default_factory=list)
    """Values that were not of their static types: compilers build on it."""

    def look_at(self, value: Any) -> None:
        """Looks at a value and all its parts."""
        match value:
            case bool() | None | str():
                pass
            case int():
                self.beyond |= abs(value) > LARGEST
            case float():
                self.beyond |= not math.isfinite(value)
                self.negative_zero |= value == 0 and math.copysign(1, value) < 0
            case Mapping():
                for part in value.values():
                    self.look_at(part)
            case list() | tuple():
                for part in value:
                    self.look_at(part)


class Inline(Engine):
    """The interpreter without Prefect, which also sees every value."""

    exact = True

    def __init__(self, program: Program, folder: Path) -> None:
        super().__init__(program, folder)
        self.met = Met()

    def run(self, case: Case, folder: Path) -> Observed:
        self.met = met = Met()
        models = case.flow.program.models

        def checked(expr: Expr) -> Compiled:
            compiled = compile_expr(expr)

            def value(variables: Mapping[str, Any]) -> Any:
                found = compiled(variables)
                met.look_at(found)
                if not is_exactly(found, expr.type, models):
                    met.wrong.append(f"no {show(expr.type)}: {found!r}")
                return found

            return value

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scopes, "compile_expr", checked)
            patch.setattr(inline, "POLL_SECONDS", LOOKS)
            return conformance_engines.on(launch.run_inline)(case, folder)


class OnPrefect(Engine):
    """Prefect; uses the server of `SKYLOOM_HOME`, or starts it. A run takes as long as those of all others together."""

    exact = True
    slow = True

    def run(self, case: Case, folder: Path) -> Observed:
        load_prefect()
        from skyloom.flows.runner import prefect_approvals

        with pytest.MonkeyPatch.context() as patch:
            for module in (inline, prefect_approvals):
                patch.setattr(module, "POLL_SECONDS", LOOKS)
            return conformance_engines.ENGINES["prefect"](case, folder)


class OnAws(Engine):
    """The compiled machine, on the tests' Step Functions in this process."""

    def __init__(self, program: Program, folder: Path) -> None:
        from engines.aws.in_process import compiled

        super().__init__(program, folder)
        self.machines = {workflow.flow: workflow for workflow in compiled(program)}

    def run(self, case: Case, folder: Path) -> Observed:
        from engines.aws.in_process import run_case

        with conformance_engines.traced(folder) as calls:
            seen = run_case(case, pace=0.02, machines=self.machines)
        result = seen.ending.output if seen.ending.status == "SUCCEEDED" else None
        return Observed(result, _error_on_aws(seen), calls, seen.emitted)


def _error_on_aws(seen: Any) -> tuple[str, str] | None:
    """Class and message of a run's error. One that Step Functions raised by itself has no message of the flow's."""
    name, cause = seen.ending.error or "", seen.ending.cause or ""
    if name == "States.DataLimitExceeded" or "D1001: Number out of range" in cause:
        return LIMIT, cause
    return (name, cause) if name.startswith("States.") else seen.error


class OnGcp(Engine):
    """The compiled workflow, on the tests' Workflows in this process."""

    def __init__(self, program: Program, folder: Path) -> None:
        from conformance.on_gcp import in_process

        from skyloom.deployers.gcp.workflow import compile_workflow

        super().__init__(program, folder)
        self.workflow = compile_workflow(program, in_process.settings_for(program))
        self.handlers = in_process.handlers(program, self.workflow, folder)

    def run(self, case: Case, folder: Path) -> Observed:
        from conformance.on_gcp import in_process
        from conformance.on_gcp.case_run import CaseRun, error_of
        from engines.gcp.errors import WorkflowError

        with (
            conformance_engines.traced(folder) as calls,
            in_process.bucket(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            run = CaseRun(case, self.workflow, self.handlers)
            try:
                execution = run.ended()
            except WorkflowError as refused:
                return Observed(None, (LIMIT, str(refused)), [], [])
            finally:
                run.close()
        error = error_of(execution)
        if error is not None and '"ResourceLimitError"' in error[1]:
            return Observed(None, (LIMIT, error[1]), calls, [])
        return Observed(execution.result, error, calls, run.emitted())


class OnAzure(Engine):
    """The compiled orchestrator, on the tests' Durable host in this process, in several orders."""

    exact = True
    ORDERS = 2
    """In so many orders each input runs; no two of a program's inputs have the same ones."""

    def __init__(self, program: Program, folder: Path) -> None:
        from conformance.on_azure.in_process import InProcess

        super().__init__(program, folder)
        self.app = InProcess(program)
        self._seeds = itertools.count()

    def run(self, case: Case, folder: Path) -> Observed:
        seeds = list(itertools.islice(self._seeds, self.ORDERS))
        seen = [self._run(case, folder / str(seed), seed) for seed in seeds]
        first = seen[0]
        for other in seen[1:]:
            if (repr(first.result), first.error, repr(first.emitted)) != (
                repr(other.result),
                other.error,
                repr(other.emitted),
            ):
                raise AssertionError(f"it depends on the order: {first} and {other}")
        return seen[-1]

    def _run(self, case: Case, folder: Path, seed: int) -> Observed:
        from conformance.on_azure.observing import observed_of

        folder.mkdir()
        with conformance_engines.traced(folder) as calls, contextlib.redirect_stdout(io.StringIO()):
            ended, emitted = self.app.run(case, seed)
        told = {"status": ended.status, "output": ended.output, "error": ended.error, "calls": [], "emitted": emitted}
        return replace(observed_of(told), calls=calls)


ENGINES: dict[str, Callable[[Program, Path], Engine]] = {
    "inline": Inline,
    "prefect": OnPrefect,
    "aws": OnAws,
    "gcp": OnGcp,
    "azure": OnAzure,
}
"""Every engine but plain Python, which all are compared with."""
