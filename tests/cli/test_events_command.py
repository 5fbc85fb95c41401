"""Sending the events that runs wait for."""

from __future__ import annotations

from typing import Any

import pytest

from skyloom.flows.runner.store import Run, RunStore, Wait


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.start_run(flow="order", file="order.py", program="p", environment="dev", input={})


def wait_for(store: RunStore, run: Run, name: str, key: str | None = None, step: str = "wait") -> Wait:
    return store.open_wait(run.id, f"{run.flow}/{step}", "event", name, None, key=key)


def test_the_list(invoke: Any, document: Any, store: RunStore, run: Run) -> None:
    assert invoke("events", "list").stderr == "no run waits for an event\n"
    wait = wait_for(store, run, "payment", "7")
    lines = invoke("events", "list").stdout.splitlines()
    assert lines[0].split() == ["ID", "EVENT", "KEY", "RUN", "STEP", "WAITING", "TIME"]
    assert lines[1].split()[:5] == [wait.id, "payment", "7", run.id, "wait"]
    (found,) = document("events", "list", "--json")
    assert found.pop("opened")
    assert found == {
        "id": wait.id, "run": run.id, "step": "order/wait", "event": "payment", "key": "7", "deadline": None
    }  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--key", "7"]])
def test_an_event_reaches_its_wait(options: list[str], invoke: Any, store: RunStore, run: Run) -> None:
    wait, other = wait_for(store, run, "payment", "7"), wait_for(store, run, "parcel", step="other")
    result = invoke("events", "send", "payment", '{"amount": 3}', *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"sent payment to {run.id}\n")
    assert (store.wait(wait.id).answer, store.wait(wait.id).closed) == ({"amount": 3}, "answered")
    assert store.wait(other.id).closed is None


def test_without_a_payload_null_is_sent(invoke: Any, store: RunStore, run: Run) -> None:
    wait = wait_for(store, run, "go")
    assert invoke("events", "send", "go").exit_code == 0
    assert (store.wait(wait.id).answer, store.wait(wait.id).closed) == (None, "answered")


def test_nobody_waits(invoke: Any, store: RunStore, run: Run) -> None:
    result = invoke("events", "send", "payment")
    assert result.exit_code == 2
    assert result.stderr == (
        "skyloom events send: SKY624 nothing waits for event payment\nhint: nothing waits for any event\n"
    )
    wait_for(store, run, "payment", "7")
    result = invoke("events", "send", "payment", "--key", "8")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "skyloom events send: SKY624 nothing waits for event payment with key 8",
        "hint: open: skyloom events send payment JSON --key 7",
    ]


def test_several_wait(invoke: Any, store: RunStore, run: Run) -> None:
    second = store.start_run(flow="order", file="order.py", program="p", environment="dev", input={})
    here, there = wait_for(store, run, "payment"), wait_for(store, second, "payment")
    result = invoke("events", "send", "payment", "1")
    assert result.exit_code == 2
    assert "SKY625 2 runs or steps wait for event payment" in result.stderr
    assert here.id in result.stderr and there.id in result.stderr
    assert invoke("events", "send", "payment", "1", "--run", second.id).exit_code == 0
    assert invoke("events", "send", "payment", "2", "--id", here.id).exit_code == 0
    assert (store.wait(here.id).answer, store.wait(there.id).answer) == (2, 1)


def test_an_event_is_taken_once(invoke: Any, store: RunStore, run: Run) -> None:
    wait = wait_for(store, run, "payment")
    assert invoke("events", "send", "payment", "1").exit_code == 0
    result = invoke("events", "send", "payment", "2")
    assert result.exit_code == 2
    assert "SKY624 nothing waits for event payment" in result.stderr
    assert store.wait(wait.id).answer == 1


@pytest.mark.parametrize("payload", ["{oops}", "NaN", "9007199254740993", "@nowhere.json"])
def test_a_wrong_payload_changes_nothing(payload: str, invoke: Any, store: RunStore, run: Run) -> None:
    wait = wait_for(store, run, "payment")
    result = invoke("events", "send", "payment", payload)
    assert result.exit_code == 2
    assert "SKY6" in result.stderr
    assert store.wait(wait.id).closed is None


def test_an_unknown_run(invoke: Any) -> None:
    result = invoke("events", "send", "payment", "--run", "nope")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "this machine: SKY646 no run nope")
