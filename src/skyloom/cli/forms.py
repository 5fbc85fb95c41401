"""Fills in a form on the terminal, field by field, from its JSON Schema; and when it may be left out."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer

from skyloom.cli.output import clean, say
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

_NO_VALUE = object()


def form_to_approve_with(schema: Json, given: Json, *, without: bool, approval: str) -> Json:
    """The form that an approval is given with, where none was given along: asked for on a terminal; None without one.

    Args:
        schema: that of the form; None where the approval has none.
        given: what `--form` says, None without it.
        without: `--without-form`.
        approval: its id, for the hint.

    Raises:
        UserError: SKY611, the form has fields that must be filled in, and nobody is there who could be asked; or the
            form is given and left out.
    """
    if without and given is not None:
        raise _refused("--form fills the form in, and --without-form leaves it out", "give one of them")
    if given is not None or not isinstance(schema, dict):
        return given
    if without:
        say("approved without its form: the flow's `decision.answer` is None", "yellow")
        return None
    if sys.stdin.isatty():
        return fill_in(schema)
    required = _resolved(schema, schema).get("required", [])
    if required:
        names = ", ".join(str(name) for name in required)
        shown = f"`skyloom approvals show {approval}` has it"
        hint = f"`--form JSON|@FILE|-` fills it in ({shown}); `--without-form` says yes without"
        raise _refused(f"this approval has a form to fill in: {names}", hint)
    say("this approval has a form, and is approved without it (--form fills it in)", "yellow")
    return None


def _refused(message: str, hint: str) -> UserError:
    return UserError(Diagnostic("SKY611", message, "command line", hint=hint))


def fill_in(schema: dict[str, Any]) -> Json:
    """Asks for every field of an object. What is asked for is checked as far as the schema's types go."""
    form = _resolved(schema, schema)
    required = form.get("required", [])
    filled: dict[str, Json] = {}
    for name, field in form.get("properties", {}).items():
        resolved = _resolved(field, schema)
        value = _asked(name, resolved, name in required, schema)
        if value is not _NO_VALUE:
            filled[name] = value
    return filled


def _asked(name: str, field: dict[str, Any], required: bool, schema: dict[str, Any]) -> Any:
    kinds = _kinds(field, schema)
    if field.get("description"):
        say(field["description"], "dim")
    default = "" if not required or "null" in kinds else None
    hint = _hint(field, kinds, schema) + ("" if required else ", may be left empty")
    while True:
        text: str = typer.prompt(f"{clean(name)} ({hint})", default=default, show_default=False, err=True)
        if not text.strip() and default is not None:
            return None if required else _NO_VALUE
        try:
            return _read(text, field, kinds, schema)
        except ValueError as problem:
            say(f"  {problem}", "yellow")


def _read(text: str, field: dict[str, Any], kinds: set[str], schema: dict[str, Any]) -> Json:
    """The value that a person typed. Raises ValueError, with what is wanted, where it is none."""
    choices = _choices(field, schema)
    if choices:
        for choice in choices:
            if text.strip() == str(choice):
                return choice
        raise ValueError(f"one of {', '.join(str(choice) for choice in choices)}")
    if "boolean" in kinds and text.strip().lower() in _BOOLEANS:
        return _BOOLEANS[text.strip().lower()]
    if kinds & {"integer", "number"}:
        number = _number(text, whole="number" not in kinds)
        if number is not None:
            return number
    if "string" in kinds:
        return text
    if kinds & {"object", "array"} or not kinds:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("that is not JSON") from None
    raise ValueError(f"please give: {_hint(field, kinds, schema)}")


def _number(text: str, *, whole: bool) -> float | None:
    try:
        value = json.loads(text, parse_constant=lambda name: None)
    except ValueError:
        return None
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return None
    return value


_BOOLEANS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


def _hint(field: dict[str, Any], kinds: set[str], schema: dict[str, Any]) -> str:
    choices = _choices(field, schema)
    if choices:
        return "/".join(str(choice) for choice in choices)
    names = {"boolean": "yes/no", "string": "text", "integer": "whole number", "object": "JSON", "array": "JSON list"}
    return " or ".join(names.get(kind, kind) for kind in sorted(kinds - {"null"})) or "JSON"


def _choices(field: dict[str, Any], schema: dict[str, Any]) -> list[Json]:
    if "const" in field:
        return [field["const"]]
    if "enum" in field:
        return list(field["enum"])
    below = [_resolved(option, schema) for option in field.get("anyOf", [])]
    valued = [option for option in below if option.get("type") != "null"]
    return _choices(valued[0], schema) if len(valued) == 1 else []


def _kinds(field: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The JSON types that a field may have; empty: any."""
    if "anyOf" in field:
        return {kind for option in field["anyOf"] for kind in _kinds(_resolved(option, schema), schema)}
    kind = field.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = field.get("$ref")
    if reference is None:
        return field
    found: Any = schema
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in field.items() if key != "$ref"}}
