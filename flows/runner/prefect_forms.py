"""The form in which people answer an approval on Prefect's pages, and what it brings back."""

from __future__ import annotations

import json
from typing import Any

from skyloom.flows.outcome import Json
from skyloom.flows.runner.engine import ApprovalRequest

YES, NO = "yes", "no"
_LONGEST_SHOWN = 20_000
"""Characters of `show` in the description; Prefect bounds what it stores."""


def input_schema(message: str, form: dict[str, Json] | None) -> dict[str, Json]:
    """The JSON Schema of the answer.

    `approved` is a choice and not a switch: an untouched switch looks like a "no" and counts as nothing. The form is
    asked of those who approve; whoever refuses may leave it empty. The question is the label of the choice, because
    the pages squeeze the description together when the form is long.
    """
    properties: dict[str, Json] = {
        "approved": {"type": "string", "enum": [YES, NO], "title": message, "position": 0},
        "comment": {"type": "string", "title": "Comment", "position": 1},
        "by": {"type": "string", "minLength": 1, "title": "Your name", "position": 2},
    }
    schema: dict[str, Json] = {
        "type": "object",
        "title": "Decision",
        "properties": properties,
        "required": ["approved", "by"],
        "additionalProperties": False,
    }
    if form is None:
        return schema
    strict = {key: value for key, value in _moved(form).items() if key != "$defs"}
    relaxed = {key: value for key, value in strict.items() if key != "required"}
    properties["answer"] = relaxed | {"title": f"{form.get('title', 'Form')} (if you approve)", "position": 3}
    schema["definitions"] = _moved(form.get("$defs", {}))
    schema["if"] = {"properties": {"approved": {"const": YES}}, "required": ["approved"]}
    schema["then"] = {"properties": {"answer": strict}, "required": ["answer"]}
    return schema


def description(request: ApprovalRequest, form: dict[str, Json] | None) -> str:
    """The question in Markdown, with what people should see to decide."""
    parts = [f"**{request.message}**"]
    if request.to is not None:
        parts.append(f"For {request.to}.")
    if request.show is not None:
        parts.append(shown(request.show))
    if form is not None and form.get("required"):
        parts.append(f"To approve, fill in {', '.join(form['required'])}.")
    return "\n\n".join(parts)


def shown(value: Json) -> str:
    """A value in Markdown: text as it is, an object of plain values as a table, anything else as JSON."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, dict) and value and all(_is_plain(inner) for inner in value.values()):
        rows = [f"| {_cell(key)} | {_cell(inner)} |" for key, inner in value.items()]
        return _cut("\n".join(["| | |", "|---|---|", *rows]))
    return "```json\n" + _cut(json.dumps(value, indent=2, ensure_ascii=False)) + "\n```"


def decision(answer: dict[str, Json]) -> dict[str, Json]:
    """A `Decision` object from what the form brought back; its `answer` is as the person left it."""
    return {
        "approved": answer["approved"] == YES,
        "comment": answer.get("comment") or "",
        "by": answer["by"],
        "answer": answer.get("answer"),
    }


def _moved(schema: Any) -> Any:
    """The schema with its references where Prefect's pages look for them."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", "#/definitions/") if key == "$ref" else _moved(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(value) for value in schema]
    return schema


def _is_plain(value: Json) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 500)


def _cell(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "\n... (cut)"
