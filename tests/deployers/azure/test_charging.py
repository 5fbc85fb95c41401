"""What is counted for runs is what the tests' Durable host does: messages, activities, orchestrators resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.durable_functions.models.history import HistoryEventType as Kind
from benchmarks.bench_aws import ROOT, RUNS
from benchmarks.bench_azure import _built as built
from benchmarks.bench_azure import _taken as taken
from engines.azure.host import DurableHost
from engines.azure.orchestrating import HEAD, compiled, error, host_of, value

from skyloom.deployers.azure.apps import AppPart
from skyloom.deployers.azure.charging import graph
from skyloom.deployers.azure.workflow import WorkflowSettings
from skyloom.deployers.charging import Bill, NotCounted, billed
from skyloom.deployers.functions import FunctionGroup
from skyloom.flows.frontend import load_file
from skyloom.flows.sampling import Sample, sample

Json = Any
SEEDS = range(8)
MAIN = (AppPart(key="main", groups=()),)
SOURCE = (
    HEAD
    + """
@task
def lucky(n: int) -> int:
    if n == 13:
        raise Broken("no luck")
    return n

@flow
def one_by_one(n: int) -> int:
    first = get(n)
    sleep(5)
    second = get(first)
    emit("counted", second)
    try:
        lucky(second)
    except Broken:
        return 0
    return first + second

@task(fuse=True, timeout=20)
def short(n: int) -> int:
    return n + 1

@task(fuse=True, timeout=20)
def other(n: int) -> int:
    return n + 1

@flow
def shared(ns: list[int]) -> list[int]:
    a = other(1)
    b = other(a)
    found = [short(n) for n in ns]
    return [b, *found]

@flow
def asked(n: int) -> bool:
    decision = approval(f"Go on with {get(n)}?", timeout=60)
    return decision.approved

@flow(timeout=600)
def part(n: int) -> int:
    return get(n) + get(n)

@flow
def fanned(n: int) -> int:
    a, b = parallel(part(n), get(n))
    found = [get(m) for m in range(n)]
    return a + b + sum(found)
"""
)


@dataclass(frozen=True)
class Measured:
    """What a run took: activities, messages, how often the orchestrator ran."""

    activities: int
    actions: int
    replays: int


def measured(flow: Any, given: Mapping[str, Json], seed: int) -> Measured:
    hosts: list[DurableHost] = []

    def waits(call: Json) -> Json:
        told = {"value": {"approved": True, "comment": "", "by": "tester", "answer": None}}
        hosts[0].later(1.0, lambda: hosts[0].send(call["execution"], call["token"], told))
        return value(None)

    def lucky(call: Json) -> Json:
        number = call["arguments"]["n"]
        return error("Broken", message="no luck") if number == 13 else value(number)

    answers: dict[str, Callable[[Json], Json]] = {
        "get": lambda call: value(call["arguments"]["n"]),
        "lucky": lucky,
        "skyloom_waits": waits,
        "skyloom_emit": lambda call: value(None),
    }
    hosts.append(host_of(compiled(flow.program).source, answers, seed))
    ended = hosts[0].run("f", given)
    events = ended.instance.history
    brought = [one for one in events if one["EventType"] in (Kind.TASK_COMPLETED, Kind.TASK_FAILED, Kind.TIMER_FIRED)]
    # Hosts deliver events at least once; what comes twice is charged as it comes.
    answered = {one["Name"] for one in events if one["EventType"] == Kind.EVENT_RAISED}
    return Measured(len(ended.activities), 1 + len(ended.activities) + len(brought) + len(answered), ended.replays)


def counted(flow: Any, made: Sample) -> Bill:
    found = billed(graph(flow.name, {flow.name: flow.program}, MAIN), made.calls, made.errors)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "given"),
    [("one_by_one", {"n": 1}), ("one_by_one", {"n": 13}), ("asked", {"n": 1}), ("fanned", {"n": 4})],
)
def test_actions_and_executions_are_those_of_the_run(
    name: str, given: dict[str, Json], seed: int, tmp_path: Path
) -> None:
    file = tmp_path / "charged.py"
    file.write_text(SOURCE, encoding="utf-8")
    flow = getattr(load_file(file), name)
    ours, run = counted(flow, sample(flow, given)), measured(flow, given, seed)
    assert ours.units["scheduler actions"] == run.actions
    resumed = sum(number for work, number in ours.works.items() if work.of == "orchestrator")
    assert ours.units["executions"] - resumed == run.activities
    # Messages that come together resume the orchestrator once.
    assert run.replays <= resumed
    if name == "one_by_one":
        assert run.replays == resumed


@pytest.mark.parametrize("run", [RUNS[0], RUNS[2]], ids=lambda run: run.name)
def test_activities_are_those_of_the_code_that_is_published(run: Any, tmp_path: Path) -> None:
    flow = getattr(load_file(ROOT / "examples" / run.example / f"{run.example}.py"), run.flow)
    ours = counted(flow, sample(flow, run.given))
    theirs = taken(built(run.example, tmp_path), run, 4)
    resumed = sum(number for work, number in ours.works.items() if work.of == "orchestrator")
    assert ours.units["executions"] - resumed == theirs["activities"] / 4
    assert theirs["replays"] / 4 <= resumed


@pytest.mark.parametrize("many", [1, 10, 12, 25])
def test_calls_that_share_an_activity_are_billed_once(many: int, tmp_path: Path) -> None:
    file = tmp_path / "charged.py"
    file.write_text(SOURCE, encoding="utf-8")
    flow: Any = load_file(file).shared
    workflow = compiled(flow.program, WorkflowSettings(apps=dict.fromkeys(flow.program.tasks, "main")))
    made = sample(flow, {"ns": list(range(many))})
    bill = billed(graph(flow.name, {flow.name: flow.program}, MAIN, workflow.fused), made.calls, made.errors)
    assert bill is not None
    activities = 1 + -(-many // 10)
    assert bill.units == {"scheduler actions": 1 + 2 * activities, "executions": 1 + 2 * activities}
    assert sum(number for work, number in bill.works.items() if work.of in ("short", "other")) == 2 + many
    assert len(workflow.fused) == 2


def test_what_another_function_app_carries_out_is_billed_there_too(tmp_path: Path) -> None:
    file = tmp_path / "charged.py"
    file.write_text(SOURCE, encoding="utf-8")
    flow: Any = load_file(file).one_by_one
    made = sample(flow, {"n": 1})
    large = AppPart(key="lucky", groups=(FunctionGroup(key="lucky", tasks=("lucky",), timeout=9),), memory=4096)
    usual = counted(flow, made)
    spread = billed(graph(flow.name, {flow.name: flow.program}, (*MAIN, large)), made.calls, made.errors)
    assert spread is not None
    assert spread.units["executions"] == usual.units["executions"] + 1
    assert spread.units["scheduler actions"] == usual.units["scheduler actions"]
    rates = sorted(dict(work.rates)["GB-seconds"] for work in spread.works if work.of == "lucky")
    assert json.dumps([float(rate) for rate in rates]) == "[2.0, 4.0]"


def test_a_flow_that_is_not_there_is_not_counted() -> None:
    with pytest.raises(NotCounted, match="nobody"):
        graph("nobody", {}, MAIN)
