"""The HTTP side of the local Google Cloud: one server on several ports, routes, errors as Google's APIs write them."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from engines.gcp_account import certificates

Json = Any

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ApiError(Exception):
    """What an API answers instead. `status` is Google's name of the error, by default the one of its code."""

    def __init__(self, code: int, message: str, status: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status or _STATUS.get(code, "UNKNOWN")

    def answer(self) -> Answer:
        error = {"code": self.code, "message": self.message, "status": self.status}
        return Answer.of_json({"error": error}, self.code)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Json, status: int = 200) -> Answer:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `path` as it was sent, escapes and all; `listener` tells the ports apart; header names in lower
    case; `names` are the parts of the path that the route names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    listener: str
    base: str
    target: str
    names: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Json:
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise ApiError(400, "Invalid JSON payload received.") from None

    @property
    def caller(self) -> Caller:
        """Who sends it. Raises ApiError (401)."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise ApiError(401, "Request is missing required authentication credential.")
        return Caller.of(token)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token is of. `audience` is that of an identity token, empty for an access token."""

    email: str
    audience: str = ""

    @property
    def token(self) -> str:
        body = json.dumps({"email": self.email, "aud": self.audience, "iss": "tests"}).encode()
        return f"tests.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.tests"

    @classmethod
    def of(cls, token: str) -> Caller:
        """Reads a token of this server, or one that a service account's key has signed. Nothing is verified."""
        try:
            body = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            return cls(claims.get("email") or claims["iss"], claims.get("aud", "") if "email" in claims else "")
        except (IndexError, ValueError, KeyError):
            raise ApiError(401, "Request had invalid authentication credentials.") from None


Handle = Callable[[Request], Answer | Json]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handle: Handle


def route(method: str, path: str, handle: Handle) -> Route:
    """A route. In the path, `{name}` is one part and `{name=**}` the rest."""
    pattern = re.sub(r"\\{(\w+)=\\\*\\\*\\}", r"(?P<\1>.+)", re.escape(path))
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", pattern)
    return Route(method, re.compile(pattern), handle)


class Front:
    """Listens on ports. Each listener has a name and, unless it is its own, the routes of all."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self._whole: dict[str, Handle] = {}
        self._servers: dict[str, ThreadingHTTPServer] = {}
        self._secure: set[str] = set()

    def add(self, *routes: Route) -> None:
        self.routes += routes

    def listen(self, name: str, whole: Handle | None = None, port: int = 0, *, tls: bool = False) -> str:
        """Opens a port and gives its address. `whole` answers everything that comes there."""
        if name in self._servers:
            return self.address(name)
        if whole is not None:
            self._whole[name] = whole
        front = self

        class Handler(_Handler):
            listener = name

            def answered(self, request: Request) -> Answer:
                return front.respond(request)

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        if tls:
            server.socket = certificates.context().wrap_socket(server.socket, server_side=True)
            self._secure.add(name)
        self._servers[name] = server
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self.address(name)

    def address(self, name: str) -> str:
        scheme = "https" if name in self._secure else "http"
        return f"{scheme}://127.0.0.1:{self._servers[name].server_address[1]}"

    def silence(self, name: str) -> None:
        """Closes a port."""
        server = self._servers.pop(name, None)
        self._whole.pop(name, None)
        if server is not None:
            server.shutdown()
            server.server_close()

    def close(self) -> None:
        for name in [*self._servers]:
            self.silence(name)

    def respond(self, request: Request) -> Answer:
        try:
            if request.listener in self._whole:
                return _as_answer(self._whole[request.listener](request))
            return self._routed(request)
        except ApiError as error:
            return error.answer()

    def _routed(self, request: Request) -> Answer:
        for one in self.routes:
            found = one.pattern.fullmatch(request.path) if one.method == request.method else None
            if found is not None:
                names = {name: unquote(value) for name, value in found.groupdict().items()}
                return _as_answer(one.handle(replace(request, names=names)))
        raise ApiError(404, f"the local Google Cloud has no {request.method} {request.path}")


def _as_answer(value: Answer | Json) -> Answer:
    return value if isinstance(value, Answer) else Answer.of_json(value)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    listener = ""
    # A response is written in two parts, and with Nagle's algorithm the second would wait for the client.
    disable_nagle_algorithm = True

    def answered(self, request: Request) -> Answer:
        raise NotImplementedError

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            listener=self.listener,
            base=f"http://{self.headers.get('Host')}",
            target=self.path,
        )
        try:
            answer = self.answered(request)
        except Exception as problem:
            import traceback

            traceback.print_exc()
            answer = ApiError(500, f"the local Google Cloud failed: {problem!r}").answer()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def log_message(self, *arguments: Any) -> None:
        return
