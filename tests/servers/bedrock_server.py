"""A server on this machine that speaks Amazon Bedrock's Converse over REST and does what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from servers.openai_server import instance

Json = Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; `model` is the model's id or the ARN of a profile, `body` without it."""

    model: str
    headers: dict[str, str]
    body: dict[str, Json]

    @property
    def schema(self) -> dict[str, Json] | None:
        """The JSON Schema that the answer has to fit, if the request names one, in whichever way."""
        output = self.body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
        if output is not None:
            found: dict[str, Json] = json.loads(output["schema"])
            return found
        tool = self.tool
        return None if tool is None else tool["inputSchema"]["json"]

    @property
    def tool(self) -> dict[str, Json] | None:
        """The tool that the answer is forced to use, if there is one."""
        config = self.body.get("toolConfig", {})
        forced = config.get("toolChoice", {}).get("tool", {}).get("name")
        specs = [tool["toolSpec"] for tool in config.get("tools", ())]
        return next((spec for spec in specs if spec["name"] == forced), None)

    @property
    def system(self) -> str:
        """The system text."""
        return "\n\n".join(block["text"] for block in self.body.get("system", ()))

    @property
    def texts(self) -> list[str]:
        """The texts of the messages."""
        return ["".join(block.get("text", "") for block in message["content"]) for message in self.body["messages"]]


@dataclass(frozen=True, slots=True)
class Response:
    """What the server sends back, `after` some seconds."""

    body: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


Behaviour = Callable[[Request], Response]


def valid(request: Request) -> Response:
    """An answer that fits the request's schema; without one, a text that names the end of the question."""
    schema = request.schema
    if schema is None:
        return answer(f"Answer to: {request.texts[-1].splitlines()[-1]}")(request)
    return typed(instance(schema, schema))(request)


def typed(value: Json) -> Behaviour:
    """This JSON value, in the form that the request asks for: the input of the forced tool, or text."""

    def respond(request: Request) -> Response:
        if request.tool is None:
            return answer(json.dumps(value))(request)
        use = {"toolUseId": "tooluse_1", "name": request.tool["name"], "input": value}
        return completion([{"toolUse": use}], stop="tool_use")

    return respond


def answer(text: str, *, stop: str = "end_turn", after: float = 0.0) -> Behaviour:
    """An answer with this text."""
    return lambda request: completion([{"text": text}], stop=stop, after=after)


def completion(content: list[Json], *, stop: str = "end_turn", after: float = 0.0) -> Response:
    """An answer with these content blocks."""
    body = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop,
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        "metrics": {"latencyMs": 5},
    }
    return Response(body, after=after)


def failure(status: int, error: str, message: str) -> Behaviour:
    """An error as Bedrock words it: `ThrottlingException` comes with 429, `ValidationException` with 400, ..."""
    return lambda request: Response({"message": message}, status, {"x-amzn-errortype": error})


def refusing(*fields: str, then: Behaviour = valid) -> Behaviour:
    """A model that does not know these fields: `outputConfig`, `toolConfig`, `toolConfig.toolChoice.tool`."""

    def respond(request: Request) -> Response:
        for name in fields:
            node: Json = request.body
            for part in name.split("."):
                node = node.get(part) if isinstance(node, dict) else None
            if node is not None:
                message = f"This model doesn't support the {name} field. Remove {name} and try again."
                return failure(400, "ValidationException", message)(request)
        return then(request)

    return respond


class BedrockServer:
    """Answers every request by the next behaviour of its script, and by `then` when that is used up.

    Use it as a context manager; `url` is the endpoint for a client (`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`), `requests`
    what came in. `script` and `then` may be replaced while it runs.
    """

    def __init__(self, *script: Behaviour, then: Behaviour = valid) -> None:
        self.requests: list[Request] = []
        self.script = list(script)
        self.then = then
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def respond(self, request: Request) -> Response:
        """Notes a request and decides what it gets."""
        with self._lock:
            self.requests.append(request)
            behaviour = self.script.pop(0) if self.script else self.then
        return behaviour(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    owner: BedrockServer
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.server
        assert isinstance(server, _Server)
        _, _, rest = self.path.partition("/model/")
        model, _, operation = rest.rpartition("/")
        request = Request(unquote(model), headers, body)
        if operation == "converse" and model:
            response = server.owner.respond(request)
        else:
            response = failure(404, "UnknownOperationException", f"no such path: {self.path}")(request)
        time.sleep(response.after)
        self._send(response)

    def _send(self, response: Response) -> None:
        content = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
        try:
            self.send_response(response.status)
            for name, value in {"content-type": "application/json", **response.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            # A client that gave up waiting.
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""
