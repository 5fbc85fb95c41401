"""What is counted for runs is what the test account's Step Functions enters."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from benchmarks.bench_aws import ROOT, RUNS, Run
from conformance.case import Case
from engines.aws.in_process import compiled, run_case
from golden.reports import SAMPLES

from skyloom.deployers.aws.charging import charges, graph
from skyloom.deployers.aws.workflow import HELPER
from skyloom.deployers.charging import WHOLE_RUN, NotCounted, billed
from skyloom.flows.frontend import load_file
from skyloom.flows.sampling import sample
from skyloom.flows.testing import approve

EXACT = RUNS[:3]


def counted(run: Run, module: str = "") -> tuple[int, int]:
    """Transitions of a run, as counted and as measured."""
    flow: Any = getattr(load_file(ROOT / "examples" / run.example / f"{module or run.example}.py"), run.flow)
    machines = {workflow.flow: workflow for workflow in compiled(flow.program)}
    case = Case(flow=flow, name=run.name, input=run.given, approvals=(approve(),))
    seen = run_case(case, pace=0.01, machines=machines)
    made = sample(flow, run.given)
    bill = billed(graph(flow.name, machines, {}, "arm64"), made.calls, made.errors, failed=made.error is not None)
    assert bill is not None
    return bill.units["transitions"], seen.transitions


@pytest.mark.parametrize("run", EXACT, ids=lambda run: run.name)
def test_transitions_are_those_of_the_run(run: Run) -> None:
    ours, measured = counted(run)
    assert ours == measured


def test_rounds_that_could_have_been_one_are_counted_as_one() -> None:
    # Levels of a `while` around a map look in the calls like one level: what is said is "at least".
    ours, measured = counted(RUNS[3])
    assert 0.9 * measured < ours <= measured


PATTERNS = {"invoice_intake": "take_in", "research_desk": "research"}


@pytest.mark.parametrize("name", PATTERNS)
def test_transitions_are_those_of_the_patterns(name: str) -> None:
    flow = PATTERNS[name]
    given = SAMPLES[name][flow]
    ours, measured = counted(Run(name, "five_patterns", flow, given), module=name)
    assert ours == measured


FUSED = """
from skyloom.flows import *

@task(fuse=True, timeout=20)
def short(n: int) -> int:
    return n + 1

@flow
def shared(ns: list[int]) -> list[int]:
    a = short(1)
    b = short(a)
    found = [short(n) for n in ns]
    return [b, *found]
"""


@pytest.mark.parametrize("many", [1, 10, 12, 25])
def test_calls_that_share_an_invocation_are_billed_once(many: int, tmp_path: Path) -> None:
    file = tmp_path / "shared_invocations.py"
    file.write_text(FUSED, encoding="utf-8")
    flow: Any = load_file(file).shared
    given = {"ns": list(range(many))}
    machines = {workflow.flow: workflow for workflow in compiled(flow.program)}
    made = sample(flow, given)
    seen = run_case(Case(flow=flow, name="shared", input=given), pace=0.01, machines=machines)
    bill = billed(graph(flow.name, machines, {}, "arm64"), made.calls, made.errors)
    assert bill is not None
    assert bill.units["transitions"] == seen.transitions
    helped = sum(number for work, number in bill.works.items() if work.of == HELPER)
    assert bill.units["invocations"] - helped == 1 + -(-many // 10)
    assert sum(number for work, number in bill.works.items() if work.of == "short") == 2 + many


RACE = """
from skyloom.flows import *

@task
def one(n: int) -> int:
    return n

@task
def other(n: int) -> int:
    if n == 13:
        raise ValueError("no luck")
    return n

@flow
def first(n: int) -> int:
    found = race(one(n), other(n))
    return other(found)

@flow
def caught(n: int) -> str:
    try:
        other(n)
    except ValueError as error:
        return str(error)
    finally:
        sleep(2)
    return "fine"
"""


@pytest.mark.parametrize(("name", "number"), [("first", 1), ("caught", 1), ("caught", 13)])
def test_transitions_of_races_and_of_what_comes_at_last(name: str, number: int, tmp_path: Path) -> None:
    file = tmp_path / "races_and_more.py"
    file.write_text(RACE, encoding="utf-8")
    flow: Any = getattr(load_file(file), name)
    machines = {workflow.flow: workflow for workflow in compiled(flow.program)}
    made = sample(flow, {"n": number})
    seen = run_case(Case(flow=flow, name=name, input={"n": number}), pace=0.01, machines=machines)
    bill = billed(graph(flow.name, machines, {}, "arm64"), made.calls, made.errors)
    assert bill is not None
    # The loser of a race may be cancelled before it enters its call.
    assert bill.units["transitions"] - seen.transitions in ((0, 1) if name == "first" else (0,))


def test_express_runs_are_billed_by_their_time() -> None:
    flow: Any = load_file(ROOT / "examples/order_saga/order_saga.py").place_order
    (workflow,) = compiled(flow.program)
    made = sample(flow, RUNS[1].given)
    short = charges([replace(workflow, kind="EXPRESS")], {}, "arm64")("place_order")
    ours, usual = (
        billed(one, made.calls, made.errors) for one in (short, charges([workflow], {}, "arm64")("place_order"))
    )
    assert ours is not None and usual is not None
    assert ours.units == {"Express requests": 1, **{k: n for k, n in usual.units.items() if k != "transitions"}}
    (whole,) = (work for work in ours.works if work.of == WHOLE_RUN)
    # 2.345 s are billed as 2.4 s of 64 MB.
    assert whole.billed(Decimal("2.345")) == {"Express GB-seconds": Decimal("2.4") * 64 / 1024}
    assert {work: number for work, number in ours.works.items() if work != whole} == usual.works


def test_what_is_not_known_is_an_error() -> None:
    flow: Any = load_file(ROOT / "examples/order_saga/order_saga.py").place_order
    (workflow,) = compiled(flow.program)
    with pytest.raises(NotCounted, match="nobody has no state machine"):
        charges([workflow], {}, "arm64")("nobody")
    for state in (
        {"Type": "Nap", "End": True},
        {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {}, "End": True},
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${Function_tasks}", "Payload": {"tasks": ["a", "b"]}},
            "End": True,
        },
    ):
        strange = replace(workflow, definition={"StartAt": "strange", "States": {"strange": state}})
        with pytest.raises(NotCounted, match="strange"):
            charges([strange], {}, "arm64")("place_order")


def test_memory_is_that_of_each_function() -> None:
    flow: Any = load_file(ROOT / "examples/order_saga/order_saga.py").place_order
    (workflow,) = compiled(flow.program)
    made = sample(flow, {"order": RUNS[1].given["order"]})
    names = {
        str(state["Arguments"]["FunctionName"]).removeprefix("${Function_").removesuffix("}")
        for state in workflow.definition["States"].values()
        if "FunctionName" in state.get("Arguments", {})
    }
    for sizes, processor, unit, gigabytes in (
        ({}, "arm64", "GB-seconds on arm64", "0.25"),
        (dict.fromkeys(names, 1024), "x86_64", "GB-seconds on x86_64", "1"),
    ):
        bill = billed(graph(flow.name, {flow.name: workflow}, sizes, processor), made.calls, made.errors)
        assert bill is not None
        assert {work.rates for work in bill.works} == {((unit, Decimal(gigabytes)),)}
        assert sum(bill.works.values()) == bill.units["invocations"] == 5
