"""A server on this machine that speaks Vertex AI's `generateContent` and does what a test tells it to. It also gives
the tokens that are asked for with a key file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from servers.local import Reply
from servers.model_server import ModelServer, Response, instance

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


class VertexServer(ModelServer[Request]):
    """A model server; `url` is the endpoint for a client, `token_url` that of a key file's tokens."""

    def __init__(self, *script: Behaviour, then: Behaviour = valid) -> None:
        super().__init__(script, then)

    @property
    def url(self) -> str:
        """The endpoint."""
        return self.address

    @property
    def token_url(self) -> str:
        """Where tokens are."""
        return f"{self.url}/token"

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if target == "/token":
            token = {"access_token": TOKEN, "expires_in": 3000, "token_type": "Bearer"}
            return Reply(200, json.dumps(token).encode(), {"content-type": "application/json"})
        return super().reply(method, target, headers, body)

    def read(self, target: str, headers: dict[str, str], body: dict[str, Json]) -> Request | Response:
        path = _PATH.fullmatch(target.partition("?")[0])
        if path is None:
            return Response({"error": {"code": 404, "message": f"no such path: {target}"}}, 404)
        return Request(path[1], path[2], path[3], headers, body)
