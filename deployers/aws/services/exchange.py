"""Requests and responses of an HTTP API (payload format 2.0), as the services see them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `route` is the route's key (`POST /tickets`), `path` the path as sent, without the stage; header names
    are lower case; `caller` is who sent it, where the API has checked that."""

    route: str
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, event: Mapping[str, Json]) -> Request:
        """The request in an invocation of a function."""
        text = event.get("body") or ""
        http, stage = event["requestContext"]["http"], event["requestContext"].get("stage", "$default")
        return cls(
            route=event["routeKey"],
            method=http["method"],
            path=event["rawPath"] if stage == "$default" else event["rawPath"].removeprefix(f"/{stage}"),
            parameters=event.get("pathParameters") or {},
            query=event.get("queryStringParameters") or {},
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(),
        )

    @property
    def media_type(self) -> str:
        """The kind of the body: `application/json`; empty where the request does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Response:
    """A response."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, value: Json, headers: Mapping[str, str] | None = None) -> Response:
        """A JSON document, never kept by caches."""
        own = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return cls(status, json.dumps(value, ensure_ascii=False), own | dict(headers or {}))

    def to_event(self) -> dict[str, Json]:
        """What the function returns."""
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": self.body,
            "isBase64Encoded": False,
        }
