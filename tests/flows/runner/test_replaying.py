"""A recorded run is gone through again: what its steps were given and gave, nothing carried out anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.recorded import RecordedRun
from skyloom.flows.runner.replaying import replayed
from skyloom.flows.runner.store import RunStore

FLOWS = """
import os
import time
from pathlib import Path
from skyloom.flows import emit, flow, minutes, parallel, race, task


class Unlucky(Exception):
    pass


@task
def double(text: str) -> str:
    with Path(os.environ["WORK_LOG"]).open("a") as file:
        file.write("x")
    return text + text


@task
def fails(text: str) -> str:
    raise Unlucky(text)


@task
def slow(text: str) -> str:
    time.sleep(2)
    return "slow"


@flow
def inner(given: str) -> list[str]:
    return [double(letter) for letter in given]


@flow
def whole(words: list[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        found.append(double(word))
    found.extend(inner("ab"))
    emit("told", found)
    return found


@flow
def failing(word: str) -> str:
    first = double(word)
    try:
        fails(first)
    except Unlucky as problem:
        first = str(problem)
    return fails(first)


@flow
def racing(word: str) -> str:
    return race(slow(word), double(word))


@flow(timeout=0.5)
def late(word: str) -> str:
    first = double(word)
    return slow(first)
"""


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a flow, and gives its run as it is replayed, with how often its task has run."""
    log = tmp_path / "log"
    monkeypatch.setenv("WORK_LOG", str(log))
    path = tmp_path / "replayed_flows.py"
    path.write_text(FLOWS, encoding="utf-8")

    def run(name: str, **arguments: Any) -> tuple[RecordedRun, int]:
        flow = getattr(load_file(path), name)
        store = RunStore(tmp_path / "runs.db")
        run = launch.start(launch.prepare(flow, arguments), carrier=launch.run_inline, store=store)
        before = log.stat().st_size
        found = replayed(flow.program, run, store.steps(run.id))
        assert log.stat().st_size == before
        assert (found.id, found.flow, found.input) == (run.id, name, arguments)
        return found, before

    return run


def told(run: RecordedRun) -> list[tuple[str, str, str, Any]]:
    return [(one.flow, one.step, one.what, one.value) for one in run.values]


def test_every_value_of_a_run_is_told(again: Any) -> None:
    run, count = again("whole", words=["a", "bc"])
    assert count == 4
    assert (run.is_done, run.result) == (True, ["aa", "bcbc", "aa", "bb"])
    values = told(run)
    assert ("whole", "double", "given", {"text": "bc"}) in values
    assert ("whole", "double", "gives", "bcbc") in values
    assert ("whole", "inner", "given", {"given": "ab"}) in values
    assert ("inner", "double", "gives", "bb") in values
    (mapped,) = [one for one in values if one[2] == "list"]
    assert (mapped[0], mapped[3]) == ("inner", ["aa", "bb"])
    assert ("whole", "emit", "given", ["aa", "bcbc", "aa", "bb"]) in values


def test_a_failed_run_is_told_as_far_as_it_came(again: Any) -> None:
    run, _ = again("failing", word="w")
    assert (run.is_done, run.result) == (False, None)
    values = told(run)
    assert values[:2] == [("failing", "double", "given", {"text": "w"}), ("failing", "double", "gives", "ww")]
    assert [one[3] for one in values if one[1].startswith("fails")] == [{"text": "ww"}, {"text": "ww"}]


def test_what_won_a_race_wins_it_again(again: Any) -> None:
    run, _ = again("racing", word="w")
    assert run.result == "ww"


def test_a_run_whose_time_was_over_ends_where_its_record_does(again: Any) -> None:
    run, _ = again("late", word="w")
    assert not run.is_done
    assert told(run) == [
        ("late", "double", "given", {"text": "w"}),
        ("late", "double", "gives", "ww"),
        ("late", "slow", "given", {"text": "ww"}),
    ]
