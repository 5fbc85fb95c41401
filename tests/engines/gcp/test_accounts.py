"""What the engine counts: memory, bills, waits, time, arguments, revisions, and what is not documented; 0022."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from engines.gcp.driving import OK, run
from engines.gcp.engine import Engine
from engines.gcp.errors import Undocumented, WorkflowError
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(time_scale=0.01)
    yield engine
    engine.close()


def test_memory_as_the_page_computes_it(engine: Engine) -> None:
    source = """
main:
  steps:
    - copy:
        assign:
          - a: This is a string of 28 bytes
          - b: ${a}
"""
    assert run(engine, source).memory.most == 36 + 36


def test_variables_of_iterations_are_freed(engine: Engine) -> None:
    source = """
main:
  steps:
    - loop:
        for:
          value: number
          range: [1, 100]
          steps:
            - keep:
                assign: [{kept: "${text.replace_all(long, \\"a\\", \\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\")}"}]
"""
    head = "main:\n  steps:\n    - long:\n        assign: [{long: '" + "a" * 2000 + "'}]\n"
    execution = run(engine, source.replace("\nmain:\n  steps:\n", head, 1))
    assert execution.state == "SUCCEEDED"
    assert execution.memory.most < 90_000
    assert execution.memory.used == 0


def test_what_is_billed(engine: Engine) -> None:
    source = """
main:
  steps:
    - all:
        steps:
          - a:
              assign: [{x: 1}]
          - b:
              try:
                call: http.get
                args: {url: "https://function.run.app"}
              retry: ${http.default_retry}
          - c:
              call: http.get
              args: {url: "https://api.example.com"}
"""
    answers = iter([Answer(503), OK])
    engine.route("https://function.run.app", lambda request: next(answers))
    engine.route("https://api.example.com", lambda request: OK)
    execution = run(engine, source)
    assert execution.history.billed() == {"internal": 3, "external": 1}
    told = [(entry.step, entry.type, entry.state) for entry in execution.history.entries if entry.step == "b"]
    assert told == [
        ("b", "STEP_TRY_RETRY_EXCEPT", "STATE_SUCCEEDED"),
        ("b", "STEP_STD_LIB_CALL", "STATE_FAILED"),
        ("b", "STEP_STD_LIB_CALL", "STATE_SUCCEEDED"),
    ]


RETRIED = """
main:
  steps:
    - t:
        try:
          call: http.get
          args: {url: "https://function.run.app"}
        retry: %s
"""
BACKOFF = "{predicate: '${retry.always}', max_retries: 4, backoff: {initial_delay: 1.5, max_delay: 7, multiplier: 2}}"


@pytest.mark.parametrize(
    ("policy", "delays"),
    [(BACKOFF, [1.5, 3.0, 6.0, 7.0]), ("${http.default_retry}", [1.0, 1.25, 1.5625, 1.953125, 2.44140625])],
)
def test_waits_between_retries(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, policy: str, delays: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(Execution, "sleep", lambda self, seconds: slept.append(seconds))
    engine.route("https://function.run.app", lambda request: Answer(503, {"Content-Type": "text/plain"}))
    execution = run(engine, RETRIED % policy)
    assert json.loads(execution.error or "")["code"] == 503
    assert slept == delays


def test_nothing_catches_what_is_not_documented() -> None:
    engine = Engine()
    source = """
main:
  steps:
    - t:
        try:
          assign: [{x: "${[1][-1]}"}]
        except:
          as: e
          steps:
            - r:
                return: caught
"""
    engine.deploy("flow", source)
    execution = engine.start("flow")
    with pytest.raises(Undocumented, match=r"main\.t: .*a negative index"):
        execution.wait(5)
    assert execution.state == "FAILED"
    with pytest.raises(Undocumented, match=r"flow: main\.t"):
        engine.close()


def test_the_clock_runs_with_the_scale(engine: Engine) -> None:
    source = """
main:
  steps:
    - a:
        assign: [{began: "${sys.now()}"}]
    - s:
        call: sys.sleep
        args: {seconds: 30}
    - r:
        return: ${sys.now() - began}
"""
    before = time.monotonic()
    assert 30 <= run(engine, source).result < 1500
    assert time.monotonic() - before < 10


def test_arguments_are_limited(engine: Engine) -> None:
    engine.deploy("flow", "- r:\n    return: 1")
    with pytest.raises(WorkflowError, match="32768 are allowed"):
        engine.start("flow", "x" * 32_768)
    with pytest.raises(WorkflowError, match="no workflow other"):
        engine.start("other")


def test_a_running_execution_keeps_its_revision(engine: Engine) -> None:
    engine.deploy("flow", "- s:\n    call: sys.sleep\n    args: {seconds: 20}\n- r:\n    return: old")
    execution = engine.start("flow")
    engine.deploy("flow", "- r:\n    return: new")
    assert (engine.start("flow").wait(5).result, execution.wait(5).result) == ("new", "old")
