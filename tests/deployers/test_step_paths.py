"""Where in a flow a task says that it runs: the same on every engine, as it may be a part of results and of keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from clouds.attempts import RUNS, noted
from conformance.engines import inline
from conformance.suite import ALL
from engines.aws.in_process import Functions, compiled, run_case
from engines.aws.machine.scope import Call

from skyloom.conformance.case import case
from skyloom.deployers.aws.history import StepBoard
from skyloom.flows import approval, context, flow, parallel, race, task

FILES = ("assignments", "attempts", "catching", "fanning_out", "five_patterns", "fusing", "fuzz_found", "sub_flows")
CASES = sorted(
    name
    for name, case in ALL.items()
    # Which attempts are made, and what they are given, has to be the same: not so behind failing items and in races,
    # for keys, times and what is too late, and for what goes by a bucket.
    if name.partition("/")[0] in FILES
    and not case.may_call
    and case.calls
    and not any(word in name for word in ("keys", "late", "times_out", "time_out", "stops_where", "side-by-side"))
    and not any(word in name for word in ("map_caught", "large"))
)


@task
def here(n: int) -> str:
    return f"{n}: {context.step}"


@flow(timeout=60)
def in_time(n: int) -> list[str]:
    return [here(k) for k in range(n)]


@flow
def two_rounds() -> list[str]:
    told = []
    for k in range(2):
        told += [here(k)]
    return told


@flow
def everywhere(numbers: list[int], start: int, stop: int) -> list[str]:
    told = [here(0)]
    told += [here(n) for n in numbers if n % 2 == 0]
    for n in range(start, stop):
        start += 1
        told.append(here(n))
    for n in range(9, 0, -4):
        told.append(here(n))
    for place, n in enumerate(numbers, 1):
        told.append(here(n + place))
    left = 2
    while left > 0:
        for n in numbers:
            if n == 2:
                continue
            told += [here(n + m) for m in [10, 20]]
        told += two_rounds()
        told += in_time(left)
        left -= 1
    told += list(parallel(here(1), here(2)))
    told.append(race(here(3), here(3)))
    return told


EVERYWHERE = sorted(
    [
        "here",
        *(f"here_map[{n}]/here_2" for n in (1, 2)),
        *(f"here_3[{n}]" for n in range(2)),
        *(f"here_4[{n}]" for n in range(3)),
        *(f"here_5[{n}]" for n in range(3)),
        *(f"here_map_2[{left}][{n}][{m}]/here_6" for left in range(2) for n in (0, 2) for m in range(2)),
        *(f"two_rounds[{left}]/here[{k}]" for left in range(2) for k in range(2)),
        *("in_time[0]/here_map[0]/here", "in_time[0]/here_map[1]/here", "in_time[1]/here_map[0]/here"),
        *("parallel.0/here_7", "parallel.1/here_8", "race.0/here_9"),
    ]
)


@task(fuse=True, timeout=5)
def short(n: int) -> int:
    return n


@flow
def short_map(numbers: list[int]) -> list[int]:
    return [short(n) for n in numbers]


@flow
def called_like_a_step(numbers: list[int]) -> int:
    total = 0
    for _ in range(2):
        total += sum(short_map(numbers))
    return total


@pytest.mark.parametrize("name", CASES)
def test_paths_are_those_of_a_local_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = noted(monkeypatch)
    inline(ALL[name], tmp_path)
    local = sorted(seen)
    assert local
    for cloud, run in RUNS.items():
        seen.clear()
        (tmp_path / cloud).mkdir()
        run(ALL[name], frozenset(), tmp_path / cloud)
        assert sorted(seen) == local, cloud


@pytest.mark.parametrize("engine", ["inline", *RUNS])
def test_rounds_and_items_count_from_zero_over_all(
    engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = noted(monkeypatch)
    one = case(everywhere, {"numbers": [1, 2, 4], "start": 3, "stop": 5})
    if engine == "inline":
        inline(one, tmp_path)
    else:
        RUNS[engine](one, frozenset(), tmp_path)
    assert sorted(step.removeprefix("everywhere/") for step, *_ in seen if "race.1" not in step) == EVERYWHERE


@pytest.mark.parametrize("engine", RUNS)
@pytest.mark.parametrize("items", [3, 13])
def test_the_items_of_an_invocation_are_told_from_the_rounds_of_a_flow_called_like_their_map(
    items: int, engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = noted(monkeypatch)
    assert RUNS[engine](case(called_like_a_step, {"numbers": list(range(items))}), frozenset(), tmp_path)
    steps = [f"called_like_a_step/short_map[{k}]/short_map[{n}]/short" for k in range(2) for n in range(items)]
    assert sorted(step for step, *_ in seen) == sorted(steps)


@flow(timeout=60)
def asking(run: str, path: int) -> bool:
    here(path)
    return approval(run).approved


@flow
def asks() -> list[bool]:
    return [asking("Well?", n) for n in range(3) if n != 1]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the functions on AWS are told of their steps."""
    found: list[dict[str, str]] = []
    call = Functions.call

    def noting(self: Functions, made: Call) -> object:
        payload = made.arguments.get("Payload", {})
        found.extend([payload.get("context", payload)] if payload else [])
        return call(self, made)

    monkeypatch.setattr(Functions, "call", noting)
    return found


def test_on_aws_a_machine_that_others_start_tells_their_run_and_flow(told: list[dict[str, str]]) -> None:
    seen = run_case(case(asks, {}, approvals=[True, True]), pace=0.01)
    assert seen.ending.output == [True, True]
    board = StepBoard()
    for event in seen.history:
        board.apply(cast(Any, {**event, "timestamp": datetime.fromisoformat(event["timestamp"])}))
    calls = [step.path for step in board.steps if step.name == "asking"]
    assert sorted(calls) == [f"asks/asking_map[{n}]/asking" for n in (0, 2)]
    assert len({one["run"] for one in told}) == 1
    steps = [f"asks/asking_map[{n}]/asking/{step}" for n in (0, 2) for step in ("approval", "here")]
    assert sorted((one["flow"], one["step"]) for one in told) == [("asks", step) for step in steps]


def test_on_aws_a_machine_that_others_start_can_be_started_by_itself(told: list[dict[str, str]]) -> None:
    machines = {machine.flow: machine for machine in compiled(asks.program)}
    alone = case(asking, {"run": "Well?", "path": 1}, approvals=[True])
    assert run_case(alone, pace=0.01, machines=machines).ending.output is True
    assert [(one["flow"], one["step"]) for one in told] == [("asking", "asking/here"), ("asking", "asking/approval")]
