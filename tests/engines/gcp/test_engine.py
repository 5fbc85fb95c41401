"""The engine around the language: branches, cancelling, callbacks, connectors; 0022."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from engines.gcp.driving import OK, run, until
from engines.gcp.engine import Engine
from engines.gcp.errors import Undocumented
from engines.gcp.requests import Answer, Request


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(time_scale=0.01)
    yield engine
    engine.close()


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


STOPPING = """
main:
  steps:
    - fan:
        parallel:
          branches:
            - waiting:
                steps:
                  - sleep:
                      call: sys.sleep
                      args: {seconds: 1000000}
            - breaking:
                steps:
                  - soon:
                      call: sys.sleep
                      args: {seconds: 5}
                  - break_it:
                      assign: [{x: "%s"}]
"""


def test_a_branch_that_hits_a_limit_ends_all(engine: Engine) -> None:
    long = """${text.replace_all(sys.get_env(\\"LONG\\"), \\"x\\", sys.get_env(\\"LONG\\"))}"""
    engine.deploy("flow", STOPPING % long, {"LONG": "x" * 600})
    execution = engine.start("flow").wait(10)
    assert (execution.state, json.loads(execution.error or "")["tags"]) == ("FAILED", ["ResourceLimitError"])


def test_a_branch_that_does_what_is_not_documented_ends_all() -> None:
    engine = Engine(time_scale=0.01)
    engine.deploy("flow", STOPPING % "${7 // (1 - 3)}")
    execution = engine.start("flow")
    with pytest.raises(Undocumented, match="break_it"):
        execution.wait(10)
    execution.thread.join(5)
    assert not execution.thread.is_alive()


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
