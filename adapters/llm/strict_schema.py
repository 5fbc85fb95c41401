"""The strict subset of JSON Schema that OpenAI-compatible servers decode against."""

from __future__ import annotations

from skyloom.adapters.llm.base import Json

_DROPPED = ("default", "discriminator", "examples")
"""Keywords that carry no constraint and that the strict subset refuses."""

_BEYOND = (
    "allOf",
    "not",
    "if",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "uniqueItems",
    "dependentRequired",
)
"""Keywords that the strict subset does not know (developers.openai.com/api/docs/guides/structured-outputs)."""


def strict_schema(schema: dict[str, Json]) -> dict[str, Json] | None:
    """`schema` in the strict subset: every object closed and all its properties required, unions as `anyOf`.

    Every answer that fits the result fits `schema`. None when the subset cannot say it: objects with free keys,
    tuples, unique items.
    """
    try:
        result = _strict(schema)
    except _NotStrict:
        return None
    return result if isinstance(result, dict) else None


class _NotStrict(Exception):
    """The schema uses what the strict subset lacks."""


def _strict(schema: Json) -> Json:
    if not isinstance(schema, dict) or not schema or any(keyword in schema for keyword in _BEYOND):
        raise _NotStrict
    result = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "$ref" in result:
        return _strict_reference(result)
    if "oneOf" in result:
        result["anyOf"] = result.pop("oneOf")
    if "anyOf" in result:
        result["anyOf"] = [_strict(option) for option in result["anyOf"]]
    for table in ("$defs", "properties"):
        if table in result:
            result[table] = {name: _strict(inner) for name, inner in result[table].items()}
    if "items" in result:
        result["items"] = _strict(result["items"])
    if result.get("type") == "object":
        if not result.get("properties") or result.get("additionalProperties"):
            raise _NotStrict
        result["required"] = list(result["properties"])
        result["additionalProperties"] = False
    return result


def _strict_reference(schema: dict[str, Json]) -> dict[str, Json]:
    """A reference has to stand alone; what was written beside it moves to an `anyOf` of one."""
    reference = {"$ref": schema["$ref"]}
    beside = {key: value for key, value in schema.items() if key in ("description", "title")}
    return {"anyOf": [reference], **beside} if beside else reference
