"""Activities of function apps: from their packages, in a process of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.azure_server import AzureServer
from servers.function_app import FunctionApp
from servers.function_app_calls import TRACE
from servers.openai_server import OpenAIServer, answer, failure

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.functions import load_app
from skyloom.deployers.packaging import running_python
from skyloom.flows.retrying import idempotency_key

SETTINGS = FunctionSettings(python=running_python(), pinned=False)

WORK = '''
import logging
import sys
import time

from skyloom.flows import App, Retry, context, flow, seconds, task


class Broken(Exception):
    """Something is broken."""


class VeryBroken(Broken, ValueError):
    """Something is very broken."""


@task(timeout=seconds(20))
def double(n: int) -> int:
    logging.getLogger("mine").warning("user's own line")
    return 2 * n


@task(timeout=seconds(20))
def half(n: float) -> float:
    return n / 2


@task(timeout=seconds(20))
def attempt() -> list[str]:
    return [context.run_id, context.step, str(context.attempt), context.idempotency_key]


@task(timeout=seconds(20), retry=Retry(attempts=3, on=Broken))
def breaks(what: str) -> str:
    raise VeryBroken(what)


@task(timeout=seconds(20))
def leaves(what: str) -> str:
    sys.exit(what)


@task(timeout=seconds(0.3))
def slow(n: int) -> int:
    time.sleep(5)
    return n


@task(timeout=seconds(20))
def large(n: int) -> str:
    return "x" * n


@flow
def main(n: int, t: str) -> int:
    half(1.0)
    attempt()
    breaks(t)
    leaves(t)
    slow(n)
    large(n)
    return double(n)


app = App("work", flows=[main])
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("work"), WORK) / "app"


def written(folder: Path, source: str, config: str = "") -> Path:
    """The folder of the bundle for a file with this source."""
    (folder / "work.py").write_text(source, encoding="utf-8")
    (folder / "skyloom.toml").write_text(config, encoding="utf-8")
    compile_app(load_app(folder / "work.py"), "dev", SETTINGS).bundle.write(folder / "bundle")
    return folder / "bundle"


@pytest.fixture
def app(folder: Path) -> Iterator[FunctionApp]:
    with FunctionApp(folder, {"SKYLOOM_APP": "work", "SKYLOOM_ENV": "dev"}) as running:
        yield running


def test_results_are_values_of_their_types(app: FunctionApp) -> None:
    assert app.task("double", {"n": 21}) == {"value": 42}
    # A whole float stays a float on its way.
    text = app.call("half", call=json.dumps({"task": "half", "arguments": {"n": 4}}))
    assert text == '{"value": 2.0}'


def test_an_attempt_knows_its_run_and_step(app: FunctionApp) -> None:
    context = {"run": "r7", "flow": "main", "step": "main/attempt[2]", "attempt": 3}
    key = idempotency_key("r7", "main/attempt[2]")
    told = app.task("attempt", {}, context=context)
    assert told == {"value": ["r7", "main/attempt[2]", "3", key]}


def test_errors_are_outcomes(app: FunctionApp) -> None:
    error = app.task("breaks", {"what": "no \U0001f600"})["error"]
    assert error == {"type": "VeryBroken", "bases": ["Broken", "ValueError", "Exception"], "message": "no \U0001f600"}


@pytest.mark.parametrize(
    ("task", "arguments", "type_", "message"),
    [
        ("leaves", {"what": "now"}, "TaskFailed", "leaves ended with SystemExit: now"),
        ("slow", {"n": 1}, "TaskTimedOut", "slow ran longer than 0.3 s"),
        ("double", {"n": "many"}, "TaskFailed", "argument n: Input should be a valid integer"),
    ],
)
def test_whatever_ends_an_attempt_is_an_outcome(
    app: FunctionApp, task: str, arguments: dict[str, Any], type_: str, message: str
) -> None:
    error = app.task(task, arguments)["error"]
    assert error["type"] == type_
    assert message in error["message"]


def test_a_task_that_is_not_there(app: FunctionApp) -> None:
    error = app.invoke("double", {"task": "gone", "arguments": {}})["error"]
    assert (error["type"], error["message"]) == (
        "TaskFailed",
        "the function has no task gone: it is older or newer than its workflow",
    )


def test_every_attempt_leaves_one_record(app: FunctionApp) -> None:
    app.task("double", {"n": 1})
    (record,) = app.records
    assert record.pop("seconds") >= 0
    assert record == {
        "level": "INFO",
        "invocation": "i0",
        "traceparent": TRACE,
        "app": "work",
        "environment": "dev",
        "run": "run-1",
        "flow": "main",
        "step": "step",
        "attempt": 1,
        "task": "double",
        "outcome": "done",
        "cold": True,
    }
    app.task("breaks", {"what": "secret words"})
    (record,) = app.records
    assert (record["outcome"], record["error"], record["cold"], app.log[-1][0]) == (
        "failed",
        "VeryBroken",
        False,
        "ERROR",
    )
    assert record["frames"] == [f"work.py:{WORK[: WORK.index('raise VeryBroken')].count(chr(10)) + 1} breaks"]
    assert "secret words" not in json.dumps(record)


def test_what_a_task_logs_belongs_to_its_invocation(app: FunctionApp) -> None:
    app.task("double", {"n": 1})
    assert ("WARNING", "user's own line", "i0") in app.log
    app.task("double", {"n": 1})
    assert ("WARNING", "user's own line", "i1") in app.log


def test_a_large_value_waits_in_a_blob(folder: Path) -> None:
    with AzureServer() as server, FunctionApp(folder, server.variables) as app:
        value = app.task("large", {"n": 20_000}, carry="reference")["value"]
        ((container, name),) = server.blobs
        assert (container, name.startswith("values/run-1/")) == ("claims", True)
        assert value["bytes"] == 20_002
        assert app.task("large", {"n": 20_000})["value"] == "x" * 20_000
        error = app.task("large", {"n": 300_000})["error"]
        assert error["message"].startswith("large returned 300,002 bytes of JSON; at most 250,000 travel with a run")


PROMPTS = """
from pydantic import BaseModel

from skyloom.flows import App, flow, prompt


class Rated(BaseModel):
    n: int


@prompt("Rate {text}.")
def rate(text: str) -> Rated: ...


@prompt("Say {text}.")
def say(text: str) -> str: ...


@flow
def main(text: str) -> str:
    rate(text)
    return say(text)


app = App("work", flows=[main])
"""


def test_prompts_ask_the_apps_own_models(tmp_path: Path) -> None:
    with AzureServer() as around, OpenAIServer() as models:
        config = f'[providers.foundry]\nkind = "foundry"\nendpoint = "{models.url.removesuffix("/v1")}"\n'
        folder = written(tmp_path, PROMPTS, config) / "app"
        with FunctionApp(folder, around.variables) as app:
            models.script = [answer('{"n": 3}')]
            assert app.invoke("rate", {"prompt": "rate", "arguments": {"text": "this"}}) == {"value": {"n": 3}}
            record = app.records[-1]
            assert (record["prompt"], record["model"], record["input_tokens"]) == ("rate", "gpt-5-mini", 11)
            assert models.requests[0].texts == ["Rate this."]
            assert models.requests[0].headers["authorization"] == "Bearer token for https://ai.azure.com"
            models.script = [failure(404, "no such deployment")]
            error = app.invoke("say", {"prompt": "say", "arguments": {"text": "it"}})["error"]
            assert error["type"] == "PromptFailed"
            assert "no such deployment" in error["message"]
