"""Looking at runs, and cancelling them."""

from __future__ import annotations

from typing import Any

import pytest

from skyloom.flows.outcome import Done, ErrorValue, Failed, Json
from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.store import Run, RunStore


def started(store: RunStore, flow: str = "answer", **arguments: Json) -> Run:
    return store.start_run(flow=flow, file="/w/answer.py", program="p", environment="dev", input=arguments)


def step(path: str, second: int, error: str | None = None, kind: str = "call_task", **notes: Json) -> StepRecord:
    outcome = Done({"at": second}) if error is None else Failed(ErrorValue("ValueError", ("Exception",), error))
    return StepRecord(
        path=f"answer/{path}",
        kind=kind,
        name=path,
        inputs="i",
        outcome=outcome,
        started=1000.0 + second,
        ended=1000.5 + second,
        notes=notes,
    )


@pytest.fixture
def done(store: RunStore) -> Run:
    run = started(store, body="It broke")
    usage = {"input_tokens": 10, "output_tokens": 4}
    store.record_step(
        run.id, step("triage", 1, kind="call_prompt", attempts=1, model="offline", usage=usage, estimated=True)
    )
    store.record_step(run.id, step("search", 2, attempts=3))
    for index in range(4):
        error = "no" if index == 2 else None
        prompt = step(
            f"draft_map[{index}]/draft", 3 + index, error, "call_prompt", model="offline", usage=usage, estimated=True
        )
        store.record_step(run.id, prompt)
    store.end_run(run.id, "done", {"text": "Dear Ada"})
    return store.run(run.id)


def test_no_runs(invoke: Any, document: Any) -> None:
    result = invoke("runs", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no runs yet; start one with `skyloom run FILE:FLOW`\n"
    assert document("runs", "list", "--json") == []


def test_the_list_is_newest_first(invoke: Any, document: Any, store: RunStore, done: Run) -> None:
    newer = started(store, "other")
    lines = invoke("runs", "list").stdout.splitlines()
    assert lines[0].split() == ["RUN", "STATUS", "STARTED", "TOOK", "FLOW"]
    assert [line.split()[:2] for line in lines[1:]] == [[newer.id, "running"], [done.id, "done"]]
    assert lines[1].endswith("/w/answer.py:other")
    assert [run["run"] for run in document("runs", "list", "--json", "--limit", "1")] == [newer.id]


def test_a_run_for_programs(document: Any, done: Run) -> None:
    shown = document("runs", "show", done.id, "--json")
    assert (shown["run"], shown["status"], shown["flow"]) == (done.id, "done", "answer")
    assert (shown["input"], shown["result"], shown["error"]) == ({"body": "It broke"}, {"text": "Dear Ada"}, None)
    assert [found["step"] for found in shown["steps"]][:3] == [
        "answer/triage", "answer/search", "answer/draft_map[0]/draft"
    ]  # fmt: skip
    assert shown["steps"][0] == {
        "step": "answer/triage",
        "kind": "call_prompt",
        "name": "triage",
        "started": "1970-01-01T00:16:41.000Z",
        "ended": "1970-01-01T00:16:41.500Z",
        "seconds": 0.5,
        "result": {"at": 1},
        "attempts": 1,
        "model": "offline",
        "usage": {"input_tokens": 10, "output_tokens": 4},
        "estimated": True,
    }
    assert shown["steps"][4]["error"] == {"type": "ValueError", "bases": ["Exception"], "message": "no"}


def test_a_run_on_paper(invoke: Any, done: Run) -> None:
    shown = invoke("runs", "show", done.id[:12]).stdout
    lines = shown.splitlines()
    assert lines[0] == f"{done.id}  done"
    assert '"body": "It broke"' in lines[3]
    table = {line.split()[0]: line for line in lines[6:9]}
    assert table["triage"].split(maxsplit=4)[1:4] == ["prompt", "0.50", "s"]
    assert "offline (about 10 tokens in, 4 out)" in table["triage"]
    assert table["search"].split()[4:] == ["3", "done"]
    assert "2.00 s" in table["draft_map[*]/draft"]
    assert "offline (about 40 tokens in, 16 out)" in table["draft_map[*]/draft"]
    assert table["draft_map[*]/draft"].endswith("1 of 4 failed: ValueError: no")
    assert shown.endswith('result\n{\n  "text": "Dear Ada"\n}\n')


def test_every_item_of_a_map(invoke: Any, done: Run) -> None:
    shown = invoke("runs", "show", done.id, "--all").stdout
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("draft_map")] == [
        f"draft_map[{index}]/draft" for index in range(4)
    ]


def test_what_a_run_waits_for(invoke: Any, document: Any, store: RunStore) -> None:
    run = started(store)
    wait = store.open_wait(run.id, "answer/approval", "approval", "Send it?", {})
    event = store.open_wait(run.id, "answer/wait", "event", "payment", None, key="7")
    shown = invoke("runs", "show", run.id).stdout
    assert f"skyloom approvals approve {wait.id}" in shown
    assert "skyloom events send payment JSON --key 7" in shown
    assert [found["id"] for found in document("runs", "show", run.id, "--json")["waits"]] == [wait.id, event.id]


def test_a_failed_run_says_how_to_go_on(invoke: Any, store: RunStore) -> None:
    run = started(store)
    store.end_run(run.id, "failed", error=ErrorValue("ValueError", ("Exception",), "no such topic"))
    result = invoke("runs", "show", run.id)
    assert result.stdout.rstrip().endswith("ValueError: no such topic")
    assert result.stderr == f"to go on from there: skyloom runs resume {run.id}\n"


@pytest.mark.parametrize("command", ["show", "resume", "cancel"])
def test_unknown_and_ambiguous_runs(command: str, invoke: Any, store: RunStore) -> None:
    def refused(run_id: str) -> list[str]:
        result = invoke("runs", command, run_id)
        assert result.exit_code == 2
        lines: list[str] = result.stderr.splitlines()
        return lines

    no_runs = "hint: there are no runs yet; start one with `skyloom run FILE:FLOW`"
    assert refused("nope") == ["this machine: SKY646 no run nope", no_runs]
    older, newer = started(store), started(store)
    assert refused("nope") == ["this machine: SKY646 no run nope", "hint: `skyloom runs list` shows the newest runs"]
    assert refused("answer-") == [
        "this machine: SKY646 answer- is the beginning of 2 runs",
        f"hint: say which; the newest: {newer.id}, {older.id}",
    ]
    for mistyped in (f"{newer.id}0", newer.id[:14] + "x", newer.id.replace("sw", "ws"), newer.id[1:14]):
        error, hint = refused(mistyped)
        assert error == f"this machine: SKY646 no run {mistyped}"
        assert hint.startswith(f"hint: did you mean {newer.id}")


def test_cancelling_asks_the_run_to_stop(invoke: Any, store: RunStore) -> None:
    run = started(store)
    result = invoke("runs", "cancel", run.id)
    assert result.exit_code == 0
    assert result.stderr == f"run {run.id} stops within a moment; to go on later: skyloom runs resume {run.id}\n"
    assert store.cancel_requested(run.id)


def test_what_has_ended_cannot_be_cancelled_or_resumed(invoke: Any, done: Run) -> None:
    result = invoke("runs", "cancel", done.id)
    hint = f"hint: `skyloom runs show {done.id}` shows what came of it\n"
    assert (result.exit_code, result.stderr) == (2, f"this machine: SKY646 run {done.id} is done already\n{hint}")
    result = invoke("runs", "resume", done.id)
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"this machine: SKY646 run {done.id} is done; only a run that has stopped can be resumed\n{hint}"
    )
