"""Runs that die and go on: what was finished is not done again, on the interpreter alone and on Prefect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from skyloom.errors import EngineError
from skyloom.flows.runner import launch
from skyloom.flows.runner.answering import answer_approval
from skyloom.flows.runner.store import Run, RunStore

FLOW = '''
import os
import time
from pathlib import Path
from skyloom.flows import approval, context, each, flow, now, sleep, task, uuid


class Unlucky(Exception):
    """A failure that the flow expects."""


def log(text: str) -> None:
    with Path(os.environ["WORK_LOG"]).open("a") as file:
        file.write(text + "\\n")


@task
def work(n: int) -> int:
    log(f"start {n}")
    time.sleep(0.05)
    log(f"end {n}")
    return n * n


@task
def risky(n: int) -> int:
    log(f"risky {n}")
    raise Unlucky(f"number {n}")


@task
def fragile(n: int) -> int:
    log(f"fragile {n}")
    if Path(os.environ["WORK_LOG"] + ".mended").exists():
        return n
    raise Unlucky(f"not yet {n}")


@flow
def many(count: int) -> int:
    caught = ""
    stamp, mark = now(), uuid()
    try:
        risky(7)
    except Unlucky as problem:
        caught = str(problem)
    decision = approval("Go on?")
    results = [work(n) for n in each(range(count), limit=4)]
    if caught != "number 7" or not decision.approved:
        return -1
    return sum(results)


@flow
def breaks(n: int) -> int:
    first = work(n)
    return first + fragile(n)


@task
def page(n: int) -> str:
    log(f"page {n}")
    return "x" * 4000


@flow
def book(pages: int) -> int:
    letters = 0
    for n in range(pages):
        letters += len(page(n))
    return letters


@flow
def naps(seconds: float) -> int:
    sleep(seconds)
    return work(1)
'''

CHILD = """
import os
import sys
from pathlib import Path
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore
store = RunStore(Path(sys.argv[1]))
if "MOST_PAGES" in os.environ:
    store._db.execute("PRAGMA max_page_count = " + os.environ["MOST_PAGES"])
carrier = {"inline": launch.run_inline, "prefect": None}[sys.argv[2]]
if sys.argv[3] == "resume":
    run = launch.resume(sys.argv[4], carrier=carrier, store=store)
else:
    module = load_file(Path(sys.argv[3]))
    prepared = launch.prepare(getattr(module, sys.argv[4]), __import__("json").loads(sys.argv[5]))
    run = launch.start(prepared, carrier=carrier, store=store, announce=lambda r: print(r.id, flush=True))
print(run.status, run.result, flush=True)
"""


class World:
    """A flow file, a store, a work log, and child processes that run flows and can be killed."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.file = folder / "resumable_flows.py"
        self.file.write_text(textwrap.dedent(FLOW))
        self.log = folder / "work.log"
        self.log.touch()
        self.store = RunStore(folder / "runs.db")
        self.engine = engine

    def child(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, str(self.store.path), self.engine, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WORK_LOG": str(self.log)},
        )

    def entries(self) -> list[str]:
        return self.log.read_text().splitlines()

    def answer(self, seconds: float = 60) -> None:
        deadline = time.time() + seconds
        while not (waits := self.store.waits("approval")):
            assert time.time() < deadline, "no approval was asked for"
            time.sleep(0.05)
        answer_approval(self.store, waits[0].id, approved=True)

    def wait_for_entries(self, count: int, seconds: float = 60) -> None:
        deadline = time.time() + seconds
        while len(self.entries()) < count:
            assert time.time() < deadline, f"only {self.entries()}"
            time.sleep(0.01)


@pytest.fixture(params=["inline", "prefect"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "prefect":
        request.getfixturevalue("prefect_server")
    return World(tmp_path, request.param)


def output(child: subprocess.Popen[str]) -> str:
    text, _ = child.communicate(timeout=120)
    return text


def only_run(world: World) -> Run:
    [run] = world.store.runs()
    return run


def test_a_run_killed_in_a_map_does_no_finished_item_twice(world: World) -> None:
    child = world.child(str(world.file), "many", json.dumps({"count": 60}))
    world.answer()
    world.wait_for_entries(40)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    run = only_run(world)
    assert run.status == "crashed"
    recorded = {step.path for step in world.store.steps(run.id)}
    finished = {entry.split()[1] for entry in world.entries() if entry.startswith("end")}
    assert 10 <= len(finished) < 60

    assert output(world.child("resume", run.id)).strip() == f"done {sum(n * n for n in range(60))}"
    entries = Counter(world.entries())
    assert entries["risky 7"] == 1
    again = [n for n in range(60) if entries[f"end {n}"] > 1]
    # Between a body's end and its record there is a moment: at most the four items in flight may run again.
    assert len(again) <= 4
    assert not [n for n in again if f"many/work_map[{n}]/work" in recorded]
    assert all(entries[f"end {n}"] >= 1 for n in range(60))
    assert len(world.store.waits("approval", open_only=False)) == 1


def test_an_approval_given_while_nobody_runs_is_found(world: World) -> None:
    child = world.child(str(world.file), "many", json.dumps({"count": 2}))
    deadline = time.time() + 60
    while not (waits := world.store.waits("approval")):
        assert time.time() < deadline
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    answer_approval(world.store, waits[0].id, approved=True)
    assert output(world.child("resume", only_run(world).id)).strip() == "done 1"


def test_a_failed_run_is_resumed_at_the_step_that_failed(world: World) -> None:
    child = world.child(str(world.file), "breaks", '{"n": 3}')
    assert "failed None" in output(child)
    run = only_run(world)
    assert run.error is not None
    assert (run.error.type, run.error.message) == ("Unlucky", "not yet 3")
    Path(f"{world.log}.mended").touch()
    assert output(world.child("resume", run.id)).strip() == "done 12"
    assert Counter(world.entries()) == {"start 3": 1, "end 3": 1, "fragile 3": 2}


def test_a_run_whose_disk_is_full_is_resumed_at_the_step_that_was_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOST_PAGES", "40")
    child = world.child(str(world.file), "book", '{"pages": 30}')
    _, said = child.communicate(timeout=120)
    assert child.returncode == 1
    assert said.splitlines()[-1] == (
        f"skyloom.errors.EngineError: {world.store.path}: database or disk is full; "
        "what was recorded before is safe, resume the run when this is mended"
    )
    monkeypatch.delenv("MOST_PAGES")
    run = only_run(world)
    recorded = len(world.store.steps(run.id))
    assert run.status == "crashed"
    assert 5 < recorded < 30
    assert output(world.child("resume", run.id)).strip() == "done 120000"
    assert world.entries() == [f"page {n}" for n in (*range(recorded + 1), *range(recorded, 30))]


def test_a_sleep_is_not_slept_again(world: World) -> None:
    child = world.child(str(world.file), "naps", '{"seconds": 2.5}')
    deadline = time.time() + 60
    while not world.store.waits("sleep"):
        assert time.time() < deadline
        time.sleep(0.05)
    [wait] = world.store.waits("sleep")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert output(world.child("resume", only_run(world).id)).strip() == "done 1"
    assert wait.deadline is not None
    assert [w.deadline for w in world.store.waits("sleep", open_only=False)] == [wait.deadline]


def test_a_changed_flow_is_not_resumed(world: World) -> None:
    output(world.child(str(world.file), "breaks", '{"n": 3}'))
    world.file.write_text(world.file.read_text().replace("first + fragile(n)", "fragile(n) + first"))
    changed = world.child("resume", only_run(world).id)
    assert output(changed) == ""
    assert changed.returncode == 1
    assert only_run(world).status == "failed"


def test_a_finished_run_is_not_resumed(tmp_path: Path) -> None:
    world = World(tmp_path, "inline")
    assert "done 1" in output(world.child(str(world.file), "naps", '{"seconds": 0}'))
    with pytest.raises(EngineError, match="is done"):
        launch.resume(only_run(world).id, carrier=launch.run_inline, store=world.store)
