"""API Gateway: routes of an OpenAPI document to functions, tokens checked on the way.

Known: paths with parameters, `x-google-backend` (address, path_translation, jwt_audience, deadline), security
definitions with `x-google-issuer` and `x-google-audiences`. Not here: quotas, API keys, signatures of tokens (their
claims count), CORS. https://cloud.google.com/api-gateway/docs/openapi-overview
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml
from engines.gcp_account.front import Answer, ApiError, Caller, Front, Request

_METHODS = ("get", "post", "put", "delete", "patch", "head", "options")
_DROPPED = ("host", "connection", "content-length", "authorization")


@dataclass(frozen=True, slots=True)
class Operation:
    """A route: where it goes, and which security definitions a caller may fulfil, empty for everybody."""

    method: str
    path: re.Pattern[str]
    backend: Mapping[str, Any]
    security: tuple[Mapping[str, Any], ...]


class Gateways:
    """The gateways of the project, by id, each with a port of its own."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.configs: dict[str, tuple[Operation, ...]] = {}
        self.accounts: dict[str, str] = {}
        """The service account of each configuration, which calls functions."""
        self._gateways: dict[str, str] = {}

    @property
    def used(self) -> set[str]:
        """The configurations that gateways have."""
        return {*self._gateways.values()}

    def address(self, gateway: str) -> str:
        return self._front.listen(f"gateway {gateway}", lambda request: self._serve(gateway, request), tls=True)

    def open(self, gateway: str, config: str) -> str:
        """Opens a gateway with a configuration: its address."""
        if config not in self.configs:
            raise ApiError(400, f"there is no configuration {config}")
        self._gateways[gateway] = config
        return self.address(gateway)

    def shut(self, gateway: str) -> None:
        self._gateways.pop(gateway, None)
        self._front.silence(f"gateway {gateway}")

    def close(self) -> None:
        for gateway in [*self._gateways]:
            self.shut(gateway)
        self.configs.clear()

    def _serve(self, gateway: str, request: Request) -> Answer:
        if gateway not in self._gateways:
            raise ApiError(404, "no such gateway")
        config = self._gateways[gateway]
        there, account = False, self.accounts.get(config, "")
        for operation in self.configs[config]:
            found = operation.path.fullmatch(request.path)
            there = there or found is not None
            if found is not None and operation.method == request.method:
                told = _checked(operation, request)
                return _forwarded(operation, request, found.groupdict(), account, told)
        if there:
            raise ApiError(
                405, "The current request is matched to the defined url template but its http method is not allowed"
            )
        raise ApiError(404, "The current request is not defined by this API.")


def operations(contents: str) -> tuple[Operation, ...]:
    """The routes of a document. Raises ApiError (400) where API Gateway would refuse it."""
    document = yaml.safe_load(contents)
    if str(document.get("swagger")) != "2.0":
        raise ApiError(400, "Cannot convert to service config: only OpenAPI 2.0 is known here")
    defined = document.get("securityDefinitions", {})
    found = []
    for path, item in document["paths"].items():
        for method, written in item.items():
            if method not in _METHODS:
                continue
            backend = written.get("x-google-backend") or document.get("x-google-backend")
            if backend is None or "operationId" not in written:
                raise ApiError(400, f"{method} {path}: operationId and x-google-backend are needed")
            asked = written.get("security", document.get("security", []))
            security = tuple(defined[name] for one in asked for name in one)
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            found.append(Operation(method.upper(), re.compile(pattern), backend, security))
    return tuple(found)


def _checked(operation: Operation, request: Request) -> Mapping[str, Any] | None:
    """The claims of the caller's token; None where everybody may call. Raises ApiError (401, 403)."""
    if not operation.security:
        return None
    token = request.headers.get("authorization", "").partition(" ")[2]
    try:
        body = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        raise ApiError(401, "Jwt is missing") from None
    if claims.get("exp", time.time() + 1) < time.time():
        raise ApiError(401, "Jwt is expired")
    for definition in operation.security:
        audiences = [one.strip() for one in definition.get("x-google-audiences", "").split(",") if one.strip()]
        if claims.get("iss") == definition["x-google-issuer"]:
            if audiences and claims.get("aud") not in audiences:
                raise ApiError(403, "Audiences in Jwt are not allowed")
            return claims
    raise ApiError(401, "Jwt issuer is not configured")


def _forwarded(
    operation: Operation,
    request: Request,
    parameters: Mapping[str, str],
    account: str,
    claims: Mapping[str, Any] | None,
) -> Answer:
    backend = operation.backend
    place = urlsplit(backend["address"])
    query = request.target.partition("?")[2]
    if (
        backend.get("path_translation", "CONSTANT_ADDRESS" if parameters or place.path else "")
        == "APPEND_PATH_TO_ADDRESS"
    ):
        path = place.path.rstrip("/") + request.path
    else:
        path = place.path or "/"
        query = "&".join(part for part in (urlencode(parameters), query) if part)
    headers = {name: value for name, value in request.headers.items() if name not in _DROPPED}
    audience = backend.get("jwt_audience", f"{place.scheme}://{place.netloc}")
    headers["Authorization"] = f"Bearer {Caller(account, audience).token}"
    if "authorization" in request.headers:
        headers["X-Forwarded-Authorization"] = request.headers["authorization"]
    if claims is not None:
        headers["X-Apigateway-Api-Userinfo"] = (
            base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        )
    headers["X-Forwarded-Host"] = urlsplit(request.base).netloc
    connection = http.client.HTTPConnection(place.netloc, timeout=float(backend.get("deadline", 15.0)))
    try:
        connection.request(request.method, f"{path}?{query}" if query else path, request.body, headers)
        response = connection.getresponse()
        body = response.read()
    except TimeoutError:
        raise ApiError(504, "upstream request timeout", "DEADLINE_EXCEEDED") from None
    except OSError as problem:
        raise ApiError(503, f"upstream connect error: {problem!r}") from None
    finally:
        connection.close()
    kept = {
        name: value for name, value in response.getheaders() if name.lower() not in ("content-length", "connection")
    }
    return Answer(response.status, body, kept)
