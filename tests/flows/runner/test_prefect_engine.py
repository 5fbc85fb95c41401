"""Runs on a real Prefect server: what the flow gives, and what people see of it on Prefect's pages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from skyloom.errors import EngineError, FlowCancelled, TaskTimedOut
from skyloom.flows import Flow, Retry, each, emit, flow, parallel, race, sleep, task, wait_for
from skyloom.flows.runner import launch
from skyloom.flows.runner.answering import send_event
from skyloom.flows.runner.events import RunEvent
from skyloom.flows.runner.store import Run, RunStore

ATTEMPTS: list[float] = []


class Broken(Exception):
    """What the tasks below raise."""


@task
def double(number: int) -> int:
    return number * 2


@task
async def add(left: int, right: int) -> int:
    return left + right


@task
def odd_only(number: int) -> int:
    if number % 2 == 0:
        raise Broken(f"{number} is even")
    return number


@task
def breaks_at(number: int, bad: list[int]) -> int:
    if number in bad:
        raise Broken(f"item {number}")
    return number


@task(retry=Retry(attempts=3, delay=0.2, backoff=2, jitter=0))
def third_time(number: int) -> int:
    ATTEMPTS.append(time.monotonic())
    if len(ATTEMPTS) < 3:
        raise Broken("not yet")
    return number


@task(retry=Retry(attempts=3, delay=0.1, never=Broken))
def never_again(number: int) -> int:
    ATTEMPTS.append(time.monotonic())
    raise Broken("at once")


@task(timeout=0.3, retry=Retry(attempts=2, delay=0.1, on=TaskTimedOut))
def dawdles(number: int) -> int:
    ATTEMPTS.append(time.monotonic())
    time.sleep(1)
    return number


@task(timeout=0.3)
async def dawdles_async(number: int) -> int:
    time_out = TimeoutError("its own")
    if number < 0:
        raise time_out
    await __import__("asyncio").sleep(20)
    return number


@task
async def slow(number: int) -> int:
    await __import__("asyncio").sleep(60)
    return number


@flow
def twice(number: int) -> int:
    return double(double(number))


@flow
def every_kind(number: int) -> int:
    first = add(number, 1)
    left, right = parallel(double(first), add(first, 10))
    total = sum([double(item) for item in [left, right]])
    nested = twice(total)
    emit("counted", {"total": nested}, key="k1")
    sleep(1.1)
    return nested


@flow
def retried(number: int) -> int:
    return third_time(number)


@flow
def not_retried(number: int) -> int:
    return never_again(number)


@flow
def timed_out(number: int) -> list[str]:
    told: list[str] = []
    try:
        dawdles(number)
    except TaskTimedOut as late:
        told.append(str(late))
    try:
        dawdles_async(1)
    except TaskTimedOut as late:
        told.append(str(late))
    try:
        dawdles_async(-1)
    except TimeoutError as own:
        told.append(f"{type(own).__name__}: {own}")
    return told


@flow
def fails(number: int) -> int:
    return odd_only(number)


@flow
def many(count: int, bad: list[int]) -> int:
    return sum([breaks_at(number, bad) for number in each(range(count), limit=8)])


@flow
def nested_maps(outer: int, inner: int) -> int:
    sums = [inner_sum(number, inner) for number in range(outer)]
    return sum(sums)


@flow
def inner_sum(start: int, count: int) -> int:
    return sum([add(start, number) for number in range(count)])


@flow
def quickest() -> int:
    return race(slow(1), double(2))


@flow
def endless() -> int:
    return slow(1)


@flow
def waits_for_word() -> str:
    word = wait_for("word", str, key="k")
    return word.upper()


def carried(
    run: Flow[..., Any], arguments: dict[str, Any], store: RunStore, events: list[RunEvent] | None = None
) -> Run:
    observe = (lambda event: None) if events is None else events.append
    return launch.start(launch.prepare(run, arguments), store=store, observe=observe)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    ATTEMPTS.clear()
    return RunStore(tmp_path / "runs.db")


def test_steps_are_task_runs_and_flows_are_flow_runs(recorded: Any, store: RunStore) -> None:
    run = carried(every_kind, {"number": 1}, store)
    # first = 2; left, right = 4, 12; total = 32; nested = 128
    assert (run.status, run.result) == ("done", 128)
    own_steps = {"add", "parallel.0/double", "parallel.1/add_2", "twice", "sleep"}
    names = own_steps | {f"double_map[{at}]/double_2" for at in range(2)}
    recorded.until(lambda: recorded.states(run) == dict.fromkeys(names, "Completed"))
    own, nested = recorded.flow_runs(run.id)
    assert (own["id"], own["name"], own["state_name"]) == (run.engine_run, run.id, "Completed")
    assert own["parameters"] == {"number": 1}
    assert (nested["name"], nested["state_name"], nested["parameters"]) == ("twice", "Completed", {"number": 32})
    assert [found["name"] for found in recorded.task_runs(nested["id"])] == ["twice/double", "twice/double_2"]
    # Values that happen to be equal are no dependencies between steps.
    assert {found["name"]: found["task_inputs"] for found in recorded.task_runs(run.engine_run)}["add"] == {"step": []}


def test_an_emitted_event_is_an_event_in_prefect(recorded: Any, store: RunStore) -> None:
    run = carried(every_kind, {"number": 1}, store)

    def mine() -> list[Any]:
        return [
            event
            for event in recorded.events("skyloom.counted")
            if event["resource"]["prefect.resource.id"] == f"skyloom.run.{run.id}"
        ]

    recorded.until(lambda: len(mine()) == 1)
    assert mine()[0]["payload"] == {"payload": {"total": 128}, "key": "k1", "step": "emit"}


def test_the_graph_and_the_result_are_left_with_the_run(recorded: Any, store: RunStore) -> None:
    run = carried(twice, {"number": 5}, store)
    artifacts = recorded.artifacts(run.engine_run)
    assert artifacts["skyloom-result"] == "```json\n20\n```"
    assert artifacts["skyloom-graph"].startswith("```mermaid\nflowchart")
    assert "double" in artifacts["skyloom-graph"]


def test_a_failing_task_is_repeated_by_prefect(recorded: Any, store: RunStore) -> None:
    events: list[RunEvent] = []
    run = carried(retried, {"number": 7}, store, events)
    assert (run.status, run.result) == ("done", 7)
    assert [event.detail for event in events if event.what == "retrying"] == [
        "Broken: not yet; again in 0.2 s",
        "Broken: not yet; again in 0.4 s",
    ]
    pauses = [later - sooner for sooner, later in pairwise(ATTEMPTS)]
    assert 0.2 <= pauses[0] < 0.4 <= pauses[1]
    [step] = store.steps(run.id)
    assert step.notes["attempts"] == 3
    recorded.until(lambda: recorded.states(run) == {"third_time": "Completed"})
    assert recorded.task_runs(run.engine_run)[0]["run_count"] == 3


def test_an_error_that_is_not_retried_ends_the_run_at_once(recorded: Any, store: RunStore) -> None:
    run = carried(not_retried, {"number": 7}, store)
    assert run.status == "failed"
    assert run.error is not None
    assert (run.error.type, run.error.bases, run.error.message) == ("Broken", ("Exception",), "at once")
    assert len(ATTEMPTS) == 1


def test_an_attempt_that_takes_too_long_is_timed_out(recorded: Any, store: RunStore, tmp_path: Path) -> None:
    run = carried(timed_out, {"number": 7}, store)
    assert run.result == [
        "dawdles ran longer than 0.3 s",
        "dawdles_async ran longer than 0.3 s",
        "TimeoutError: its own",
    ]
    assert len(ATTEMPTS) == 2
    prepared = launch.prepare(timed_out, {"number": 7})
    inline = launch.start(prepared, carrier=launch.run_inline, store=RunStore(tmp_path / "inline.db"))
    assert inline.result == run.result


def test_a_failed_flow_is_failed_in_prefect_and_says_why(recorded: Any, store: RunStore) -> None:
    run = carried(fails, {"number": 4}, store)
    assert run.status == "failed"
    found = recorded.flow_run(run.engine_run)
    assert (found["state_name"], found["state"]["message"]) == ("Failed", "Broken: 4 is even")
    recorded.until(lambda: recorded.states(run) == {"odd_only": "Failed"})
    # The log leads to the line of the user's own task.
    recorded.until(lambda: 'raise Broken(f"{number} is even")' in recorded.logs(run.engine_run))


def test_a_large_map_runs_in_batches(recorded: Any, store: RunStore) -> None:
    run = carried(many, {"count": 250, "bad": []}, store)
    assert run.result == sum(range(250))
    batches = {f"breaks_at_map[{first}:{last}]": "Completed" for first, last in [(0, 100), (100, 200), (200, 250)]}
    recorded.until(lambda: recorded.states(run) == batches)
    assert len(store.steps(run.id)) == 250


def test_a_batch_with_a_failing_item_fails_and_names_it(recorded: Any, store: RunStore) -> None:
    run = carried(many, {"count": 250, "bad": [130, 135]}, store)
    assert run.error is not None
    assert (run.error.type, run.error.message) == ("Broken", "item 130")
    recorded.until(lambda: recorded.states(run).get("breaks_at_map[100:200]") == "Failed")
    assert recorded.states(run) == {"breaks_at_map[0:100]": "Completed", "breaks_at_map[100:200]": "Failed"}
    [failed] = [found for found in recorded.task_runs(run.engine_run) if found["state_name"] == "Failed"]
    assert "item 130: Broken: item 130" in failed["state"]["message"]
    # Items were done up to the failing one (whose record is dropped: it would run again), and none long after it.
    carried_out = {int(step.path.split("[")[1].split("]")[0]) for step in store.steps(run.id)}
    assert set(range(130)) <= carried_out <= set(range(140))


def test_nested_maps_count_their_items_together(recorded: Any, store: RunStore) -> None:
    run = carried(nested_maps, {"outer": 3, "inner": 20}, store)
    assert run.result == sum(start + number for start in range(3) for number in range(20))
    inner = [found for found in recorded.flow_runs(run.id) if found["id"] != run.engine_run]
    assert len(inner) == 3

    def names() -> list[list[str]]:
        return [[found["name"] for found in recorded.task_runs(flow_run["id"])] for flow_run in inner]

    expected = sorted([[f"inner_sum_map[{at}]/inner_sum/add_map[0:20]"] for at in range(3)])
    recorded.until(lambda: sorted(names()) == expected)


def test_the_loser_of_a_race_is_cancelled_and_not_crashed(recorded: Any, store: RunStore) -> None:
    run = carried(quickest, {}, store)
    assert run.result == 4
    recorded.until(lambda: recorded.states(run) == {"race.0/slow": "Cancelled", "race.1/double": "Completed"})


@pytest.mark.parametrize("where", ["skyloom", "prefect"])
def test_a_run_is_cancelled(recorded: Any, store: RunStore, where: str) -> None:
    def stop() -> None:
        own = RunStore(store.path)
        while not own.runs() or own.runs()[0].engine_run is None:
            time.sleep(0.05)
        run = own.runs()[0]
        recorded.until(lambda: recorded.states(run) == {"slow": "Running"})
        if where == "skyloom":
            own.request_cancel(run.id)
        else:
            recorded.cancel(run.engine_run)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(FlowCancelled):
        carried(endless, {}, store)
    thread.join()
    [run] = store.runs()
    assert run.status == "cancelled"
    assert recorded.flow_run(run.engine_run)["state_name"] == "Cancelled"
    recorded.until(lambda: recorded.states(run) == {"slow": "Cancelled"})


def test_a_wait_for_an_event_is_a_running_task_run(recorded: Any, store: RunStore) -> None:
    def send() -> None:
        own = RunStore(store.path)
        while not (waits := own.waits("event")):
            time.sleep(0.05)
        recorded.until(lambda: recorded.states(own.runs()[0]) == {"wait_word": "Running"})
        send_event(own, waits[0].id, "hello")

    thread = threading.Thread(target=send)
    thread.start()
    run = carried(waits_for_word, {}, store)
    thread.join()
    assert run.result == "HELLO"
    recorded.until(lambda: recorded.states(run) == {"wait_word": "Completed"})


CHILD = """
import sys
from pathlib import Path
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore
store = RunStore(Path(sys.argv[2]))
if sys.argv[3] == "start":
    launch.start(launch.prepare(load_file(Path(sys.argv[1])).naps, {}), store=store)
else:
    launch.resume(sys.argv[3], store=store)
"""

FLOW = """
from skyloom.flows import flow, sleep, task


@task
def one() -> int:
    return 1


@flow
def naps() -> int:
    sleep(3)
    return one()
"""


def child(folder: Path, store: RunStore, how: str, **variables: str) -> subprocess.Popen[str]:
    file = folder / "napping.py"
    file.write_text(FLOW)
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(file), str(store.path), how],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_dead_run_is_crashed_in_prefect_when_it_is_resumed(recorded: Any, store: RunStore, tmp_path: Path) -> None:
    first = child(tmp_path, store, "start")
    recorded.until(lambda: bool(store.waits("sleep")))
    recorded.until(lambda: recorded.states(store.runs()[0]) == {"sleep": "Running"})
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    dead = store.runs()[0]
    assert dead.status == "crashed"
    again = child(tmp_path, store, dead.id)
    assert again.communicate(timeout=120) == ("", "")
    [run] = store.runs()
    assert (run.status, run.result) == ("done", 1)
    crashed, done = recorded.flow_runs(run.id)
    assert (crashed["id"], crashed["state_name"]) == (dead.engine_run, "Crashed")
    assert (done["id"], done["name"], done["state_name"]) == (run.engine_run, run.id, "Completed")
    recorded.until(lambda: recorded.states(dead) == {"sleep": "Crashed"})


def test_the_console_stays_quiet_whatever_the_users_profile_says(
    recorded: Any, store: RunStore, tmp_path: Path
) -> None:
    home = tmp_path / "users-own"
    home.mkdir()
    (home / "profiles.toml").write_text(
        'active = "loud"\n[profiles.loud]\nPREFECT_LOGGING_LEVEL = "DEBUG"\nPREFECT_API_URL = "http://127.0.0.1:9/api"\n'
    )
    ran = child(tmp_path, store, "start", PREFECT_HOME=str(home))
    assert ran.communicate(timeout=120) == ("", "")
    [run] = store.runs()
    assert (run.status, recorded.flow_run(run.engine_run)["state_name"]) == ("done", "Completed")


def test_a_server_that_does_not_answer_is_an_engine_error(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(EngineError, match=r"PREFECT_API_URL \(http://127.0.0.1:9/api\) does not answer"):
        carried(twice, {"number": 1}, store)
    assert store.runs()[0].status == "crashed"
