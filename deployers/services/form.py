"""The form of an approval: fields from a JSON Schema, and what a person typed back to JSON.

A field of plain values has an input of its own kind; whatever is nested is typed as JSON. An empty input means null
where the type has it, and else that nothing was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from skyloom.deployers.services import strict_json
from skyloom.deployers.services.keywords import Schema
from skyloom.deployers.services.schema import Misfit, fitted, resolved

Json = Any
Kind = Literal["text", "number", "boolean", "choice", "json"]

MISSING: Any = object()
"""The default of a field that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form. `name` is its JSON key; `choices` are the values of a choice; `default` is `MISSING` where
    there is none; `limits` are attributes of a text's input, `bounds` what else a value must be, in words."""

    name: str
    label: str
    kind: Kind
    required: bool
    description: str = ""
    choices: tuple[Json, ...] = ()
    nullable: bool = False
    default: Json = MISSING
    whole: bool = False
    limits: tuple[tuple[str, str], ...] = ()
    bounds: tuple[str, ...] = ()
    format: str = ""


def fields(schema: Schema) -> tuple[Field, ...]:
    """The fields of a form, in the order of the model."""
    form = resolved(schema, schema)
    required = form.get("required", ())
    return tuple(_field(name, inner, name in required, schema) for name, inner in form.get("properties", {}).items())


def read(schema: Schema, typed: Mapping[str, str]) -> Json:
    """The filled-in form, in canonical form.

    Args:
        typed: what stands in the inputs, by field name.

    Raises:
        Misfit: it is not of the schema. Paths are field names, or begin with one.
    """
    answer: dict[str, Json] = {}
    problems: list[tuple[str, str]] = []
    for field in fields(schema):
        try:
            value = _value(field, typed[field.name]) if field.name in typed else MISSING
        except Misfit as problem:
            problems += problem.problems
            continue
        if value is not MISSING:
            answer[field.name] = value
    unread = {name for name, _ in problems}
    try:
        answer = fitted(answer, schema)
    except Misfit as problem:
        problems += [found for found in problem.problems if found[0] not in unread]
    if problems:
        raise Misfit(problems)
    return answer


def by_field(schema: Schema, problems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The problems by the name of the field in which they are; "" for the form as a whole."""
    names = sorted((field.name for field in fields(schema)), key=len, reverse=True)
    found: dict[str, str] = {}
    for path, message in problems:
        name = next((name for name in names if path == name or path.startswith((f"{name}.", f"{name}["))), "")
        text = f"{path[len(name) :].lstrip('.')} {message}".strip()
        found[name] = f"{found[name]}; {text}" if name in found else text
    return found


def shown(field: Field, value: Json) -> str:
    """A value as it stands in the field's input."""
    if value is MISSING or value is None:
        return ""
    if field.kind == "choice":
        return next((str(index) for index, choice in enumerate(field.choices) if choice == value), "")
    if isinstance(value, bool) and field.kind == "boolean":
        return "yes" if value else "no"
    if field.kind == "json":
        return json.dumps(value, ensure_ascii=False, indent=2)
    return str(value)


# --- a field --------------------------------------------------------------------------------------------------------


def _field(name: str, schema: Schema, required: bool, root: Schema) -> Field:
    outer = resolved(schema, root)
    inner, nullable = _without_null(outer, root)
    kind = _kind(inner)
    return Field(
        name=name,
        label=str(outer.get("title") or inner.get("title") or name),
        kind=kind,
        required=required,
        description=str(outer.get("description") or inner.get("description") or ""),
        choices=tuple([inner["const"]] if "const" in inner else inner.get("enum", ())) if kind == "choice" else (),
        nullable=nullable,
        default=outer.get("default", MISSING),
        whole=inner.get("type") == "integer",
        limits=_limits(inner),
        bounds=tuple(words.format(inner[keyword]) for keyword, words in _BOUNDS.items() if keyword in inner),
        format=str(inner.get("format", "")),
    )


def _without_null(schema: Schema, root: Schema) -> tuple[Schema, bool]:
    """The one alternative that is not null, and whether null is one."""
    alternatives = [resolved(inner, root) for inner in schema.get("anyOf") or schema.get("oneOf") or ()]
    valued = [inner for inner in alternatives if inner.get("type") != "null"]
    if len(valued) == 1:
        return valued[0], len(alternatives) > 1
    return schema, schema.get("type") == "null" or len(valued) < len(alternatives)


def _kind(schema: Schema) -> Kind:
    if "enum" in schema or "const" in schema:
        return "choice"
    match schema.get("type"):
        case "string":
            return "text"
        case "integer" | "number":
            return "number"
        case "boolean":
            return "boolean"
        case _:
            return "json"


_LIMITS = {"minLength": "minlength", "maxLength": "maxlength"}


_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching {}",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
}


def _limits(schema: Schema) -> tuple[tuple[str, str], ...]:
    return tuple((attribute, str(schema[keyword])) for keyword, attribute in _LIMITS.items() if keyword in schema)


# --- what was typed -------------------------------------------------------------------------------------------------


def _value(field: Field, text: str) -> Json:
    if not text.strip():
        return _nothing(field)
    match field.kind:
        case "text":
            return text
        case "choice":
            chosen = {str(index): choice for index, choice in enumerate(field.choices)}
            if text not in chosen:
                raise Misfit([(field.name, "must be one of the choices")])
            return chosen[text]
        case "boolean":
            if text not in ("yes", "no"):
                raise Misfit([(field.name, "must be yes or no")])
            return text == "yes"
        case "number":
            return _number(field, text)
        case "json":
            return _json(field, text, "must be JSON")


def _nothing(field: Field) -> Json:
    if field.nullable:
        return None
    # A text that was there and has been taken away is an empty text.
    return "" if field.kind == "text" and field.default is not MISSING else MISSING


def _number(field: Field, text: str) -> Json:
    wanted = "must be a whole number" if field.whole else "must be a number"
    value = _json(field, text.strip().removeprefix("+"), wanted)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit([(field.name, wanted)])
    return value


def _json(field: Field, text: str, wanted: str) -> Json:
    try:
        return strict_json.loads(text)
    except ValueError:
        raise Misfit([(field.name, wanted)]) from None
