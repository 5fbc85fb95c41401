"""Programs as JSON documents, and back. `docs/ir.schema.json` describes the documents; `python -m
skyloom.flows.ir.codec` prints it."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from typing import Any, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from skyloom.errors import EngineError
from skyloom.flows.expr.nodes import Expr, Target
from skyloom.flows.expr.types import Type
from skyloom.flows.ir.nodes import Statement
from skyloom.flows.ir.program import FORMAT, Program


class InvalidDocument(EngineError):
    """A document is no program, or one of another format."""


@functools.cache
def _adapter() -> TypeAdapter[tuple[Program]]:
    # The tuple carries the configuration: a dataclass alone would have to bring its own.
    return TypeAdapter(tuple[Program], config=ConfigDict(extra="forbid"))


def to_document(program: Program) -> dict[str, Any]:
    """The program as a JSON object; a JSON round trip gives it back unchanged.

    Raises:
        InvalidDocument: statements or expressions stand more than some 250 levels deep in each other.
    """
    try:
        document: dict[str, Any] = _adapter().dump_python((program,), mode="json")[0]
    except ValueError as problem:
        raise InvalidDocument(f"the program cannot be written: {problem}") from None
    return document


def from_document(document: Any) -> Program:
    """The program that a JSON object describes.

    Raises:
        InvalidDocument: it is none, or of a format this version does not read. Says where and why.
    """
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT or isinstance(found, bool):
        raise InvalidDocument(
            f"not a program of format {FORMAT}: {'no format is given' if found is None else f'its format is {found!r}'}"
        )
    try:
        return _adapter().validate_python((document,))[0]
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise InvalidDocument(f"not a program: {place}: {first['msg']}") from None


def dumps(program: Program, indent: int | None = None) -> str:
    """The program as JSON text."""
    return json.dumps(to_document(program), indent=indent, ensure_ascii=False)


def loads(text: str | bytes) -> Program:
    """The program in a JSON text.

    Raises:
        InvalidDocument: the text is no JSON, or no program of this format.
    """
    try:
        document = json.loads(text)
    except ValueError as problem:
        raise InvalidDocument(f"not a program: {problem}") from None
    return from_document(document)


def digest(program: Program) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits: equal programs have equal digests, on every machine."""
    canonical = json.dumps(to_document(program), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the documents that `to_document` writes."""
    written = _adapter().json_schema(mode="serialization")
    unions = {
        name: frozenset(f"#/$defs/{cls.__name__}" for cls in get_args(get_args(alias)[0]))
        for name, alias in {"Type": Type, "Expr": Expr, "Target": Target, "Statement": Statement}.items()
    }
    definitions = {name: _with_kind(_by_name(written["$defs"][name], unions)) for name in written["$defs"]}
    for name, references in unions.items():
        classes = {reference: definitions[reference.rpartition("/")[2]] for reference in references}
        definitions[name] = _chosen_by_kind({cls["properties"]["kind"]["const"]: ref for ref, cls in classes.items()})
    definitions["Span"] = {**_SPAN, "description": "Line, column, end line, end column; 1-based, the end exclusive."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Skyloom program",
        "$ref": "#/$defs/Program",
        "$defs": dict(sorted(definitions.items())),
    }


_SPAN = {
    "maxItems": 4,
    "minItems": 4,
    "prefixItems": [{"minimum": 1, "type": "integer"}] * 4,
    "type": "array",
}


def _chosen_by_kind(references: dict[str, str]) -> dict[str, Any]:
    """One of several node classes. Said with `if`, because a validator tries every alternative of a `oneOf` to its end,
    at every level anew."""
    kinds = sorted(references)
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": kinds}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": references[kind]}} for kind in kinds
        ],
    }


def _by_name(node: Any, unions: dict[str, frozenset[str]]) -> Any:
    """`node` with what pydantic spells out at every use, unions of node classes and spans, replaced by references."""
    if isinstance(node, list):
        return [_by_name(item, unions) for item in node]
    if not isinstance(node, dict):
        return node
    options = frozenset(option.get("$ref") for option in node.get("oneOf", []))
    for name, references in unions.items():
        if options == references:
            return {"$ref": f"#/$defs/{name}"}
    inner = {
        key: _by_name(value, unions) for key, value in node.items() if key != "title" or not isinstance(value, str)
    }
    return {"$ref": "#/$defs/Span"} if inner == _SPAN else inner


def _with_kind(definition: dict[str, Any]) -> dict[str, Any]:
    """The schema of a node class, with its `kind` required: that is what tells nodes apart."""
    for tag in ("kind", "format"):
        if "const" in definition["properties"].get(tag, {}):
            definition["required"] = [*definition.get("required", []), tag]
            definition["properties"][tag] = {"const": definition["properties"][tag]["const"]}
    return definition


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
