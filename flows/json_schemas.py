"""JSON Schemas as pydantic writes them, with bytes and defaults in Skyloom's canonical JSON."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from skyloom.flows.records import PURE_FACTORIES


class CanonicalSchema(GenerateJsonSchema):
    """Writes schemas (JSON Schema 2020-12)."""

    def bytes_schema(self, schema: Any) -> dict[str, Any]:
        """Bytes are base64, not UTF-8."""
        return {"type": "string", "contentEncoding": "base64"}

    def default_schema(self, schema: Any) -> dict[str, Any]:
        """Also an empty list that a factory makes is a default."""
        if schema.get("default_factory") in PURE_FACTORIES:
            schema = {**schema, "default": schema["default_factory"]()}
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        """Bytes and moments as they cross a step."""
        from skyloom.flows.values import by_class

        return by_class(dft)
