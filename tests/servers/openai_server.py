"""A server on this machine that speaks OpenAI's chat completions and does what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Json]

    @property
    def schema(self) -> dict[str, Json] | None:
        """The JSON Schema that the answer has to fit, if the request names one."""
        response_format = self.body.get("response_format") or {}
        schema: dict[str, Json] | None = response_format.get("json_schema", {}).get("schema")
        return schema

    @property
    def texts(self) -> list[str]:
        """The contents of the messages."""
        return [message["content"] for message in self.body["messages"]]


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
    return answer(json.dumps(instance(schema, schema)))(request)


def answer(
    text: str | None, *, finish: str = "stop", refusal: str | None = None, usage: bool = True, after: float = 0.0
) -> Behaviour:
    """A completion with this text."""

    def respond(request: Request) -> Response:
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": request.body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": text, "refusal": refusal},
                }
            ],
        }
        if usage:
            body["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        return Response(body, after=after)

    return respond


def failure(status: int, message: str, *, code: str | None = None, retry_after: str | None = None) -> Behaviour:
    """An error as OpenAI words it."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return lambda request: Response(body, status, headers)


def refusing_formats(*formats: str) -> Behaviour:
    """A server that answers 400 to these response formats, and with JSON for `{"n": 3}` to others."""

    def respond(request: Request) -> Response:
        asked = (request.body.get("response_format") or {"type": "text"})["type"]
        if asked in formats:
            return failure(400, f"response_format {asked} is not supported")(request)
        return answer('{"n": 3}')(request)

    return respond


def instance(schema: dict[str, Json], root: dict[str, Json]) -> Json:
    """The plainest value that fits a schema of objects, arrays, enums, unions and scalars."""
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return instance(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return instance(schema[union][0], root)
    match schema.get("type"):
        case "object":
            return {name: instance(inner, root) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema.get("items", {}), root)] * max(1, schema.get("minItems", 0))
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return 0.5
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "some text"


class OpenAIServer:
    """Answers every request by the next behaviour of its script, and by `then` when that is used up.

    Use it as a context manager; `url` is the base URL for a client, `requests` what came in. `script` and `then` may be
    replaced while it runs.
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
        """The base URL, up to and with `/v1`."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

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
    owner: OpenAIServer
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.server
        assert isinstance(server, _Server)
        if self.path not in ("/v1/chat/completions", "/openai/v1/chat/completions"):
            response = failure(404, f"no such path: {self.path}")(Request(self.path, headers, body))
        else:
            response = server.owner.respond(Request(self.path, headers, body))
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
