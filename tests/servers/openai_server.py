"""A server on this machine that speaks OpenAI's chat completions and does what a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from servers.model_server import ModelServer, Response, instance

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


class OpenAIServer(ModelServer[Request]):
    """A model server; `url` is the base URL for a client."""

    def __init__(self, *script: Behaviour, then: Behaviour = valid) -> None:
        super().__init__(script, then)

    @property
    def url(self) -> str:
        """The base URL, up to and with `/v1`."""
        return f"{self.address}/v1"

    def read(self, target: str, headers: dict[str, str], body: dict[str, Json]) -> Request | Response:
        request = Request(target, headers, body)
        if target not in ("/v1/chat/completions", "/openai/v1/chat/completions"):
            return failure(404, f"no such path: {target}")(request)
        return request
