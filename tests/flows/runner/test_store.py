"""Runs, steps and questions on disk: what several processes see, and what survives."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from skyloom.errors import EngineError
from skyloom.flows.outcome import Done, ErrorValue, Failed
from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.store import NotOpen, Run, RunStore
from skyloom.flows.runner.stored_journal import StoredJournal


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    opened = RunStore(tmp_path / "runs.db")
    yield opened
    opened.close()


def start(store: RunStore) -> Run:
    return store.start_run(flow="answer", file="/f.py", program="abc", environment="dev", input={"n": 1})


def record(path: str, outcome: Done | Failed) -> StepRecord:
    return StepRecord(
        path=path,
        kind="call_task",
        name="t",
        inputs="i",
        outcome=outcome,
        started=1.0,
        ended=2.0,
        notes={"attempts": 2},
    )


def test_a_run_goes_from_running_to_done(store: RunStore) -> None:
    run = start(store)
    assert (run.status, run.input, run.pid) == ("running", {"n": 1}, os.getpid())
    store.end_run(run.id, "done", result={"ok": [1, None]})
    ended = store.run(run.id)
    assert (ended.status, ended.result, ended.error) == ("done", {"ok": [1, None]}, None)
    assert ended.ended is not None


def test_a_run_is_found_by_the_beginning_of_its_id(store: RunStore) -> None:
    run, other = start(store), start(store)
    assert store.run(run.id[:12]).id == run.id
    with pytest.raises(EngineError, match="the beginning of 2 runs"):
        store.run("answer-")
    with pytest.raises(EngineError, match="no run nothing"):
        store.run("nothing")
    assert [r.id for r in store.runs()] == [other.id, run.id]


def test_steps_come_back_as_they_were_recorded_errors_included(store: RunStore) -> None:
    run = start(store)
    failed = Failed(ErrorValue("Boom", ("ValueError", "Exception"), "no\n\U0001f642"))
    store.record_step(run.id, record("answer/a", Done({"x": [1.0, -0.0, None, "é"]})))
    store.record_step(run.id, record("answer/b[1]/c", failed))
    journal = StoredJournal(store, run.id)
    first, second = journal.find("answer/a"), journal.find("answer/b[1]/c")
    assert first == record("answer/a", Done({"x": [1.0, -0.0, None, "é"]}))
    assert second is not None
    assert second.outcome == failed
    assert journal.find("answer/other") is None
    store.mark_final(run.id, ["answer/b[1]/c"])
    store.end_run(run.id, "failed", error=failed.error, failed_at="f.py:3")
    assert [step.path for step in store.steps(run.id)] == ["answer/a", "answer/b[1]/c"]
    assert store.run(run.id).failed_at == "f.py:3"
    store.resume_run(run.id)
    assert [step.path for step in store.steps(run.id)] == ["answer/a"]


def test_a_question_is_answered_once(store: RunStore) -> None:
    run = start(store)
    wait = store.open_wait(run.id, "answer/approval", "approval", "Send?", {"show": 1}, timeout=60)
    assert store.open_wait(run.id, "answer/approval", "approval", "Send?", {}, timeout=5) == wait
    store.answer(wait.id, {"approved": True})
    with pytest.raises(NotOpen, match="answered already"):
        store.answer(wait.id, {"approved": False})
    assert store.wait(wait.id).answer == {"approved": True}
    assert store.time_out(wait.id) is False
    with pytest.raises(NotOpen, match="no question nope"):
        store.wait("nope")


def test_a_question_cannot_be_answered_after_its_time(store: RunStore) -> None:
    run = start(store)
    wait = store.open_wait(run.id, "answer/approval", "approval", "Send?", {}, timeout=0.01)
    time.sleep(0.03)
    with pytest.raises(NotOpen, match="timed out at"):
        store.answer(wait.id, {"approved": True})
    assert store.time_out(wait.id) is True
    with pytest.raises(NotOpen, match="timed out at"):
        store.answer(wait.id, {"approved": True})


def test_open_questions_are_listed_by_kind_name_and_run(store: RunStore) -> None:
    run, other = start(store), start(store)
    first = store.open_wait(run.id, "a", "event", "paid", None, key="1")
    second = store.open_wait(other.id, "a", "event", "paid", None)
    store.open_wait(run.id, "b", "approval", "ok?", {})
    assert [w.id for w in store.waits("event", name="paid")] == [first.id, second.id]
    assert [w.id for w in store.waits("event", run_id=other.id)] == [second.id]
    store.answer(second.id, None)
    assert [w.id for w in store.waits("event")] == [first.id]
    store.end_run(run.id, "done")
    assert store.waits("event") == []
    assert [w.closed for w in store.waits("event", open_only=False)] == ["abandoned", "answered"]


def test_a_run_whose_process_was_killed_is_crashed_and_can_be_resumed(store: RunStore) -> None:
    code = textwrap.dedent(f"""
        from pathlib import Path
        from skyloom.flows.runner.store import RunStore
        store = RunStore(Path({str(store.path)!r}))
        run = store.start_run(flow="f", file="/f.py", program="p", environment="dev", input={{}})
        print(run.id, flush=True)
        input()
    """)
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    run_id = child.stdout.readline().strip()
    assert store.run(run_id).status == "running"
    with pytest.raises(EngineError, match="only a run that has stopped"):
        store.resume_run(run_id)
    child.kill()
    child.wait()
    assert store.run(run_id).status == "crashed"
    assert store.resume_run(run_id).status == "running"
    with pytest.raises(EngineError, match="is running"):
        store.resume_run(run_id)


def test_only_one_of_two_stores_resumes_a_run(store: RunStore) -> None:
    run = start(store)
    store.end_run(run.id, "failed", error=ErrorValue("E", ("Exception",), ""))
    other = RunStore(store.path)
    assert store.resume_run(run.id).error is None
    with pytest.raises(EngineError):
        other.resume_run(run.id)
    store.end_run(run.id, "done")
    with pytest.raises(EngineError, match="is done"):
        other.resume_run(run.id)


def test_cancelling_is_asked_of_a_running_run_only(store: RunStore) -> None:
    run = start(store)
    assert store.cancel_requested(run.id) is False
    store.request_cancel(run.id)
    assert store.cancel_requested(run.id) is True
    store.end_run(run.id, "cancelled")
    with pytest.raises(EngineError, match="cancelled already"):
        store.request_cancel(run.id)


def test_a_full_disk_is_a_clear_error_and_loses_nothing(store: RunStore) -> None:
    run = start(store)
    store.record_step(run.id, record("answer/a", Done(1)))
    pages = store._db.rows("PRAGMA page_count")[0][0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EngineError, match=r"disk is full; what was recorded before is safe"):
        for index in range(100):
            store.record_step(run.id, record(f"answer/b{index}", Done("x" * 5000)))
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.step(run.id, "answer/a") == record("answer/a", Done(1))


def test_only_the_owner_can_read_the_file(store: RunStore) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
