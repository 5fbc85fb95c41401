"""Requests of workflows to real processes: functions below the Functions Framework, a model's API; 0022."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from engines.gcp.engine import Engine
from engines.gcp.execution import Execution
from servers.cloud_run_function import Function
from servers.vertex_server import TOKEN, VertexServer, answer

from skyloom.deployers.packaging import Package

CODE = b"""
import json, os, time

def handler(request):
    order = request.get_json()
    print("asked to", order["do"], flush=True)
    match order["do"]:
        case "echo":
            found = {"body": order, "auth": request.headers["Authorization"], "stage": os.environ["STAGE"], "n": 2.0}
            return json.dumps(found), 200, {"Content-Type": "application/json"}
        case "fail":
            error = {"error": {"type": "Busy", "bases": [], "message": "try later"}}
            return json.dumps(error), 500, {"Content-Type": "application/json"}
        case "sleep":
            time.sleep(order["seconds"])
            return "{}", 200, {"Content-Type": "application/json"}
        case "large":
            return json.dumps("x" * order["bytes"]), 200, {"Content-Type": "application/json"}
        case "raise":
            raise RuntimeError("a bug")
"""
ASKING = """
main:
  params: [args]
  steps:
    - ask:
        try:
          call: http.post
          args:
            url: ${sys.get_env("FUNCTION")}
            auth: {type: OIDC, audience: "${sys.get_env(\\"FUNCTION\\")}"}
            timeout: ${args.timeout}
            body: ${args.order}
          result: got
        except:
          as: e
          steps:
            - told:
                return: ${e}
    - done:
        return: ${got.body}
"""
FUNCTION = "https://price-ab12cd-ew.a.run.app"


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    package = Package(files={"main.py": CODE}, handler="main.handler")
    function = Function(package, tmp_path_factory.mktemp("function") / "code", {"STAGE": "test", "THREADS": "8"})
    yield function
    function.close()


def asked(port: int, order: dict[str, object], timeout: float = 20) -> Execution:
    """Runs a workflow that asks what listens at a port."""
    engine = Engine()
    engine.route(FUNCTION, f"http://127.0.0.1:{port}")
    engine.deploy("flow", ASKING, {"FUNCTION": FUNCTION})
    return engine.start("flow", {"order": order, "timeout": timeout})


def test_an_answer(function: Function) -> None:
    found = asked(function.port, {"do": "echo", "text": "grün"}).wait(30).result
    assert found == {
        "body": {"do": "echo", "text": "grün"},
        "auth": f"Bearer OIDC:{FUNCTION}",
        "stage": "test",
        "n": 2,
    }
    assert "asked to echo" in function.log()


def test_an_error(function: Function) -> None:
    found = asked(function.port, {"do": "fail"}).wait(30).result
    assert (found["tags"], found["code"]) == (["HttpError"], 500)
    assert found["body"] == {"error": {"type": "Busy", "bases": [], "message": "try later"}}


def test_a_bug_is_an_error_without_our_body(function: Function) -> None:
    found = asked(function.port, {"do": "raise"}).wait(30).result
    assert (found["tags"], found["code"]) == (["HttpError"], 500)
    assert isinstance(found["body"], str)


def test_a_timeout(function: Function) -> None:
    assert asked(function.port, {"do": "sleep", "seconds": 5}, timeout=0.3).wait(30).result["tags"] == ["TimeoutError"]


def test_a_response_that_is_too_large(function: Function) -> None:
    fits = asked(function.port, {"do": "large", "bytes": 200_000}).wait(30)
    assert len(fits.result) == 200_000
    execution = asked(function.port, {"do": "large", "bytes": 3_000_000}).wait(30)
    assert (execution.state, json.loads(execution.error or "")["tags"]) == ("FAILED", ["ResourceLimitError"])


def test_cancelling_gives_up_the_request(function: Function) -> None:
    execution = asked(function.port, {"do": "sleep", "seconds": 4})
    end = time.monotonic() + 10
    while not execution.connections and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.1)
    execution.cancel()
    execution.thread.join(2)
    assert not execution.thread.is_alive()
    assert execution.state == "CANCELLED"


def test_connections_that_break() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(100_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            connection.close()

        threading.Thread(target=hang_up).start()
        assert asked(port, {"do": "echo"}).wait(30).result["tags"] == ["ConnectionError"]
    assert asked(port, {"do": "echo"}).wait(30).result["tags"] == ["ConnectionFailedError"]


MODEL = (
    "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/google/models/"
    "gemini:generateContent"
)
PROMPTING = """
main:
  steps:
    - ask:
        call: http.post
        args:
          url: ${sys.get_env("MODEL")}
          auth: {type: OAuth2}
          body:
            contents: [{role: user, parts: [{text: Well}]}]
        result: got
    - done:
        return: ${got.body.candidates[0].content.parts[0].text}
"""


def test_a_model() -> None:
    with VertexServer(answer("Fine.")) as server:
        engine = Engine(token=lambda kind, audience: TOKEN)
        engine.route("https://europe-west1-aiplatform.googleapis.com", server.url)
        engine.deploy("flow", PROMPTING, {"MODEL": MODEL})
        execution = engine.start("flow").wait(20)
        assert (execution.result, execution.error) == ("Fine.", None)
        assert execution.history.billed() == {"internal": 2}
