"""Functions as Cloud Run runs them: below the Functions Framework, from their packages, in a process of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.cloud_run_function import Start
from servers.google_credentials import key_file
from servers.google_metadata import GoogleServer
from servers.vertex_server import VertexServer, failure
from servers.vertex_server import answer as vertex_answer

from skyloom.deployers.gcp.functions import FunctionSettings, helper_package, packages_of_file
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.packaging import running_python
from skyloom.errors import Span
from skyloom.flows.expr.types import FLOAT
from skyloom.flows.retrying import idempotency_key

SETTINGS = FunctionSettings(python=running_python(), pinned=False)

SOURCE = '''
import sys
import time

from skyloom.flows import Retry, context, flow, seconds, task


class Broken(Exception):
    """Something is broken."""


class VeryBroken(Broken, ValueError):
    """Something is very broken."""


@task(timeout=seconds(2))
def double(n: int) -> int:
    print("user's own line")
    return 2 * n


@task(timeout=seconds(2))
def half(n: float) -> float:
    return n / 2


@task(timeout=seconds(2))
def nothing(text: str) -> str | None:
    return None


@task(timeout=seconds(2))
def attempt() -> list[str]:
    return [context.run_id, context.step, str(context.attempt), context.idempotency_key]


@task(timeout=seconds(2), retry=Retry(attempts=3, on=Broken))
def breaks(what: str) -> str:
    raise VeryBroken(what)


@task(timeout=seconds(2))
def leaves(what: str) -> str:
    sys.exit(what)


@task(timeout=seconds(0.5))
def slow(how: str) -> str:
    if how == "stubborn":
        try:
            time.sleep(20)
        except BaseException:
            return "late"
    time.sleep(20)
    return how


@flow
def main(n: int, t: str) -> int:
    half(1.0)
    nothing(t)
    attempt()
    breaks(t)
    leaves(t)
    slow(t)
    return double(n)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "work.py").write_text(SOURCE, encoding="utf-8")
    return folder


def functions(project: Path) -> dict[str, Any]:
    return dict(packages_of_file(project / "work.py", settings=SETTINGS).packages)


def by_timeout(project: Path, seconds: float) -> Any:
    built = packages_of_file(project / "work.py", settings=SETTINGS)
    (key,) = [group.key for group in built.groups if group.timeout == seconds]
    return built.packages[key]


def test_results_are_bare_values_of_their_types(project: Path, start_cloud_run: Start) -> None:
    function = start_cloud_run(by_timeout(project, 2))
    assert function.task("double", {"n": 21}) == (200, "42")
    # A whole float stays a float on its way, whatever the engine made of the argument.
    assert function.task("half", {"n": 4}) == (200, "2.0")
    assert function.task("nothing", {"text": "x"}) == (200, "null")


def test_the_attempt_is_known(project: Path, start_cloud_run: Start) -> None:
    function = start_cloud_run(by_timeout(project, 2))
    status, body = function.task("attempt", {})
    assert (status, json.loads(body)) == (200, ["run-1", "step", "1", idempotency_key("run-1", "step")])


def test_errors_keep_class_bases_and_message(project: Path, start_cloud_run: Start) -> None:
    function = start_cloud_run(by_timeout(project, 2))
    bases = ["Broken", "ValueError", "Exception"]
    status, body = function.task("breaks", {"what": "the thing"})
    assert status == 422
    assert json.loads(body) == {"error": {"type": "VeryBroken", "bases": bases, "message": "the thing"}}
    status, body = function.task("leaves", {"what": "now"})
    assert status == 422
    assert json.loads(body)["error"] == {
        "type": "TaskFailed",
        "bases": ["FlowError", "SkyloomError", "Exception"],
        "message": "leaves ended with SystemExit: now",
    }
    status, body = function.task("unknown", {})
    assert (status, json.loads(body)["error"]["type"]) == (422, "TaskFailed")
    # The process lives on.
    assert function.task("double", {"n": 1}) == (200, "2")


@pytest.mark.parametrize("how", ["plainly", "stubborn"])
def test_time_runs_out(project: Path, start_cloud_run: Start, how: str) -> None:
    function = start_cloud_run(by_timeout(project, 0.5))
    status, body = function.task("slow", {"how": how})
    assert status == 422
    assert json.loads(body)["error"]["message"] == "slow ran longer than 0.5 s"
    assert json.loads(body)["error"]["type"] == "TaskTimedOut"


def test_what_is_no_invocation_is_refused(project: Path, start_cloud_run: Start) -> None:
    function = start_cloud_run(by_timeout(project, 2))
    assert function.post(b"[1]")[0] == 400
    assert function.post(b"no json")[0] == 400
    assert function.get()[0] == 400


def test_the_log_is_as_cloud_logging_reads_it(project: Path, start_cloud_run: Start) -> None:
    function = start_cloud_run(by_timeout(project, 2), GOOGLE_CLOUD_PROJECT="my-project", SKYLOOM_APP="shop")
    headers = {"X-Cloud-Trace-Context": "105445aa7843bc8bf206b12000100000/1;o=1"}
    function.task("double", {"n": 1}, headers=headers)
    function.task("breaks", {"what": "secret text"})
    log = function.log()
    assert "user's own line" in log
    assert "secret text" not in log
    done, failed = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert done["severity"] == "INFO"
    assert done["logging.googleapis.com/trace"] == "projects/my-project/traces/105445aa7843bc8bf206b12000100000"
    assert done["logging.googleapis.com/trace_sampled"] is True
    assert (done["app"], done["run"], done["step"], done["task"], done["cold"]) == (
        "shop",
        "run-1",
        "step",
        "double",
        True,
    )
    assert (failed["severity"], failed["error"], failed["cold"]) == ("ERROR", "VeryBroken", False)
    assert failed["frames"] == ["work.py:39 breaks"]


def test_the_helper_evaluates(start_cloud_run: Start) -> None:
    expression = HoistedExpression(
        id="main_1_x",
        source="n // 2",
        names=("n",),
        file="work.py",
        span=Span(1, 1, 1, 1),
        reason="because",
        types=(("n", FLOAT),),
    )
    function = start_cloud_run(helper_package([expression], SETTINGS))
    assert function.invoke({"expression": "main_1_x", "values": {"n": 7}}) == (200, "3.0")
    status, body = function.invoke({"expression": "main_1_x", "values": {"n": None}})
    assert (status, json.loads(body)["error"]["type"]) == (422, "TypeError")


PROMPTS = """
from pydantic import BaseModel

from skyloom.flows import Secret, flow, prompt, seconds, task
from skyloom.flows.app import App


class Triage(BaseModel):
    urgency: str
    count: int


@prompt("Sort this: {text}", model="fast", timeout=seconds(20))
def triage(text: str) -> Triage: ...


@task
def tell(text: str) -> str:
    return f"{text} {KEY.read()}"


KEY = Secret("mail-key", readers=[tell])


@flow
def main(text: str) -> str:
    found = triage(text)
    return tell(found.urgency)


app = App("sorting", flows=[main], resources=[KEY])
"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[Path, VertexServer]]:
    """A project whose models are asked at a server of the test."""
    with VertexServer() as server:
        folder = tmp_path / "asking"
        folder.mkdir()
        (folder / "sorting.py").write_text(PROMPTS, encoding="utf-8")
        provider = f'[providers.vertex]\nkind = "vertex"\nendpoint_url = "{server.url}"\n'
        config = f'[models.gcp]\nfast = "vertex:gemini-x"\n{provider}'
        (folder / "skyloom.toml").write_text(config, encoding="utf-8")
        yield folder / "sorting.py", server


def test_a_prompt_asks_vertex(asking: tuple[Path, VertexServer], start_cloud_run: Start, tmp_path: Path) -> None:
    file, server = asking
    package = packages_of_file(file, settings=SETTINGS).packages["triage"]
    key = key_file(tmp_path / "key", server.token_url)
    function = start_cloud_run(package, GOOGLE_APPLICATION_CREDENTIALS=str(key), GOOGLE_CLOUD_PROJECT="my-project")
    server.then = vertex_answer('{"urgency": "high", "count": 3}')
    status, body = function.invoke({"prompt": "triage", "arguments": {"text": "Broken!"}})
    assert (status, json.loads(body)) == (200, {"urgency": "high", "count": 3})
    (request,) = server.requests
    assert (request.project, request.turns) == ("my-project", [("user", "Sort this: Broken!")])
    record = json.loads(next(line for line in function.log().splitlines() if line.startswith('{"severity"')))
    assert (record["input_tokens"], record["output_tokens"], record["model"]) == (11, 7, "gemini-x-001")
    server.then = failure(403, "PERMISSION_DENIED", "no")
    status, body = function.invoke({"prompt": "triage", "arguments": {"text": "Broken!"}})
    assert (status, json.loads(body)["error"]["type"]) == (422, "PromptFailed")


def test_a_task_reads_its_secret_and_large_values(asking: tuple[Path, VertexServer], start_cloud_run: Start) -> None:
    file, _ = asking
    package = packages_of_file(file, settings=SETTINGS).packages["tell"]
    with GoogleServer() as google:
        version = "projects/p/secrets/mail-key/versions/latest"
        google.secrets[version] = "hush"
        variables = {**google.variables, "SKYLOOM_SECRET_MAIL_KEY": version, "SKYLOOM_BUCKET": "gs://values"}
        function = start_cloud_run(package, **variables)
        assert function.task("tell", {"text": "a"}) == (200, '"a hush"')
        long = "x" * 210_000
        status, body = function.invoke({"task": "tell", "arguments": {"text": long}, "carry": "reference"})
        pointer = json.loads(body)
        assert (status, pointer["$skyloom"][:23]) == (200, "gs://values/values/run-")
        # What waits in the bucket is there again for the next task.
        status, body = function.invoke({"task": "tell", "arguments": {"text": pointer}, "carry": "reference"})
        assert status == 200
        assert json.loads(next(reversed(google.objects.values()))) == f"{long} hush hush"
