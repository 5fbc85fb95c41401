"""What a Gemini model of Vertex AI is sent: the forms in which JSON is asked for, and the part of JSON Schema it knows.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output
"""

from __future__ import annotations

import json
from typing import Literal

from skyloom.adapters.llm.base import CompletionRequest, Json

Form = Literal["schema", "json", "text"]
"""How JSON is asked for: by a schema that the service enforces; as any JSON, with the schema in words; or plainly."""

FORMS: tuple[Form, ...] = ("schema", "json", "text")

KNOWN = frozenset(
    {
        *("$anchor", "$defs", "$id", "$ref", "additionalProperties", "anyOf", "description", "enum", "format", "items"),
        *("maxItems", "maximum", "minItems", "minimum", "oneOf", "prefixItems", "properties", "required", "title"),
        "type",
    }
)
"""The keywords of `responseJsonSchema` (GenerationConfig of the API's reference, November 2026)."""

_MAPS = ("$defs", "properties")
_LISTS = ("anyOf", "oneOf", "prefixItems")
_ONE = ("additionalProperties", "items")


def known_schema(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema with the keywords that the service knows. What it then allows too much, the check of the answer finds.

    A constant becomes the one value of an enumeration.
    """
    found: dict[str, Json] = {}
    for name, value in schema.items():
        if name == "const":
            found["enum"] = [value]
        elif name in _MAPS:
            found[name] = {key: _inner(item) for key, item in value.items()}
        elif name in _LISTS:
            found[name] = [_inner(item) for item in value]
        elif name in _ONE:
            found[name] = _inner(value)
        elif name in KNOWN:
            found[name] = value
    return found


def _inner(schema: Json) -> Json:
    return known_schema(schema) if isinstance(schema, dict) else schema


def config_of(request: CompletionRequest, form: Form) -> dict[str, Json]:
    """The settings of `generate_content`, as keywords of its `GenerateContentConfig`."""
    system = [message.content for message in request.messages if message.role == "system" and message.content.strip()]
    schema = request.output_schema
    config: dict[str, Json] = {"temperature": request.temperature, "max_output_tokens": request.max_tokens}
    if schema is not None and form != "text":
        config["response_mime_type"] = "application/json"
    if schema is not None and form == "schema":
        config["response_json_schema"] = known_schema(schema)
    if schema is not None and form != "schema":
        system.append(
            "Answer with nothing but JSON that fits this JSON Schema, without code fences:\n"
            f"{json.dumps(schema, ensure_ascii=False)}"
        )
    if system:
        config["system_instruction"] = "\n\n".join(system)
    return {name: value for name, value in config.items() if value is not None}


def contents_of(request: CompletionRequest) -> list[dict[str, Json]]:
    """The turns of the conversation: an assistant's are called `model`."""
    turns = (message for message in request.messages if message.role != "system")
    return [
        {"role": "model" if turn.role == "assistant" else "user", "parts": [{"text": turn.content or "(nothing)"}]}
        for turn in turns
    ]
