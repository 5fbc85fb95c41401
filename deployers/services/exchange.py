"""HTTP requests and responses, as the services see them."""

from __future__ import annotations

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
