"""Signals to a process that runs a flow on Prefect: it stops in order, says how to go on, and can be resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from skyloom.flows.runner.store import Run, RunStore

SOURCE = """
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from skyloom.flows import flow, task

FINISHED = Path(os.environ["WORK_LOG"] + ".finished")


def log(text: str) -> None:
    with Path(os.environ["WORK_LOG"]).open("a") as file:
        file.write(text + "\\n")


@task
def quick() -> int:
    log("quick")
    return 1


@task
def blocking() -> int:
    log("blocking")
    while not FINISHED.exists():
        time.sleep(0.05)
    return 2


@task
async def waiting() -> int:
    log("waiting")
    while not FINISHED.exists():
        await asyncio.sleep(0.05)
    return 2


@task
async def stubborn() -> int:
    log("stubborn")
    while not FINISHED.exists():
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            log("not now")
    return 2


@task
async def hogging() -> int:
    log("hogging")
    while not FINISHED.exists():
        time.sleep(0.05)
    return 2


@flow
def in_a_thread() -> int:
    return quick() + blocking()


@flow
def below() -> int:
    return waiting()


@flow
def nested() -> int:
    return quick() + below()


@flow
def stays() -> int:
    return quick() + stubborn()


@flow
def hogs() -> int:
    return quick() + hogging()


if __name__ == "__main__":
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    in_a_thread.run()
"""


class Running:
    """A process that runs a flow, and what it has said."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        self._said: list[str] = []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.rstrip("\n"))

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert self._process.poll() is None, self._said
            assert time.monotonic() < deadline, self._said
            time.sleep(0.005)

    def until_logged(self, text: str) -> None:
        self.until(lambda: self.log.exists() and text in self.log.read_text().splitlines())

    def until_said(self, text: str) -> None:
        self.until(lambda: any(text in line for line in list(self._said)))

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, seconds: float = 60) -> tuple[int, str, list[str]]:
        """The exit code, stdout, and the lines of stderr."""
        try:
            self._process.wait(timeout=seconds)
        finally:
            self.kill()
        assert self._process.stdout is not None
        return self._process.returncode, self._process.stdout.read(), self._said

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()


class World:
    """Starts flows of the file in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.file, self.log = folder / "stoppable_flows.py", folder / "work.log"
        self.file.write_text(SOURCE)
        os.environ["WORK_LOG"] = str(self.log)
        self._running: list[Running] = []

    def start(self, *command: str) -> Running:
        self._running.append(Running([sys.executable, *command], self.log))
        return self._running[-1]

    def run(self, flow: str, *options: str) -> Running:
        return self.start("-m", "skyloom", "run", f"{self.file}:{flow}", *options)

    def latest(self) -> Run:
        return RunStore().runs(limit=1)[0]

    def finish(self) -> Any:
        """Resumes the newest run, lets its tasks finish, and gives its result."""
        Path(f"{self.log}.finished").touch()
        command = [sys.executable, "-m", "skyloom", "runs", "resume", self.latest().id, "--json"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)["result"]

    def close(self) -> None:
        for running in self._running:
            running.kill()


@pytest.fixture
def world(tmp_path: Path, prefect_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORK_LOG", "")
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("number", "code", "state"), [(signal.SIGTERM, 143, "stopped by SIGTERM"), (signal.SIGINT, 130, "cancelled")]
)
@pytest.mark.parametrize(("flow", "last"), [("in_a_thread", "blocking"), ("nested", "waiting")])
def test_a_run_that_is_stopped_says_how_to_go_on(
    flow: str, last: str, number: signal.Signals, code: int, state: str, world: World, recorded: Any
) -> None:
    running = world.run(flow, "--json")
    running.until_logged(last)
    running.send(number)
    returned, printed, said = running.end()
    run = world.latest()
    assert returned == code
    assert (run.status, json.loads(printed)["status"]) == ("cancelled", "cancelled")
    assert said[-1] == f"{state}; to go on from there: skyloom runs resume {run.id}"
    assert not [line for line in said if "Traceback" in line or "Error" in line]
    assert {found["state_name"] for found in recorded.flow_runs(run.id)} == {"Cancelled"}
    assert world.finish() == 3
    assert world.log.read_text().splitlines() == ["quick", last, last]


@pytest.mark.parametrize("flow", ["stays", "hogs"])
def test_the_second_ctrl_c_waits_for_nothing(flow: str, world: World) -> None:
    running = world.run(flow)
    running.until_logged({"stays": "stubborn", "hogs": "hogging"}[flow])
    running.send(signal.SIGINT)
    if flow == "stays":
        running.until_logged("not now")
    else:
        time.sleep(0.2)
    running.send(signal.SIGINT)
    code, _, said = running.end()
    run = world.latest()
    assert (code, run.status) == (130, "cancelled")
    assert said[-1] == f"cancelled; to go on from there: skyloom runs resume {run.id}"
    assert not [line for line in said if "Traceback" in line]
    assert world.finish() == 3


@pytest.mark.parametrize("flow", ["stays", "hogs"])
def test_the_second_sigterm_ends_the_process(flow: str, world: World) -> None:
    running = world.run(flow)
    running.until_logged({"stays": "stubborn", "hogs": "hogging"}[flow])
    running.send(signal.SIGTERM)
    if flow == "stays":
        running.until_logged("not now")
    else:
        time.sleep(0.2)
    running.send(signal.SIGTERM)
    code, _, said = running.end()
    assert (code, world.latest().status) == (-signal.SIGTERM, "crashed")
    assert not [line for line in said if "Traceback" in line]
    assert world.finish() == 3


@pytest.mark.parametrize(
    ("said", "delay"),
    [("run nested", 0), ("quick: started", 0), ("quick: done", 0)],
)
def test_no_moment_is_a_wrong_one(said: str, delay: float, world: World, recorded: Any) -> None:
    running = world.run("nested")
    running.until_said(said)
    time.sleep(delay)
    running.send(signal.SIGTERM)
    code, _, lines = running.end()
    run = world.latest()
    assert (code, run.status) == (143, "cancelled"), lines
    assert lines[-1] == f"stopped by SIGTERM; to go on from there: skyloom runs resume {run.id}"
    assert not [line for line in lines if "Traceback" in line]
    states = {found["state_type"] for found in recorded.flow_runs(run.id)}
    assert states <= {"CANCELLED", "CRASHED"}


PRECISE = """
import asyncio
import os
import signal
import sys

from prefect import flow_engine

method, left = sys.argv[1], int(sys.argv[2])
engine = flow_engine.AsyncFlowRunEngine
bare = getattr(engine, method)


async def shoot():
    os.kill(os.getpid(), signal.SIGTERM)


async def hit(self, *arguments, **options):
    global left
    left -= 1
    if left == 0:
        # The signal comes while something else is done that nobody waits for, as Prefect does in the background.
        asyncio.create_task(shoot())
        await asyncio.sleep(0.2)
    return await bare(self, *arguments, **options)


setattr(engine, method, hit)
sys.argv = ["skyloom", "run", sys.argv[3]]
from skyloom.cli import main
main()
"""


@pytest.mark.parametrize(
    ("method", "count"),
    [("begin_run", 1), ("begin_run", 2), ("call_flow_fn", 2)],
)
def test_prefect_never_handles_the_signal_itself(method: str, count: int, world: World) -> None:
    """The moments in which Prefect has taken a flow run, and the flow's own code does not run yet or any more."""
    script = world.file.with_name("precise.py")
    script.write_text(PRECISE)
    running = world.start(str(script), method, str(count), f"{world.file}:nested")
    code, _, lines = running.end()
    run = world.latest()
    assert (code, run.status) == (143, "cancelled"), lines
    assert lines[-1] == f"stopped by SIGTERM; to go on from there: skyloom runs resume {run.id}"
    assert not [line for line in lines if "Traceback" in line]
    assert world.finish() == 3


def test_a_program_that_runs_a_flow_ends_as_it_would_without_one(world: World) -> None:
    running = world.start(str(world.file))
    running.until_logged("blocking")
    running.send(signal.SIGTERM)
    code, _, said = running.end()
    assert (code, world.latest().status) == (-signal.SIGTERM, "cancelled")
    assert not [line for line in said if "Traceback" in line]


def test_a_program_that_ignores_sigterm_goes_on(world: World) -> None:
    running = world.start(str(world.file), "deaf")
    running.until_logged("blocking")
    running.send(signal.SIGTERM)
    time.sleep(0.3)
    Path(f"{world.log}.finished").touch()
    assert running.end()[0] == 0
    assert world.latest().status == "done"
