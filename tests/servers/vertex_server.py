"""A server on this machine that speaks Vertex AI's `generateContent` and does what a test tells it to. It also gives
the tokens that are asked for with a key file."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from servers.openai_server import instance

Json = Any

TOKEN = "ya29.token-of-the-test"
_PATH = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/publishers/google/models/([^/:]+):generateContent")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    project: str
    location: str
    model: str
    headers: dict[str, str]
    body: dict[str, Json]

    @property
    def settings(self) -> dict[str, Json]:
        """Its `generationConfig`."""
        found: dict[str, Json] = self.body.get("generationConfig", {})
        return found

    @property
    def schema(self) -> dict[str, Json] | None:
        """The JSON Schema that the answer has to fit: of the settings, or in the words of the system instruction."""
        if "responseJsonSchema" in self.settings:
            found: dict[str, Json] = self.settings["responseJsonSchema"]
            return found
        _, marked, text = self.system.partition("without code fences:\n")
        told: dict[str, Json] | None = json.loads(text) if marked else None
        return told

    @property
    def system(self) -> str:
        """The system text."""
        return "".join(part["text"] for part in self.body.get("systemInstruction", {}).get("parts", ()))

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Who said what."""
        return [(turn["role"], "".join(part["text"] for part in turn["parts"])) for turn in self.body["contents"]]


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
        return answer(f"Answer to: {request.turns[-1][1].splitlines()[-1]}")(request)
    return answer(json.dumps(instance(schema, schema)))(request)


def answer(text: str, *, finish: str = "STOP", after: float = 0.0, thoughts: str | None = None) -> Behaviour:
    """An answer with this text, and what the model thought before."""
    thought = [] if thoughts is None else [{"text": thoughts, "thought": True}]

    def respond(request: Request) -> Response:
        body = {
            "candidates": [
                {"content": {"role": "model", "parts": [*thought, {"text": text}]}, "finishReason": finish},
            ],
            "usageMetadata": {
                "promptTokenCount": 11,
                "candidatesTokenCount": 7,
                "totalTokenCount": 18 + (5 if thought else 0),
                **({"thoughtsTokenCount": 5} if thought else {}),
            },
            "modelVersion": f"{request.model}-001",
        }
        return Response(body, after=after)

    return respond


def plainly(body: Json) -> Behaviour:
    """This body."""
    return lambda request: Response(body)


def failure(status: int, name: str, message: str) -> Behaviour:
    """An error as Google words it: `RESOURCE_EXHAUSTED` comes with 429, `INVALID_ARGUMENT` with 400, ..."""
    body = {"error": {"code": status, "message": message, "status": name}}
    return lambda request: Response(body, status)


def refusing(*fields: str, then: Behaviour = valid) -> Behaviour:
    """A model that does not know these settings: `responseJsonSchema`, `responseMimeType`."""

    def respond(request: Request) -> Response:
        for name in fields:
            if name in request.settings:
                return failure(400, "INVALID_ARGUMENT", f"{name} is not supported by this model")(request)
        return then(request)

    return respond


class VertexServer:
    """Answers every request by the next behaviour of its script, and by `then` when that is used up.

    Use it as a context manager; `url` is the endpoint for a client, `token_url` that of a key file's tokens, `requests`
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

    @property
    def token_url(self) -> str:
        """Where tokens are."""
        return f"{self.url}/token"

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
    owner: VertexServer
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/token":
            token = {"access_token": TOKEN, "expires_in": 3000, "token_type": "Bearer"}
            self._send(200, {"content-type": "application/json"}, json.dumps(token).encode())
            return
        body = json.loads(text)
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.server
        assert isinstance(server, _Server)
        path = _PATH.fullmatch(self.path.partition("?")[0])
        if path is None:
            response = Response({"error": {"code": 404, "message": f"no such path: {self.path}"}}, 404)
        else:
            response = server.owner.respond(Request(path[1], path[2], path[3], headers, body))
        time.sleep(response.after)
        content = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
        self._send(response.status, {"content-type": "application/json", **response.headers}, content)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            # A client that gave up waiting.
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""
