"""HTTP requests of steps: real ones, to the address itself or to what stands for it in the tests.

https://cloud.google.com/workflows/docs/http-requests, .../docs/reference/stdlib/http/post (arguments, exceptions).
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from engines.gcp.callbacks import seconds_of
from engines.gcp.errors import ResourceLimit, Undocumented, Value, WorkflowError, type_error, value_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.jsons import read, written
from engines.gcp.limits import HTTP_SECONDS, HTTP_SECONDS_AT_MOST, RESPONSE_BYTES

AGENT = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"
GOOGLE = (".googleapis.com", ".run.app", ".cloudfunctions.net", ".appspot.com", ".cloud.goog")
LOCAL = ("127.0.0.1", "localhost")
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True)
class Answer:
    """A response: status, headers, body."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Request:
    """A request as it goes out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float


Handler = Callable[[Request], Answer]
Connections = set[http.client.HTTPConnection]


@dataclass
class Network:
    """Where requests go.

    Attributes:
        token: Makes the token of a request, of `OIDC` or `OAuth2` and an audience or scope.
        routes: Beginnings of addresses, and the local address or handler that stands for them.
    """

    token: Callable[[str, str], str]
    routes: dict[str, str | Handler] = field(default_factory=dict)

    def send(self, request: Request, open_connections: Connections) -> Answer:
        """Sends a request.

        Raises:
            WorkflowError: ConnectionFailedError, ConnectionError, TimeoutError.
        """
        for start, to in sorted(self.routes.items(), key=lambda route: -len(route[0])):
            if request.url.startswith(start):
                if callable(to):
                    return to(request)
                return over_the_wire(request, to + request.url[len(start) :], open_connections)
        return over_the_wire(request, request.url, open_connections)


def external(url: str) -> bool:
    """Whether a call is billed as an external step; local addresses stand for functions."""
    host = urlsplit(url).hostname or ""
    return not host.endswith(GOOGLE) and host not in LOCAL


def over_the_wire(request: Request, url: str, open_connections: Connections) -> Answer:
    """A real request."""
    parts = urlsplit(url)
    if parts.hostname not in LOCAL:
        raise WorkflowError.tagged("ConnectionFailedError", f"no route of the tests to {url}")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=request.timeout)
    open_connections.add(connection)
    try:
        return exchanged(connection, request, parts.path + (f"?{parts.query}" if parts.query else ""))
    finally:
        open_connections.discard(connection)
        connection.close()


def exchanged(connection: http.client.HTTPConnection, request: Request, path: str) -> Answer:
    """One request and its response, on a connection."""
    try:
        connection.connect()
    except TimeoutError:
        raise WorkflowError.tagged("TimeoutError", f"timeout after {request.timeout} seconds") from None
    except OSError as problem:
        raise WorkflowError.tagged("ConnectionFailedError", f"connection failed: {problem}") from None
    try:
        connection.request(request.method, path or "/", request.body or None, dict(request.headers))
        response = connection.getresponse()
        body = response.read(RESPONSE_BYTES + 1)
        if response.length and len(body) <= RESPONSE_BYTES:
            raise http.client.IncompleteRead(body, response.length)
    except TimeoutError:
        raise WorkflowError.tagged("TimeoutError", f"timeout after {request.timeout} seconds") from None
    except (OSError, http.client.HTTPException) as problem:
        raise WorkflowError.tagged("ConnectionError", f"connection broken: {problem!r}") from None
    if len(body) > RESPONSE_BYTES:
        raise ResourceLimit(f"a response of more than {RESPONSE_BYTES} bytes")
    return Answer(response.status, dict(response.getheaders()), body)


def request_of(method: str, arguments: Mapping[str, Value], token: Callable[[str, str], str]) -> Request:
    """The request that the arguments of a call describe."""
    url = arguments.get("url")
    if not isinstance(url, str):
        raise type_error("url is a text")
    if urlsplit(url).scheme not in ("http", "https"):
        raise value_error(f"no address: {url}")
    timeout = seconds_of(arguments.get("timeout"), HTTP_SECONDS, HTTP_SECONDS_AT_MOST, "timeout")
    headers = text_map(arguments.get("headers"), "headers")
    body, kind = encoded(arguments.get("body"), headers)
    sent = {"User-Agent": AGENT, **({"Content-Type": kind} if kind else {}), **headers}
    if arguments.get("auth") is not None:
        sent["Authorization"] = f"Bearer {authorization(arguments['auth'], url, token)}"
    return Request(method, url + query_of(arguments.get("query"), url), sent, body, timeout)


def encoded(body: Value, headers: Mapping[str, str]) -> tuple[bytes, str | None]:
    """A body and its content type, when the headers do not name one."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    if body is None:
        return b"", None
    if kind is None:
        if isinstance(body, bytes):
            return body, "application/octet-stream"
        return written(body).encode(), "application/json; charset=utf-8"
    if isinstance(body, bytes):
        return body, None
    if kind.startswith("application/json"):
        return written(body).encode(), None
    if kind.startswith("application/x-www-form-urlencoded") and isinstance(body, dict):
        return urlencode(body).encode(), None
    raise Undocumented(f"a body of {type_name(body)} with the content type {kind}")


def authorization(auth: Value, url: str, token: Callable[[str, str], str]) -> str:
    """The token of a request (docs/authenticate-from-workflow): OIDC for functions, OAuth2 for Google's APIs."""
    if not isinstance(auth, dict) or auth.get("type") not in ("OIDC", "OAuth2"):
        raise value_error("auth is a map with a type of OIDC or OAuth2")
    if unknown := set(auth) - {"type", "audience", "scope", "scopes"}:
        raise Undocumented(f"auth with {sorted(unknown)}")
    host = urlsplit(url).hostname or ""
    if auth["type"] == "OIDC":
        audience = auth.get("audience", url)
        if not isinstance(audience, str) or not audience.startswith("http"):
            raise value_error(f"the audience {audience!r} is no address")
        if host.endswith(".googleapis.com"):
            raise Undocumented("OIDC for an API of Google")
        if urlsplit(audience).hostname != host:
            raise Undocumented(f"the audience {audience} for {url}")
        return token("OIDC", audience)
    if "audience" in auth:
        raise Undocumented("OAuth2 with an audience")
    if not host.endswith(".googleapis.com") and host not in LOCAL:
        raise Undocumented(f"OAuth2 for {url}, which is no API of Google")
    return token("OAuth2", str(auth.get("scopes", auth.get("scope", CLOUD_PLATFORM))))


def text_map(value: Value, what: str) -> dict[str, str]:
    """A map of texts."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise type_error(f"{what} is a map of texts")
    return dict(value)


def query_of(value: Value, url: str) -> str:
    """The query that is added to an address."""
    if value is None:
        return ""
    if not isinstance(value, dict) or not all(isinstance(one, str | int | list) for one in value.values()):
        raise type_error("query is a map of texts, integers or lists")
    if any(isinstance(one, bool) for one in value.values()):
        raise Undocumented("how a boolean is written in a query")
    return ("&" if urlsplit(url).query else "?") + urlencode(value, doseq=True)


def response_of(answer: Answer) -> Value:
    """The map that a step gets.

    Raises:
        WorkflowError: HttpError, for statuses from 400.
    """
    headers = {name.title(): value for name, value in answer.headers.items()}
    found = {"code": answer.code, "headers": headers, "body": parsed(answer.body, headers.get("Content-Type", ""))}
    if answer.code >= 400:
        message = f"HTTP server responded with error code {answer.code}"
        raise WorkflowError({"tags": ["HttpError"], "message": message, **found})
    if not 200 <= answer.code < 300:
        raise Undocumented(f"an HTTP status of {answer.code}")
    return found


def parsed(body: bytes, kind: str) -> Value:
    """A body as the built-in parser gives it (http-requests page): JSON, text, else bytes."""
    if kind.startswith("application/json"):
        try:
            return read(body)
        except ValueError as problem:
            raise Undocumented(f"a body that calls itself JSON and is none: {problem}") from None
    if kind.startswith("text/"):
        return body.decode()
    return body
