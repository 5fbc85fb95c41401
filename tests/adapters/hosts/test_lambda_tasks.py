"""Tasks in functions, as Lambda runs them: results, errors, timeouts, the attempt's context, the log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from servers.lambda_function import Packed, Start

from skyloom.flows.retrying import idempotency_key

PLAIN = '''
import sys
import time

from skyloom.flows import Retry, context, flow, seconds, task


class Broken(Exception):
    """Something is broken."""


class VeryBroken(Broken, ValueError):
    """Something is very broken."""


@task
def double(n: int) -> int:
    print("user's own line")
    return 2 * n


@task
def total(prices: list[float]) -> dict[str, float]:
    return {"total": sum(prices)}


@task
async def later(text: str, pause: float = 0.01) -> str:
    import asyncio

    await asyncio.sleep(pause)
    return text + "!"


@task
def attempt() -> list[str]:
    return [context.run_id, context.step, str(context.attempt), context.idempotency_key]


@task
def wrong(n: int) -> str:
    return n


@task
def loaded() -> list[str]:
    heavy = ("asyncio", "boto3", "dataclasses", "hashlib", "inspect", "pathlib", "pydantic", "skyloom.flows.frontend")
    return [name for name in heavy if name in sys.modules]


@task(retry=Retry(attempts=3, on=Broken))
def breaks(what: str) -> str:
    raise VeryBroken(what)


@task(retry=Retry(attempts=3, never=ValueError))
def never(what: str) -> str:
    raise VeryBroken(what)


@task
def plainly(what: str) -> str:
    raise VeryBroken(what)


@task(timeout=seconds(0.5))
def slow(how: str) -> str:
    try:
        time.sleep(5)
    except Exception:
        return "swallowed as an exception"
    except BaseException:
        if how == "swallow":
            return "swallowed"
        raise
    return "slept"


@task(timeout=seconds(0.5))
async def slow_too() -> str:
    import asyncio

    await asyncio.sleep(5)
    return "slept"


@task
def leaves() -> str:
    raise SystemExit(3)


@flow
def everything(n: int) -> str:
    double(n)
    total([1.0])
    attempt()
    wrong(n)
    loaded()
    breaks("x")
    never("x")
    plainly("x")
    slow("x")
    slow_too()
    leaves()
    return later("x")
'''


@pytest.fixture
def function(start: Start, packed: Packed) -> Any:
    packages = packed(PLAIN)
    return start(packages["tasks"], SKYLOOM_APP="demo", SKYLOOM_ENV="prod")


def test_results_are_the_bare_values(function: Any) -> None:
    assert function.task("double", {"n": 21}).result == 42
    assert function.task("total", {"prices": [1, 2.5]}).result == {"total": 3.5}
    # What a state machine makes of 1e16.
    assert function.task("total", {"prices": [10**16, 1]}).result == {"total": 10000000000000001.0}
    assert function.task("later", {"text": "hi"}).result == "hi!"


def test_nothing_is_loaded_that_a_plain_task_does_not_need(function: Any) -> None:
    assert function.task("loaded", {}).result == []


def test_the_task_sees_its_attempt(function: Any) -> None:
    context = {"run": "r-7", "flow": "everything", "step": "loop#2/attempt[3]", "attempt": 4}
    key = idempotency_key("r-7", "loop#2/attempt[3]")
    assert function.task("attempt", {}, context=context).result == ["r-7", "loop#2/attempt[3]", "4", key]


def test_an_attempt_leaves_one_line(function: Any) -> None:
    done = function.task("double", {"n": 4711})
    record = done.record
    assert record.pop("seconds") < 1
    assert record.pop("request")
    assert record == {
        "level": "INFO",
        "app": "demo",
        "environment": "prod",
        "run": "run-1",
        "flow": "main",
        "step": "step",
        "attempt": 1,
        "task": "double",
        "outcome": "done",
        "cold": True,
    }
    assert "4711" not in done.log
    assert "user's own line" in done.log
    assert function.task("double", {"n": 1}).record["cold"] is False


# --- errors -----------------------------------------------------------------------------------------------------

BASES = ["Broken", "ValueError", "Exception"]


@pytest.mark.parametrize(("task", "kind"), [("breaks", "Broken"), ("never", "ValueError"), ("plainly", "VeryBroken")])
def test_an_error_is_called_as_its_retry_policy_knows_it(start: Start, packed: Packed, task: str, kind: str) -> None:
    done = start(packed(PLAIN)["tasks"]).task(task, {"what": "no good"})
    assert done.kind == kind
    assert done.error == {"type": "VeryBroken", "bases": BASES, "message": "no good"}
    assert "def run" not in "".join(done.trace)
    assert (done.record["outcome"], done.record["error"]) == ("failed", "VeryBroken")
    (frame,) = done.record["frames"]
    assert frame.startswith("work.py:")
    assert frame.endswith(f" {task}")


def test_a_value_of_another_type_is_a_broken_contract(function: Any) -> None:
    done = function.task("wrong", {"n": 3})
    message = "wrong returned a value that is not of its type: Input should be a valid string (got 3)"
    assert done.error == {"type": "TaskFailed", "bases": ["FlowError", "SkyloomError", "Exception"], "message": message}
    done = function.task("double", {"n": "3"})
    assert done.kind == "TaskFailed"
    assert done.error["message"] == "double: argument n: Input should be a valid integer (got '3')"


def test_a_task_that_ends_the_process_fails(function: Any) -> None:
    done = function.task("leaves", {})
    assert (done.kind, done.error["message"]) == ("TaskFailed", "leaves ended with SystemExit: 3")
    assert function.task("double", {"n": 1}).result == 2


def test_a_task_that_is_not_there(function: Any) -> None:
    done = function.task("renamed", {})
    assert done.kind == "TaskFailed"
    assert "no task renamed" in done.error["message"]
    assert function.invoke({"prompt": "p", "arguments": {}}).error["message"] == "the function runs no prompt: p"


def test_a_long_message_is_cut(function: Any) -> None:
    done = function.task("plainly", {"what": "ä" * 100_000})
    assert done.error["message"].endswith(" … (cut)")
    assert 15_000 < len(done.error["message"].encode()) < 16_000


# --- time -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["raise", "swallow"])
def test_a_slow_task_times_out_whatever_it_does(start: Start, packed: Packed, how: str) -> None:
    function = start(packed(PLAIN)["tasks-0-5s"])
    assert function.task("slow", {"how": "warm"}).kind == "TaskTimedOut"
    started = time.monotonic()
    done = function.task("slow", {"how": how})
    assert time.monotonic() - started < 2
    assert done.error == {
        "type": "TaskTimedOut",
        "bases": ["FlowError", "SkyloomError", "TimeoutError", "OSError", "Exception"],
        "message": "slow ran longer than 0.5 s",
    }


def test_a_slow_coroutine_times_out(start: Start, packed: Packed) -> None:
    done = start(packed(PLAIN)["tasks-0-5s"]).task("slow_too", {})
    assert (done.kind, done.error and done.error["message"]) == ("TaskTimedOut", "slow_too ran longer than 0.5 s")


def test_the_functions_own_timeout_is_not_waited_for(start: Start, packed: Packed) -> None:
    function = start(packed(PLAIN)["tasks"], timeout=2)
    done = function.task("later", {"text": "x", "pause": 60})
    assert (done.kind, done.error and done.error["message"]) == ("TaskTimedOut", "later ran longer than 300 s")


# --- modules ----------------------------------------------------------------------------------------------------


def test_a_trace_is_written_as_on_every_engine(start: Start, packed: Packed, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    start(packed(PLAIN)["tasks"], SKYLOOM_TRACE=str(trace)).task("double", {"n": 2})
    assert '"task": "double", "arguments": {"n": 2}, "attempt": 1' in trace.read_text()


def test_models_and_data_files_come_along(start: Start, packed: Packed, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "names.txt").write_text("Ada\nGrace\n", encoding="utf-8")
    (project / "people.py").write_text(
        "from pydantic import BaseModel\n\nclass Person(BaseModel):\n    name: str\n    age: int = 3\n",
        encoding="utf-8",
    )
    source = """
from pathlib import Path

from people import Person
from skyloom.flows import flow, task


@task
def everybody(like: Person) -> list[Person]:
    lines = (Path(__file__).parent / "names.txt").read_text().split()
    return [like, *(Person(name=line) for line in lines)]


@flow
def main(like: Person) -> list[Person]:
    return everybody(like)
"""
    function = start(packed(source)["everybody"])
    assert function.task("everybody", {"like": {"name": "Alan"}}).result == [
        {"name": "Alan", "age": 3},
        {"name": "Ada", "age": 3},
        {"name": "Grace", "age": 3},
    ]
    done = function.task("everybody", {"like": {"age": 3}})
    assert done.error is not None
    assert done.error["message"] == "everybody: argument like: name: Field required"


def test_a_module_that_cannot_be_imported_says_why(start: Start, packed: Packed) -> None:
    source = """
import os

from skyloom.flows import flow, task

if "BROKEN" in os.environ:
    raise RuntimeError("no such table")


@task
def work() -> int:
    return 1


@flow
def main() -> int:
    return work()
"""
    function = start(packed(source)["work"], BROKEN="yes")
    for _ in range(2):
        done = function.task("work", {})
        assert done.kind == "TaskFailed"
        assert done.error is not None
        assert done.error["message"] == "work: importing work raised RuntimeError: no such table"
        assert any(frame.startswith("work.py:") for frame in done.record["frames"])


@pytest.mark.parametrize("name", ["queue", "handler", "my-flow", "prompts"])
def test_files_of_awkward_names(start: Start, packed: Packed, name: str) -> None:
    source = """
from skyloom.flows import flow, task


@task
def work() -> str:
    import http.client

    return __name__


@flow
def main() -> str:
    return work()
"""
    expected = {"queue": "queue_", "handler": "handler", "my-flow": "my_flow", "prompts": "prompts_"}
    assert start(packed(source, name)["work"]).task("work", {}).result == expected[name]


def test_a_prompt_called_by_a_task_is_refused_in_words(start: Start, packed: Packed) -> None:
    source = """
from skyloom.flows import flow, prompt, task


@prompt("Say {word}.")
def say(word: str) -> str: ...


steps = [say]


@task
def work() -> str:
    return steps[0]("x")


@flow
def main() -> str:
    return work()
"""
    done = start(packed(source)["work"]).task("work", {})
    assert done.error is not None
    assert done.error["message"] == "say is a step of a flow: a task in a function cannot call it"
