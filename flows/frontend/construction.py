"""Which models a flow may construct, and change: those whose constructor only puts its arguments into fields."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from skyloom.flows.converters import converter_for
from skyloom.flows.frontend import fields

_CONFIG = {
    "str_strip_whitespace": "changes strings",
    "str_to_lower": "changes strings",
    "str_to_upper": "changes strings",
    "str_min_length": "checks its values",
    "str_max_length": "checks its values",
    "validate_default": "checks its values",
}
"""Settings of a pydantic model by which its constructor does more than keep the values; and what it does then."""

_INNER: dict[str, tuple[str, ...]] = {
    "nullable": ("schema",),
    "default": ("schema",),
    "list": ("items_schema",),
    "tuple": ("items_schema",),
    "dict": ("keys_schema", "values_schema"),
    "union": ("choices",),
    "tagged-union": ("choices",),
    "model-field": ("schema",),
    "model-fields": ("fields",),
    "dataclass-field": ("schema",),
    "dataclass-args": ("fields",),
    "typed-dict": ("fields",),
    "typed-dict-field": ("schema",),
}
"""Core schemas (docs.pydantic.dev, pydantic_core.core_schema) that hold others, and the keys under which they do."""

_LEAVES = frozenset(
    {"any", "none", "bool", "int", "float", "str", "bytes", "date", "time", "datetime", "literal", "enum"}
    | {"model", "dataclass"}
)
"""Core schemas that only look at the value's type. A model inside another is one: it has been constructed before."""

_CONSTRAINTS = frozenset(
    {"ge", "gt", "le", "lt", "multiple_of", "allow_inf_nan", "min_length", "max_length", "pattern"}
    | {"strip_whitespace", "to_lower", "to_upper", "now_op", "tz_constraint"}
)


def obstacle(cls: type) -> str | None:
    """Why constructing `cls` is more than putting data together; None where it is not."""
    if fields.is_model(cls):
        return _model_obstacle(cls)
    if dataclasses.is_dataclass(cls):
        return _dataclass_obstacle(cls)
    return None


def annotation_obstacle(annotation: Any) -> str | None:
    """What values of an annotation have to meet beyond their type (`is constrained (max_length)`), models apart: these
    have met it when they were made. None where there is nothing."""
    if annotation is Any or inspect.isclass(annotation):
        return None
    schema, definitions = _opened(converter_for(annotation).core_schema)
    return _field_obstacle(schema, definitions)


def assignment_obstacle(cls: type) -> str | None:
    """Why a field of a `cls` may not be assigned; None where it may."""
    if fields.is_model(cls):
        config: dict[str, Any] = cls.model_config  # type: ignore[attr-defined]
        if config.get("frozen") or any(field.frozen for field in cls.model_fields.values()):  # type: ignore[attr-defined]
            return "it is frozen"
        if config.get("validate_assignment"):
            return "it checks what is assigned (validate_assignment)"
        return "it has its own `__setattr__`" if _own(cls, "__setattr__", "pydantic") else None
    if dataclasses.is_dataclass(cls):
        if cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            return "it is frozen"
        return "it has its own `__setattr__`" if cls.__setattr__ is not object.__setattr__ else None
    return None


def _model_obstacle(cls: Any) -> str | None:
    for name in ("__init__", "__new__", "model_post_init"):
        if _own(cls, name, "pydantic") and not (name == "model_post_init" and cls.__private_attributes__):
            return f"it has its own `{name}`"
    if cls.__private_attributes__:
        return f"it has the private attribute `{next(iter(cls.__private_attributes__))}`"
    for setting, what in _CONFIG.items():
        if cls.model_config.get(setting):
            return f"it {what} ({setting})"
    if cls.model_config.get("revalidate_instances", "never") != "never":
        return "it checks the models inside it again (revalidate_instances)"
    found = cls.__pydantic_decorators__
    for name in (*found.model_validators, *found.field_validators, *found.root_validators, *found.validators):
        return f"it has the validator `{name}`"
    return _schema_obstacle(cls.__pydantic_core_schema__, cls)


def _dataclass_obstacle(cls: Any) -> str | None:
    for name in ("__post_init__", "__new__"):
        if _own(cls, name, "builtins"):
            return f"it has its own `{name}`"
    schema = cls.__dict__.get("__pydantic_core_schema__")
    if schema is not None:
        return _schema_obstacle(schema, cls)
    if getattr(cls.__init__, "__code__", None) is None or cls.__init__.__code__.co_filename != "<string>":
        return "it has its own `__init__`"
    declared = {field.name: field for field in dataclasses.fields(cls)}
    for name in inspect.signature(cls).parameters:
        if name not in declared:
            return f"`{name}` is an InitVar"
    for name, field in declared.items():
        if not field.init:
            return f"its constructor does not take the field `{name}`"
        if field.default_factory not in (*fields.PURE_FACTORIES, dataclasses.MISSING):
            return f"the default of its field `{name}` is made by a function"
    return None


def _schema_obstacle(schema: Any, cls: type) -> str | None:
    schema, definitions = _opened(schema)
    if schema["type"] == "definition-ref":
        schema = definitions[schema["schema_ref"]]
    if schema["type"] not in ("model", "dataclass"):
        return "it has a validator"
    inner = schema["schema"]["fields"]
    named = inner.items() if isinstance(inner, dict) else [(field["name"], field) for field in inner]
    for name, field in named:
        problem = _field_obstacle(field, definitions)
        if problem is not None:
            return f"its field `{name}` {problem}"
    return None


def _opened(schema: Any) -> tuple[Any, dict[str, Any]]:
    """A core schema, and the definitions that it refers to."""
    if schema["type"] != "definitions":
        return schema, {}
    return schema["schema"], {definition["ref"]: definition for definition in schema["definitions"]}


def _field_obstacle(node: Any, definitions: dict[str, Any]) -> str | None:
    seen: set[str] = set()
    for inner in _walk(node, definitions, seen):
        kind = inner["type"]
        if kind == "default":
            factory = inner.get("default_factory")
            if factory is not None and factory not in fields.PURE_FACTORIES:
                return "has a default that is made by a function"
        if kind.startswith(("function-", "chain", "custom", "is-instance", "json-or-python", "lax-or-strict")):
            return "is checked by a function"
        if kind not in _LEAVES and kind not in _INNER:
            return f"is checked ({kind})"
        constraints = sorted(_CONSTRAINTS.intersection(inner))
        if constraints and kind not in ("model", "dataclass"):
            return f"is constrained ({constraints[0]})"
    return None


def _walk(node: Any, definitions: dict[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
    """The core schemas at and below `node`, without those inside other models."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _walk(item, definitions, seen)
    elif isinstance(node, dict) and node["type"] == "definition-ref":
        if node["schema_ref"] not in seen:
            seen.add(node["schema_ref"])
            yield from _walk(definitions.get(node["schema_ref"], {"type": "model"}), definitions, seen)
    elif isinstance(node, dict):
        yield node
        for key in _INNER.get(node["type"], ()):
            below = node.get(key, ())
            named = isinstance(below, dict) and key in ("fields", "choices")
            yield from _walk(list(below.values()) if named else below, definitions, seen)


def _own(cls: type, name: str, library: str) -> bool:
    """Whether `name` is defined by `cls` or a base class that is not the library's."""
    owner = next((base for base in cls.__mro__ if name in base.__dict__), object)
    return owner is not object and owner.__module__.partition(".")[0] != library
