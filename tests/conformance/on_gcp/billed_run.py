"""What runs are billed on the tests' Workflows."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.on_gcp import in_process
from conformance.on_gcp.case_run import CaseRun

from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows.testing import approve


def billed_run(flow: Any, given: dict[str, Any], folder: Path) -> tuple[Counter[str], Counter[str]]:
    """The steps that a run is billed, with those of the executions that it starts; and how often functions were called,
    by their keys."""
    program = flow.program
    workflow = compile_workflow(program, in_process.settings_for(program))
    asked: Counter[str] = Counter()

    def counting(key: str, handler: Any) -> Any:
        def answer(request: Any) -> Any:
            asked[key] += 1
            return handler(request)

        return answer

    known = in_process.handlers(program, workflow, folder)
    handlers = {key: counting(key, handler) for key, handler in known.items()}
    case = Case(flow=flow, name=flow.name, input=given, approvals=(approve(),))
    steps: Counter[str] = Counter()
    with in_process.bucket():
        run = CaseRun(case, workflow, handlers)
        try:
            # The functions run in this process, and write their logs.
            with contextlib.redirect_stdout(io.StringIO()):
                run.ended()
            for execution in run.engine.executions.values():
                execution.wait(10)
                steps.update(execution.history.billed())
        finally:
            run.close()
    return steps, asked
