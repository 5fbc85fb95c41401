"""JSON Schemas of a flow's types, for values that come from outside: payloads of events, filled-in forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from skyloom.flows.expr import types as t
from skyloom.flows.ir.program import ModelDefinition

Json = Any
Models = Mapping[str, ModelDefinition]

_FORMATS = {"datetime": "date-time", "date": "date", "time": "time"}


def schema_of(of: t.Type, models: Models) -> dict[str, Json]:
    """The JSON Schema of the values that are of a type. Models stand in `$defs`; their defaults are `default`s."""
    writer = _Writer(models)
    schema = writer.schema(of)
    if writer.definitions:
        schema["$defs"] = {name: writer.definitions[name] for name in sorted(writer.definitions)}
    return schema


class _Writer:
    def __init__(self, models: Models) -> None:
        self._models = models
        self.definitions: dict[str, Json] = {}

    def schema(self, of: t.Type) -> dict[str, Json]:
        match of:
            case t.NullType():
                return {"type": "null"}
            case t.BoolType():
                return {"type": "boolean"}
            case t.IntType():
                return {"type": "integer"}
            case t.FloatType():
                return {"type": "number"}
            case t.StrType():
                return {"type": "string"}
            case t.BytesType():
                return {"type": "string", "contentEncoding": "base64"}
            case t.DateTimeType(what=what):
                return {"type": "string", "format": _FORMATS[what]}
            case t.LiteralType(values=values):
                return {"enum": list(values)}
            case t.EnumType(members=members):
                return {"enum": [value for _, value in members]}
            case t.ListType(item=item):
                return {"type": "array", "items": self.schema(item)}
            case t.TupleType(items=items):
                return self._tuple(items)
            case t.DictType(value=value):
                return {"type": "object", "additionalProperties": self.schema(value)}
            case t.ModelType(name=name):
                return self._model(name)
            case t.UnionType(members=alternatives):
                return {"anyOf": [self.schema(member) for member in alternatives]}
            case t.ErrorType():
                return {"type": "object", "required": ["type", "bases", "message"]}
            case t.AnyType():
                return {}
            case t.NeverType():
                return {"enum": []}
            case _:
                assert_never(of)

    def _tuple(self, items: tuple[t.Type, ...]) -> dict[str, Json]:
        length = len(items)
        bounds = {"minItems": length, "maxItems": length}
        return {"type": "array", **({"prefixItems": [*map(self.schema, items)]} if items else {}), **bounds}

    def _model(self, name: str) -> dict[str, Json]:
        if name not in self.definitions:
            model = self._models[name]
            schema: dict[str, Json] = {"type": "object", "title": name}
            if model.description:
                schema["description"] = model.description
            self.definitions[name] = schema
            schema["properties"] = {field.name: self._property(model, field.name) for field in model.fields}
            schema["required"] = [field.name for field in model.fields if field.required]
        return {"$ref": f"#/$defs/{name}"}

    def _property(self, model: ModelDefinition, name: str) -> dict[str, Json]:
        field = next(field for field in model.fields if field.name == name)
        schema = self.schema(field.type)
        if not field.required and model.flavour != "typeddict":
            schema["default"] = field.default
        return schema
