"""What the servers of models share: answers by a script, the requests as they came, and values that fit a schema."""

from __future__ import annotations

import json
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from servers.local import LocalServer, Reply

Json = Any
Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Response:
    """What the server sends back, `after` some seconds: JSON, or bytes as they are."""

    body: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


class ModelServer(LocalServer, Generic[Asked]):
    """Answers every request by the next behaviour of its script, and by `then` when that is used up.

    Use it as a context manager; `requests` is what came in. `script` and `then` may be replaced while it runs.
    """

    def __init__(self, script: Iterable[Callable[[Asked], Response]], then: Callable[[Asked], Response]) -> None:
        super().__init__()
        self.requests: list[Asked] = []
        self.script = list(script)
        self.then = then
        self._lock = threading.Lock()

    @abstractmethod
    def read(self, target: str, headers: dict[str, str], body: dict[str, Json]) -> Asked | Response:
        """A request as its API has it, or what a request that its API does not know gets."""

    def respond(self, request: Asked) -> Response:
        """Notes a request and decides what it gets."""
        with self._lock:
            self.requests.append(request)
            behaviour = self.script.pop(0) if self.script else self.then
        return behaviour(request)

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if method != "POST":
            return Reply(501)
        read = self.read(target, headers, json.loads(body))
        response = read if isinstance(read, Response) else self.respond(read)
        time.sleep(response.after)
        content = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
        return Reply(response.status, content, {"content-type": "application/json", **response.headers})


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
