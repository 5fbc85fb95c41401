"""What Converse is sent: the forms in which JSON is asked for, and which model takes which."""

from __future__ import annotations

import json
from typing import Literal

from skyloom.adapters.llm.base import CompletionRequest, Json, Message
from skyloom.adapters.llm.strict_schema import strict_schema

Form = Literal["schema", "tool", "text"]
"""How JSON is asked for: by a schema that the service enforces; as the input of a tool that the model is forced to use;
or plainly, with the schema in words."""

FORMS: tuple[Form, ...] = ("schema", "tool", "text")

FIRST_FORMS: tuple[tuple[str, Form], ...] = (
    ("amazon.", "tool"),
    ("anthropic.claude-3", "tool"),
    ("cohere.", "text"),
    ("meta.", "text"),
)
"""By the beginning of a model's id, the best form it is known to take (November 2026). Others are asked in the best
form there is; a model that refuses a form is asked in the next one, and not in the first again."""

PROFILES = ("us", "us-gov", "eu", "apac", "au", "ca", "jp", "global")
"""How the ids of inference profiles begin, before the id of the model."""

_TOOL = "answer"


def first_form(model: str) -> Form:
    """The best form that a model is known to take. Its id may be that of a profile, or an ARN."""
    family = model.rpartition("/")[2]
    first, _, rest = family.partition(".")
    if first in PROFILES:
        family = rest
    return next((form for start, form in FIRST_FORMS if family.startswith(start)), FORMS[0])


def body_of(request: CompletionRequest, form: Form) -> dict[str, Json]:
    """The arguments of `converse`."""
    system = [message.content for message in request.messages if message.role == "system" and message.content.strip()]
    schema = request.output_schema
    if schema is not None and form == "text":
        system.append(_in_words(schema))
    body: dict[str, Json] = {
        "modelId": request.model,
        "messages": [_turn(message) for message in request.messages if message.role != "system"],
    }
    if system:
        body["system"] = [{"text": "\n\n".join(system)}]
    settings = {"temperature": request.temperature, "maxTokens": request.max_tokens}
    given = {name: value for name, value in settings.items() if value is not None}
    if given:
        body["inferenceConfig"] = given
    if schema is not None and form == "schema":
        strict = json.dumps(strict_schema(schema), ensure_ascii=False)
        structure = {"jsonSchema": {"name": _TOOL, "schema": strict}}
        body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    if schema is not None and form == "tool":
        spec = {"name": _TOOL, "description": "Gives the answer.", "inputSchema": {"json": schema}}
        body["toolConfig"] = {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": _TOOL}}}
    return body


def _turn(message: Message) -> Json:
    # Blank texts are refused; an answer that was sent back may be one.
    return {"role": message.role, "content": [{"text": message.content if message.content.strip() else "(nothing)"}]}


def _in_words(schema: dict[str, Json]) -> str:
    return (
        "Answer with nothing but JSON that fits this JSON Schema, without code fences:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )
