"""Whole processes against a real Prefect server: one runs, another answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.flows_to_run import SOURCE

from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore, Wait

SKYLOOM = [sys.executable, "-m", "skyloom"]
PATIENCE = 120.0
"""Seconds that one of these processes may take on a busy machine."""


class Running:
    """A command that runs."""

    def __init__(self, *arguments: str, cwd: Path, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [*SKYLOOM, *arguments],
            cwd=cwd,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell starts what runs in its background with Ctrl-C ignored, and so would these.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def end(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr, when it has ended."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


Begin = Callable[..., Running]


@pytest.fixture
def begin(
    prefect_server: ServerAddress, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Begin]:
    """Starts commands that share a home and the server; those that still run at the end are ended."""
    (tmp_path / "flows_of_test.py").write_text(SOURCE)
    env = {**os.environ, "PREFECT_API_URL": prefect_server.api_url, "SKYLOOM_HOME": str(own_home)}
    running: list[Running] = []

    def start(*arguments: str, cwd: Path = tmp_path) -> Running:
        running.append(Running(*arguments, cwd=cwd, env=env))
        return running[-1]

    yield start
    for command in running:
        if command.process.poll() is None:
            command.process.kill()
            command.process.communicate()


def question(store: RunStore, kind: Any, running: Running) -> Wait:
    """The first question of a run, when it is asked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.process.poll() is None:
        waits = store.waits(kind)
        if waits:
            return waits[0]
        time.sleep(0.1)
    raise AssertionError(f"nothing was asked: {running.end()}")


def test_an_approval_is_given_by_another_process(begin: Begin, store: RunStore) -> None:
    asking = begin("run", "flows_of_test.py:ask", "--input", '{"customer": "ada"}')
    wait = question(store, "approval", asking)
    code, listed, _ = begin("approvals", "list", "--json").end()
    assert (code, [found["id"] for found in json.loads(listed)]) == (0, [wait.id])
    answer = ["approvals", "approve", wait.id, "--by", "eve", "--comment", "fine", "--form", '{"amount": 7}']
    code, _, said = begin(*answer).end()
    assert (code, said) == (0, "approved: Send it to ADA?\n")
    code, result, told = asking.end()
    assert (code, result) == (0, '"sent 7 eve fine"\n'), told
    assert f"skyloom approvals approve {wait.id}" in told
    assert "\x1b" not in told
    # A second answer, too late, changes nothing.
    code, _, said = begin("approvals", "reject", wait.id).end()
    assert (code, said) == (2, f"this machine: SKY611 {wait.id} is answered already\n")


def test_an_approval_is_refused_by_another_process(begin: Begin, store: RunStore) -> None:
    asking = begin("run", "flows_of_test.py:ask", "--input", '{"customer": "ada"}', "--json")
    wait = question(store, "approval", asking)
    assert begin("approvals", "reject", wait.id, "--by", "eve", "--comment", "no").end()[0] == 0
    code, result, told = asking.end()
    assert code == 0, told
    document = json.loads(result)
    assert document["result"] == "kept 0 eve no"
    assert document["run"] == wait.run
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/runs/flow-run/[0-9a-f-]{36}", document["ui"])


def test_an_approval_times_out_into_its_default(begin: Begin) -> None:
    code, result, told = begin("run", "flows_of_test.py:ask", "--input", '{"customer": "ada", "patience": 1}').end()
    assert (code, result) == (0, '"kept 0  timed out"\n'), told


def test_an_event_is_sent_by_another_process(begin: Begin, store: RunStore) -> None:
    waiting = begin("run", "flows_of_test.py:paid", "--input", '{"order": "7"}')
    question(store, "event", waiting)
    assert begin("events", "send", "payment", "12", "--key", "7").end()[0] == 0
    code, result, told = waiting.end()
    assert (code, result) == (0, "12\n"), told


def test_ctrl_c_cancels_and_the_run_can_be_resumed(begin: Begin, store: RunStore) -> None:
    napping = begin("run", "flows_of_test.py:nap", "--input", '{"length": 8}')
    wait = question(store, "sleep", napping)
    napping.process.send_signal(signal.SIGINT)
    code, result, told = napping.end()
    assert (code, result) == (130, ""), told
    assert told.splitlines()[-1] == f"cancelled; to go on from there: skyloom runs resume {wait.run}"
    assert "Traceback" not in told
    assert store.run(wait.run).status == "cancelled"
    code, result, told = begin("runs", "resume", wait.run).end()
    assert (code, result) == (0, '"SLEPT"\n'), told
    assert "shout: done before" in told
    assert "the task speaks" not in told


def test_ctrl_c_does_not_wait_for_a_body_that_cannot_be_stopped(begin: Begin) -> None:
    dozing = begin("run", "flows_of_test.py:stuck")
    assert dozing.process.stderr is not None
    told = [*iter(dozing.process.stderr.readline, "the task dozes\n")]
    dozing.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    code, result, rest = dozing.end()
    assert (code, result) == (130, ""), (told, rest)
    assert time.monotonic() - began < 30
    assert rest.splitlines()[-1].startswith("cancelled; to go on from there: skyloom runs resume stuck-")


def test_a_run_is_cancelled_by_another_process(begin: Begin, store: RunStore) -> None:
    napping = begin("run", "flows_of_test.py:nap", "--input", '{"length": 60}')
    wait = question(store, "sleep", napping)
    assert begin("runs", "cancel", wait.run[:7]).end()[0] == 0
    assert napping.end()[:2] == (1, "")
    assert store.run(wait.run).status == "cancelled"


def test_a_failed_flow_tells_its_error_once(begin: Begin) -> None:
    code, result, told = begin("run", "flows_of_test.py:numbers", "--input", '{"texts": ["1", "x"]}').end()
    assert (code, result) == (1, "")
    assert re.search(
        r"numbers failed after [\d.]+ s: ValueError: invalid literal for int\(\) with base 10: 'x'\n", told
    )
    assert "Traceback" not in told


def test_a_new_project_runs(begin: Begin, store: RunStore, tmp_path: Path) -> None:
    assert begin("new", "project").end()[0] == 0
    running = begin("run", "ticket.py", "--input", "@ticket.json", cwd=tmp_path / "project")
    while running.process.poll() is None:
        for wait in store.waits("approval"):
            assert begin("approvals", "approve", wait.id).end()[0] == 0
        time.sleep(0.2)
    code, result, told = running.end()
    assert code == 0, told
    assert json.loads(result)["status"] == "sent"
    assert told.count("stand-in") == 1
