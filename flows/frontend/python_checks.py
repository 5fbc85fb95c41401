"""What only Python can check, or change, of values that come from outside: everything that no JSON Schema says.

The services that start runs in a cloud know a flow's input by its JSON Schema, and carry no code of the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from skyloom.flows.records import PURE_FACTORIES

_FUNCTIONS = ("function-before", "function-after", "function-wrap", "function-plain", "is-instance", "callable")
_CHANGES = ("strip_whitespace", "to_lower", "to_upper")
_SETTINGS = ("str_strip_whitespace", "str_to_lower", "str_to_upper")
_NAMES = ("populate_by_name", "validate_by_name")


def python_check(annotation: Any) -> str | None:
    """What of the values of an annotation only Python can check or change; None where there is nothing."""
    from skyloom.flows.converters import converter_for
    from skyloom.flows.mismatch import NotOfType
    from skyloom.flows.plain_types import plain_converter

    if plain_converter(annotation) is not None:
        return None
    try:
        schema = converter_for(annotation).core_schema
    except NotOfType:
        # An annotation without a JSON form is reported for itself.
        return None
    return next(_found(schema, "the value"), None)


def _found(node: Any, of: str) -> Iterator[str]:
    if isinstance(node, list | tuple):
        for item in node:
            yield from _found(item, of)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type") if isinstance(node.get("type"), str) else None
    if kind in ("model", "dataclass"):
        of = f"`{node['cls'].__name__}`"
    yield from _own(node, kind, of)
    for key, inner in node.items():
        if kind is None or key not in ("metadata", "default", "config", "serialization", "expected", "cls", "function"):
            yield from _found(inner, of)


def _own(node: dict[str, Any], kind: str | None, of: str) -> Iterator[str]:
    match kind:
        case "default":
            factory = node.get("default_factory")
            if factory is not None and factory not in PURE_FACTORIES:
                yield f"{of} has a default that a function makes"
        case "str":
            yield from (f"{of} changes texts ({name})" for name in _CHANGES if node.get(name))
        case "model" | "dataclass":
            if node.get("post_init") or node.get("custom_init"):
                yield f"{of} has its own code for making one"
            config = node.get("config") or {}
            yield from (f"{of} changes texts ({name})" for name in _SETTINGS if config.get(name))
            if any(config.get(name) for name in _NAMES) and _has_alias(node):
                yield f"{of} takes fields under two names"
        case _ if kind in _FUNCTIONS:
            function = node.get("function", {})
            named = getattr(function.get("function") if isinstance(function, dict) else function, "__name__", "")
            yield f"{of} has the validator `{named}`" if named else f"{of} has a validator"


def _has_alias(node: dict[str, Any]) -> bool:
    fields = node.get("schema", {}).get("fields", {})
    each = fields.values() if isinstance(fields, dict) else fields
    return any("validation_alias" in field for field in each)
