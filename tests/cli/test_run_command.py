"""`skyloom run` and `skyloom runs resume`, carried without Prefect."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.flows_to_run import SOURCE

from skyloom.errors import EngineError
from skyloom.flows.runner import launch, prefect_settings, server
from skyloom.flows.runner.answering import answer_approval
from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore, Wait

ADDRESS = ServerAddress("http://127.0.0.1:1/api", "http://127.0.0.1:1", started=False)


@pytest.fixture(autouse=True)
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs need no Prefect."""
    monkeypatch.setattr(launch, "_on_prefect", launch.run_inline)
    monkeypatch.setattr(prefect_settings, "load_prefect", lambda: None)
    monkeypatch.setattr(server, "ensure_server", lambda progress: ADDRESS)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flows_of_test.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when anything is started."""

    def refuse(progress: Any) -> ServerAddress:
        raise AssertionError("the server was asked for")

    monkeypatch.setattr(server, "ensure_server", refuse)


@pytest.fixture
def answers() -> Iterator[Callable[[Callable[[RunStore, Wait], Any]], None]]:
    """Calls a function, in another thread, with the first question that a run asks."""
    stop, threads = threading.Event(), []

    def answer_with(act: Callable[[RunStore, Wait], Any]) -> None:
        def watch() -> None:
            store = RunStore()
            while not stop.wait(0.02):
                waits = [*store.waits("approval"), *store.waits("event"), *store.waits("sleep")]
                if waits:
                    act(store, waits[0])
                    return

        threads.append(threading.Thread(target=watch))
        threads[-1].start()

    yield answer_with
    stop.set()
    for thread in threads:
        thread.join()


def test_the_result_goes_to_stdout_and_nothing_else(invoke: Any, file: Path) -> None:
    result = invoke("run", f"{file}:greet", "--input", '{"ticket": {"customer": "Zoë", "body": "x"}, "times": 2}')
    assert result.exit_code == 0, result.output
    assert result.stdout == '[\n  "ZOË",\n  "ZOË"\n]\n'
    lines = re.sub(r"[\d.]+ s", "T", re.sub(r"greet-\w+", "RUN", result.stderr)).splitlines()
    assert lines == [
        "the file speaks while it is imported",
        "Prefect: http://127.0.0.1:1",
        "run RUN",
        "  shout: started",
        "the task speaks",
        "  shout: done (T)",
    ]


def test_no_control_characters_outside_a_terminal(invoke: Any, file: Path) -> None:
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": ["1", "x\\u001b[2J"]}')
    assert result.exit_code == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", result.output)


def test_quiet(invoke: Any, file: Path) -> None:
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": ["1", "2"]}', "--quiet")
    assert (result.exit_code, result.stdout) == (0, "3\n")
    assert result.stderr == "the file speaks while it is imported\n"


def test_one_document_for_programs(document: Any, file: Path, store: RunStore) -> None:
    found = document("run", f"{file}:numbers", "--input", '{"texts": ["1", "2"]}', "--json")
    assert found.pop("seconds") >= 0
    (run,) = store.runs()
    assert found == {"run": run.id, "flow": "numbers", "status": "done", "result": 3, "ui": "http://127.0.0.1:1"}


@pytest.mark.parametrize("form", ["@in.json", "-"])
def test_input_from_a_file_and_from_standard_input(form: str, invoke: Any, file: Path) -> None:
    text = '{"texts": ["4", "5"]}'
    Path("in.json").write_text(text)
    result = invoke("run", f"{file}:numbers", "--input", form, stdin=text)
    assert (result.exit_code, result.stdout) == (0, "9\n")


def test_a_map_is_told_with_its_count(invoke: Any, file: Path) -> None:
    texts = json.dumps({"texts": [str(n) for n in range(20)]})
    result = invoke("run", f"{file}:numbers", "--input", texts)
    assert result.stdout == "190\n"
    assert "number_map: started, 20 items" in result.stderr
    assert "number_map: 20/20 items done" in result.stderr
    assert result.stderr.count("\n") == 5


def test_a_failed_flow(invoke: Any, document: Any, file: Path, store: RunStore) -> None:
    arguments = ("run", f"{file}:numbers", "--input", '{"texts": ["1", "x"]}')
    result = invoke(*arguments)
    (run,) = store.runs()
    assert (result.exit_code, result.stdout) == (1, "")
    message = "ValueError: invalid literal for int() with base 10: 'x'"
    assert re.search(rf"number_map: attempt failed, \[1\]/number: {re.escape(message)}; again in 0.0 s", result.stderr)
    last = result.stderr.splitlines()[-3:]
    assert re.fullmatch(rf"numbers failed after [\d.]+ s: {re.escape(message)}", last[0])
    assert re.fullmatch(rf"  at \S+\.py:\d+; raised in number, {re.escape(str(file))}:\d+", last[1])
    assert last[2] == f"what was done is kept; to go on from there: skyloom runs resume {run.id}"
    assert "Traceback" not in result.output
    found = document(*arguments, "--json", code=1)
    assert found["status"] == "failed"
    assert found["error"] == {
        "type": "ValueError", "bases": ["Exception"], "message": "invalid literal for int() with base 10: 'x'"
    }  # fmt: skip


MISTAKES = [
    (("nothing.py:greet",), "SKY002"),
    (("flows_of_test.py",), "SKY006"),
    (("flows_of_test.py:gret",), "SKY005"),
    (("flows_of_test.py:greet",), "SKY610"),
    (("flows_of_test.py:greet", "--input", "{oops}"), "SKY620"),
    (("flows_of_test.py:greet", "--input", "[1]"), "SKY622"),
    (("flows_of_test.py:greet", "--input", "@none.json"), "SKY621"),
    (("flows_of_test.py:greet", "--input", '{"ticket": {"customer": "Ada"}}'), "SKY610"),
    (("flows_of_test.py:numbers", "--input", '{"texts": [1], "more": 2}'), "SKY610"),
    (("broken.py:x",), "SKY001"),
    (("raises.py:x",), "SKY003"),
]


@pytest.mark.parametrize(
    ("arguments", "code"), MISTAKES, ids=[code + "-" + arguments[0] for arguments, code in MISTAKES]
)
def test_mistakes_are_found_before_anything_starts(
    arguments: tuple[str, ...], code: str, invoke: Any, document: Any, file: Path, no_server: None, store: RunStore
) -> None:
    Path("broken.py").write_text("def (:\n")
    Path("raises.py").write_text("raise OSError('away')\n")
    result = invoke("run", *arguments)
    assert result.exit_code == 2
    assert code in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output
    assert store.runs() == []
    found = document("run", *arguments, "--json", code=2)
    assert found["status"] == "invalid"
    assert code in [diagnostic["code"] for diagnostic in found["diagnostics"]]


def test_every_wrong_argument_is_told_at_once(invoke: Any, file: Path) -> None:
    result = invoke("run", f"{file}:greet", "--input", '{"ticket": {"customer": 3}, "times": "x", "extra": 1}')
    assert result.exit_code == 2
    assert result.stderr.count("SKY610") == 4
    for place in ("ticket.customer", "ticket.body", "times", "extra"):
        assert f"input {place}: " in result.stderr
    assert "`greet` takes ticket, times (optional)" in result.stderr


def test_a_flow_that_does_not_compile_is_told_before_its_input(invoke: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong_of_test.py"
    wrong.write_text("from skyloom.flows import flow\n\n\n@flow\ndef f(n: int) -> int:\n    return n + unknown\n")
    result = invoke("run", str(wrong), "--input", "{oops}")
    assert result.exit_code == 2
    assert "unknown" in result.stderr
    assert "SKY620" not in result.stderr


def run_to_its_end(invoke: Any, target: str, given: str) -> Any:
    result = invoke("run", target, "--input", given)
    assert result.exit_code == 0, result.output
    return result


def test_an_approval_is_answered_from_outside(invoke: Any, file: Path, answers: Any) -> None:
    answers(
        lambda store, wait: answer_approval(store, wait.id, approved=True, by="eve", comment="ok", form={"amount": 7})
    )
    result = run_to_its_end(invoke, f"{file}:ask", '{"customer": "ada"}')
    assert result.stdout == '"sent 7 eve ok"\n'
    assert re.search(r"approval: waiting: Send it to ADA\?\n      skyloom approvals approve \w{8}\n", result.stderr)


def test_an_approval_that_nobody_answers_takes_its_default(invoke: Any, file: Path) -> None:
    result = run_to_its_end(invoke, f"{file}:ask", '{"customer": "ada", "patience": 0.3}')
    assert result.stdout == '"kept 0  timed out"\n'


def test_an_event_reaches_the_run(invoke: Any, file: Path, answers: Any) -> None:
    answers(lambda store, wait: store.answer(wait.id, 12))
    result = run_to_its_end(invoke, f"{file}:paid", '{"order": "no 7"}')
    assert result.stdout == "12\n"
    assert "skyloom events send payment JSON --key 'no 7'" in result.stderr


def test_cancelling_from_outside(invoke: Any, file: Path, answers: Any, store: RunStore) -> None:
    answers(lambda store, wait: store.request_cancel(wait.run))
    began = time.monotonic()
    result = invoke("run", f"{file}:nap", "--input", '{"length": 30}')
    assert time.monotonic() - began < 10
    (run,) = store.runs()
    assert (result.exit_code, result.stdout, run.status) == (1, "", "cancelled")
    assert result.stderr.splitlines()[-1] == f"cancelled; to go on from there: skyloom runs resume {run.id}"


def test_resuming_does_not_repeat_what_is_done(invoke: Any, file: Path, answers: Any, store: RunStore) -> None:
    answers(lambda store, wait: store.request_cancel(wait.run))
    invoke("run", f"{file}:nap", "--input", '{"length": 2}')
    (run,) = store.runs()
    result = invoke("runs", "resume", run.id[:8])
    assert (result.exit_code, result.stdout) == (0, '"SLEPT"\n')
    assert "shout: done before" in result.stderr
    assert "the task speaks" not in result.stderr
    assert store.run(run.id).status == "done"


def test_a_failed_run_is_resumed_where_it_failed(invoke: Any, tmp_path: Path, store: RunStore) -> None:
    source = tmp_path / "later_of_test.py"
    source.write_text(
        "from pathlib import Path\nfrom skyloom.flows import flow, task\n\n\n"
        "@task\ndef read(name: str) -> str:\n    return Path(name).read_text()\n\n\n"
        "@flow\ndef f(name: str) -> str:\n    return read(name)\n"
    )
    given = json.dumps({"name": str(tmp_path / "later.txt")})
    assert invoke("run", str(source), "--input", given).exit_code == 1
    (run,) = store.runs()
    (tmp_path / "later.txt").write_text("here")
    result = invoke("runs", "resume", run.id, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["result"] == "here"


def test_a_changed_file_cannot_be_resumed(invoke: Any, file: Path, store: RunStore) -> None:
    invoke("run", f"{file}:numbers", "--input", '{"texts": ["x"]}')
    (run,) = store.runs()
    file.write_text(SOURCE.replace("return sum(found)", "return len(found)"))
    result = invoke("runs", "resume", run.id)
    assert result.exit_code == 2
    assert f"{file} has changed since run {run.id} started" in result.stderr


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_an_engine_that_fails_is_one_message(
    as_json: list[str], invoke: Any, file: Path, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any) -> None:
        raise EngineError("Prefect went away")

    monkeypatch.setattr(launch, "_on_prefect", fail)
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": ["1"]}', *as_json)
    (run,) = store.runs()
    assert (result.exit_code, run.status) == (1, "crashed")
    assert result.stderr.splitlines()[-2:] == [
        "error: Prefect went away",
        f"what was recorded is kept; to go on from there: skyloom runs resume {run.id}",
    ]
    assert (json.loads(result.stdout)["status"] if as_json else result.stdout) == ("crashed" if as_json else "")


def test_a_server_that_does_not_start_is_one_message(
    invoke: Any, file: Path, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(progress: Any) -> ServerAddress:
        raise EngineError("the Prefect server did not answer within 120 s")

    monkeypatch.setattr(server, "ensure_server", refuse)
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": ["1"]}')
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "error: the Prefect server did not answer within 120 s"
    assert store.runs() == []


def test_the_traceback_is_there_for_who_asks(invoke: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_DEBUG", "1")
    result = invoke("run", f"{file}:gret")
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert "SKY005" in result.stderr


def test_a_stand_in_model_is_named_as_one(invoke: Any, file: Path) -> None:
    result = invoke("run", f"{file}:topics", "--input", '{"text": "a broken lamp"}')
    assert result.exit_code == 0, result.output
    assert result.stderr.count("stand-in") == 1
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": ["1"]}')
    assert "stand-in" not in result.stderr


@pytest.mark.parametrize(
    ("toml", "code"),
    [
        ("[models.local]\nfast = 3\n", "SKY63"),
        ("[models.local\n", "SKY630"),
        ('[models.local]\nsmart = "offline"\n', "SKY634"),
        ('[models.local]\nfast = "nobody:x"\n', "SKY635"),
    ],
)
def test_a_wrong_configuration_is_found_before_anything_starts(
    toml: str, code: str, invoke: Any, file: Path, no_server: None
) -> None:
    Path("skyloom.toml").write_text(toml)
    file.write_text(SOURCE.replace('model="smart"', 'model="namer"'))
    result = invoke("run", f"{file}:topics", "--input", '{"text": "x"}')
    assert result.exit_code == 2
    assert code in result.stderr


def test_an_unknown_environment(invoke: Any, file: Path, no_server: None) -> None:
    result = invoke("run", f"{file}:numbers", "--input", '{"texts": []}', "--env", "moon")
    assert result.exit_code == 2
    assert "SKY633 no environment `moon`" in result.stderr
