"""Requests and responses in the form of the Functions Framework, which are those of Flask; and pushed messages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.services.exchange import Request, Response

Json = Any
Answer = tuple[str, int, dict[str, str]]
"""Body, status, headers: what the framework takes from a function."""


class NoRoute(LookupError):
    """No route of the function is of that method and path."""


def request_of(incoming: Any, routes: Iterable[str]) -> Request:
    """The request that came in. API Gateway sends the path on as it was asked.

    Args:
        routes: `GET /tickets/{run}`.

    Raises:
        NoRoute: it is none of the routes.
    """
    for route in routes:
        method, _, path = route.partition(" ")
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        found = re.fullmatch(pattern, incoming.path)
        if found is not None and incoming.method == method:
            return Request(
                route=route,
                method=method,
                path=incoming.path,
                parameters=found.groupdict(),
                query=incoming.args.to_dict(),
                headers={name.lower(): value for name, value in incoming.headers.items()},
                body=incoming.get_data(),
            )
    raise NoRoute(f"{incoming.method} {incoming.path}")


def answer_of(response: Response) -> Answer:
    """What the function returns."""
    return response.body, response.status, dict(response.headers)


def json_answer(value: Json, status: int = 200) -> Answer:
    """JSON, for callers that are programs."""
    return json.dumps(value, ensure_ascii=False), status, {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a subscription pushes. https://cloud.google.com/pubsub/docs/push"""

    id: str
    data: bytes
    attributes: Mapping[str, str]


def message_of(incoming: Any) -> Message:
    """The message in a request."""
    pushed = json.loads(incoming.get_data())["message"]
    return Message(pushed["messageId"], base64.b64decode(pushed.get("data") or ""), pushed.get("attributes") or {})
