"""What fusing saves, counted on a flow of short calls: the table of docs/decisions/0044."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from conformance.case import Case, case
from conformance.on_azure.in_process import InProcess
from conformance.on_gcp import in_process as on_gcp
from conformance.on_gcp.case_run import CaseRun
from engines.aws import in_process as on_aws
from engines.gcp.requests import Answer, Handler, Request

from skyloom.adapters.hosts.azure_functions import Context
from skyloom.deployers.aws.workflow import compile_workflows
from skyloom.deployers.fused import PASSES
from skyloom.deployers.gcp.workflow import compile_workflow
from skyloom.flows.frontend.load import load_file

FILE = Path(__file__).parents[1] / "benchmarks" / "short_calls.py"
TOGETHER: frozenset[str] = frozenset()


def _counted(handler: Handler, made: list[str], key: str) -> Handler:
    def answered(request: Request) -> Answer:
        made.append(key)
        return handler(request)

    return answered


def ranking(texts: int) -> Case:
    given = {"question": "What is It", "texts": [f"it is {n}" for n in range(texts)]}
    return case(load_file(FILE).ranking, given, result=[2.0] * texts)


@pytest.mark.parametrize(
    ("texts", "without", "units"),
    [(8, PASSES, (13, 10)), (8, TOGETHER, (5, 2)), (100, PASSES, (105, 102)), (100, TOGETHER, (14, 11))],
)
def test_transitions_and_invocations_on_aws(texts: int, without: frozenset[str], units: tuple[int, int]) -> None:
    given = ranking(texts)
    program = given.flow.program
    machines = compile_workflows(program, replace(on_aws.settings_for(program), without=without))
    seen = on_aws.run_case(given, pace=0.01, machines={one.flow: one for one in machines})
    assert seen.ending.output == given.result
    assert (seen.transitions, sum(event["type"] == "TaskScheduled" for event in seen.history)) == units


@pytest.mark.parametrize(
    ("texts", "without", "calls"), [(8, PASSES, 10), (8, TOGETHER, 2), (100, PASSES, 102), (100, TOGETHER, 13)]
)
def test_invocations_on_google_cloud(texts: int, without: frozenset[str], calls: int, tmp_path: Path) -> None:
    given = ranking(texts)
    program = given.flow.program
    workflow = compile_workflow(program, replace(on_gcp.settings_for(program), without=without))
    made: list[str] = []

    with on_gcp.bucket(), contextlib.redirect_stdout(io.StringIO()):
        handlers = on_gcp.handlers(program, workflow, tmp_path)
        counted = {key: _counted(handler, made, key) for key, handler in handlers.items()}
        run = CaseRun(given, workflow, counted)
        try:
            assert json.loads(json.dumps(run.ended().result)) == given.result
        finally:
            run.close()
    assert len(made) == calls


@pytest.mark.parametrize(
    ("texts", "without", "calls"), [(8, PASSES, 10), (8, TOGETHER, 2), (100, PASSES, 102), (100, TOGETHER, 11)]
)
def test_activities_on_azure(texts: int, without: frozenset[str], calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ranking(texts)
    app, made = InProcess(given.flow.program, without), list[str]()
    activities = app._activities
    carried_out = activities.run

    def run(call: str, context: Context) -> str:
        made.append(call)
        return carried_out(call, context)

    monkeypatch.setattr(activities, "run", run)
    ended, _ = app.run(given, 1)
    assert json.loads(ended.output) == given.result
    assert len(made) == calls
