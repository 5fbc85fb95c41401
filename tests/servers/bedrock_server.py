"""A server on this machine that speaks Amazon Bedrock's Converse over REST and does what a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from servers.model_server import ModelServer, Response, instance

Json = Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; `model` is the model's id or the ARN of a profile, `body` without it."""

    model: str
    headers: dict[str, str]
    body: dict[str, Json]

    @property
    def schema(self) -> dict[str, Json] | None:
        """The JSON Schema that the answer has to fit, if the request names one, in whichever way."""
        output = self.body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
        if output is not None:
            found: dict[str, Json] = json.loads(output["schema"])
            return found
        tool = self.tool
        return None if tool is None else tool["inputSchema"]["json"]

    @property
    def tool(self) -> dict[str, Json] | None:
        """The tool that the answer is forced to use, if there is one."""
        config = self.body.get("toolConfig", {})
        forced = config.get("toolChoice", {}).get("tool", {}).get("name")
        specs = [tool["toolSpec"] for tool in config.get("tools", ())]
        return next((spec for spec in specs if spec["name"] == forced), None)

    @property
    def system(self) -> str:
        """The system text."""
        return "\n\n".join(block["text"] for block in self.body.get("system", ()))

    @property
    def texts(self) -> list[str]:
        """The texts of the messages."""
        return ["".join(block.get("text", "") for block in message["content"]) for message in self.body["messages"]]


Behaviour = Callable[[Request], Response]


def valid(request: Request) -> Response:
    """An answer that fits the request's schema; without one, a text that names the end of the question."""
    schema = request.schema
    if schema is None:
        return answer(f"Answer to: {request.texts[-1].splitlines()[-1]}")(request)
    return typed(instance(schema, schema))(request)


def typed(value: Json) -> Behaviour:
    """This JSON value, in the form that the request asks for: the input of the forced tool, or text."""

    def respond(request: Request) -> Response:
        if request.tool is None:
            return answer(json.dumps(value))(request)
        use = {"toolUseId": "tooluse_1", "name": request.tool["name"], "input": value}
        return completion([{"toolUse": use}], stop="tool_use")

    return respond


def answer(text: str, *, stop: str = "end_turn", after: float = 0.0) -> Behaviour:
    """An answer with this text."""
    return lambda request: completion([{"text": text}], stop=stop, after=after)


def completion(content: list[Json], *, stop: str = "end_turn", after: float = 0.0) -> Response:
    """An answer with these content blocks."""
    body = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop,
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        "metrics": {"latencyMs": 5},
    }
    return Response(body, after=after)


def failure(status: int, error: str, message: str) -> Behaviour:
    """An error as Bedrock words it: `ThrottlingException` comes with 429, `ValidationException` with 400, ..."""
    return lambda request: Response({"message": message}, status, {"x-amzn-errortype": error})


def refusing(*fields: str, then: Behaviour = valid) -> Behaviour:
    """A model that does not know these fields: `outputConfig`, `toolConfig`, `toolConfig.toolChoice.tool`."""

    def respond(request: Request) -> Response:
        for name in fields:
            node: Json = request.body
            for part in name.split("."):
                node = node.get(part) if isinstance(node, dict) else None
            if node is not None:
                message = f"This model doesn't support the {name} field. Remove {name} and try again."
                return failure(400, "ValidationException", message)(request)
        return then(request)

    return respond


class BedrockServer(ModelServer[Request]):
    """A model server; `url` is the endpoint for a client (`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`)."""

    def __init__(self, *script: Behaviour, then: Behaviour = valid) -> None:
        super().__init__(script, then)

    @property
    def url(self) -> str:
        """The endpoint."""
        return self.address

    def read(self, target: str, headers: dict[str, str], body: dict[str, Json]) -> Request | Response:
        _, _, rest = target.partition("/model/")
        model, _, operation = rest.rpartition("/")
        request = Request(unquote(model), headers, body)
        if operation == "converse" and model:
            return request
        return failure(404, "UnknownOperationException", f"no such path: {target}")(request)
