"""The engine around the language: branches, cancelling, callbacks, memory, bills, connectors; 0022."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from engines.gcp.engine import Engine
from engines.gcp.errors import Undocumented, WorkflowError
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer, Request

OK = Answer(200, {"Content-Type": "application/json"}, b"{}")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(time_scale=0.01)
    yield engine
    engine.close()


def run(engine: Engine, source: str, argument: object = None) -> Execution:
    """Runs a workflow to its end."""
    engine.deploy("flow", source)
    return engine.start("flow", argument).wait(20)


def until(holds: Callable[[], object]) -> None:
    """Waits until something holds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


FANNING = """
main:
  params: [args]
  steps:
    - fan:
        parallel:
          concurrency_limit: ${args.limit}
          for:
            value: item
            in: ${args.items}
            steps:
              - ask:
                  call: http.post
                  args: {url: "https://function.run.app/", body: "${item}"}
"""


class Slow:
    """A function that notes who is with it."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.seen: list[int] = []
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.seen.append(json.loads(request.body or b"0"))
        time.sleep(0.02 if request.body else 0.3)
        with self.lock:
            self.inside -= 1
        return OK


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (3, 3), (50, 20)])
def test_branches_at_once(engine: Engine, limit: int, most: int) -> None:
    slow = Slow()
    engine.route("https://function.run.app", slow)
    run(engine, FANNING, {"limit": limit, "items": list(range(40))})
    assert slow.most == most
    assert sorted(slow.seen) == list(range(40))


def test_iterations_start_in_any_order() -> None:
    orders = []
    for seed in (0, 0, 1, None):
        engine = Engine(seed=seed)
        slow = Slow()
        engine.route("https://function.run.app", slow)
        run(engine, FANNING, {"limit": 1, "items": list(range(10))})
        orders.append(slow.seen)
    assert orders[0] == orders[1] != orders[2]
    assert orders[3] == list(range(10)) not in orders[:3]


WAITING = {
    "sleep": "call: sys.sleep\n        args: {seconds: 100000}",
    "callback": "call: events.await_callback\n        args: {callback: '${made}'}",
    "request": "call: http.get\n        args: {url: 'https://function.run.app'}",
}


@pytest.mark.parametrize("kind", WAITING)
def test_cancelling(engine: Engine, kind: str) -> None:
    slow = Slow()
    engine.route("https://function.run.app", slow)
    source = f"""
main:
  steps:
    - make:
        call: events.create_callback_endpoint
        args: {{http_callback_method: POST}}
        result: made
    - wait:
        {WAITING[kind]}
    - after:
        return: done
"""
    engine.deploy("flow", source)
    execution = engine.start("flow")
    until(lambda: len(execution.history.entries) == 2)
    assert execution.state == "ACTIVE"
    execution.cancel()
    execution.wait(1)
    execution.thread.join(5)
    assert (execution.state, execution.result, execution.error) == ("CANCELLED", None, None)
    assert [entry.step for entry in execution.history.entries] == ["make", "wait"]


CALLED_BACK = """
main:
  steps:
    - make:
        call: events.create_callback_endpoint
        args: {http_callback_method: POST}
        result: made
    - wait:
        call: events.await_callback
        args: {callback: "${made}", timeout: 86400}
        result: first
    - again:
        call: events.await_callback
        args: {callback: "${made}", timeout: 86400}
        result: second
    - done:
        return: ${[first.http_request.body, second.http_request.body]}
"""


def test_callbacks(engine: Engine) -> None:
    engine.deploy("flow", CALLED_BACK)
    execution = engine.start("flow")
    until(lambda: execution.callbacks.known)
    json_type = {"Content-Type": "application/json"}
    assert execution.deliver("9", "POST", {}, b"") == 404
    assert execution.deliver("1", "GET", {}, b"") == 405
    until(lambda: execution.callbacks.known["1"].waiting)
    with execution.callbacks.changed:
        assert execution.deliver("1", "POST", json_type, b'{"number": 1}') == 200
        assert execution.deliver("1", "POST", json_type, b'{"number": 2}') == 429
    until(lambda: execution.callbacks.known["1"].processed and execution.callbacks.known["1"].waiting)
    assert execution.deliver("1", "POST", {"content-type": "text/plain"}, b"two") == 200
    assert execution.wait(10).result == [{"number": 1}, "two"]
    assert execution.deliver("1", "POST", json_type, b"{}") == 404


def test_a_callback_needs_a_token(engine: Engine) -> None:
    engine.deploy("flow", CALLED_BACK)
    execution = engine.start("flow")
    until(lambda: execution.callbacks.known)
    url = execution.callbacks.known["1"].url
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(urllib.request.Request(url, b"{}"))
    allowed = urllib.request.Request(url, b"{}", {"Authorization": "Bearer token"})
    assert urllib.request.urlopen(allowed).status == 200


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


RACE = """
main:
  params: [args]
  steps:
    - child:
        switch:
          - condition: ${args != null}
            next: branch
    - make:
        call: events.create_callback_endpoint
        args: {http_callback_method: POST}
        result: made
    - init:
        assign:
          - parent: ${"projects/p/locations/l/workflows/" + sys.get_env("GOOGLE_CLOUD_WORKFLOW_ID")}
          - started: []
    - start:
        for:
          value: seconds
          in: [1, 100000]
          steps:
            - pack:
                assign:
                  - input: {url: "${made.url}", seconds: "${seconds}"}
            - create:
                call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.create
                args:
                  parent: ${parent}
                  body: {argument: "${json.encode_to_string(input)}"}
                  connector_params: {skip_polling: true}
                result: execution
            - keep:
                assign: [{started: "${list.concat(started, execution.name)}"}]
    - first:
        call: events.await_callback
        args: {callback: "${made}", timeout: 1000}
        result: got
    - cancel:
        call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.cancel
        args: {name: "${started[1]}"}
    - done:
        return: ${got.http_request.body}
    - branch:
        call: sys.sleep
        args: {seconds: "${args.seconds}"}
    - tell:
        call: http.post
        args: {url: "${args.url}", auth: {type: OAuth2}, body: {seconds: "${args.seconds}"}}
"""


def test_executions_that_race(engine: Engine) -> None:
    assert run(engine, RACE).result == {"seconds": 1}
    states = sorted(execution.wait(10).state for execution in engine.executions.values())
    assert states == ["CANCELLED", "SUCCEEDED", "SUCCEEDED"]


def test_secrets(engine: Engine) -> None:
    engine.secrets["projects/p/secrets/key"] = "hidden"
    source = """
main:
  steps:
    - a:
        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
        args: {secret_id: key, project_id: p}
        result: text_of_it
    - b:
        call: googleapis.secretmanager.v1.projects.secrets.versions.access
        args: {name: projects/p/secrets/key/versions/latest}
        result: version
    - r:
        return: ${[text_of_it, text.decode(base64.decode(version.payload.data))]}
"""
    assert run(engine, source).result == ["hidden", "hidden"]


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
    assert 30 <= run(engine, source).result < 300
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
