"""What is counted for runs is what the test account's Step Functions enters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from benchmarks.bench_aws import ROOT, RUNS, Run
from conformance.case import Case
from engines.aws.in_process import compiled, run_case

from skyloom.deployers.aws.charging import graph, graphs
from skyloom.deployers.charging import billed
from skyloom.flows.frontend import load_file
from skyloom.flows.sampling import sample
from skyloom.flows.testing import approve

EXACT = RUNS[:3]


def counted(run: Run) -> tuple[int, int]:
    """Transitions of a run, as counted and as measured."""
    flow: Any = getattr(load_file(ROOT / "examples" / run.example / f"{run.example}.py"), run.flow)
    machines = {workflow.flow: workflow for workflow in compiled(flow.program)}
    case = Case(flow=flow, name=run.name, input=run.given, approvals=(approve(),))
    seen = run_case(case, pace=0.01, machines=machines)
    made = sample(flow, run.given)
    units = billed(graph(flow.name, machines, {}, "arm64"), made.calls, failed=made.error is not None)
    assert units is not None
    return units["transitions"], seen.transitions


@pytest.mark.parametrize("run", EXACT, ids=lambda run: run.name)
def test_transitions_are_those_of_the_run(run: Run) -> None:
    ours, measured = counted(run)
    assert ours == measured


def test_rounds_that_could_have_been_one_are_counted_as_one() -> None:
    # Levels of a `while` around a map look in the calls like one level: what is said is "at least".
    ours, measured = counted(RUNS[3])
    assert 0.9 * measured < ours <= measured


def test_express_workflows_are_not_counted_by_transitions() -> None:
    flow: Any = load_file(ROOT / "examples/order_saga/order_saga.py").place_order
    (workflow,) = compiled(flow.program)
    assert set(graphs([workflow], {}, "arm64")) == {"place_order"}
    assert graphs([replace(workflow, kind="EXPRESS")], {}, "arm64") == {}


def test_memory_is_that_of_each_function() -> None:
    flow: Any = load_file(ROOT / "examples/order_saga/order_saga.py").place_order
    (workflow,) = compiled(flow.program)
    made = sample(flow, {"order": RUNS[1].given["order"]})
    names = {
        str(state["Arguments"]["FunctionName"]).removeprefix("${Function_").removesuffix("}")
        for state in workflow.definition["States"].values()
        if "FunctionName" in state.get("Arguments", {})
    }
    usual = billed(graph(flow.name, {flow.name: workflow}, {}, "arm64"), made.calls)
    large = billed(graph(flow.name, {flow.name: workflow}, dict.fromkeys(names, 1024), "x86_64"), made.calls)
    assert usual is not None and large is not None
    assert (usual["MiB on arm64"], large["MiB on x86_64"]) == (5 * 256, 5 * 1024)
