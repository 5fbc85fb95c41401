"""Pieces of expressions: plain texts, places in variables, values as YAML has them."""

from __future__ import annotations

import re
from typing import Any

Json = Any

_HELPERS = ("and", "or", "not", "in", "true", "false", "null", "if", "default", "keys", "len", "type")
_CONVERSIONS = ("string", "int", "double")
_MODULES = ("base64", "events", "experimental", "googleapis", "hash", "http", "json", "list", "map", "math", "retry")
_WORDS = ("main", "call", "args", "assign", "switch", "for", "parallel", "try", "except", "return", "raise", "next")
STANDARD_NAMES = frozenset(
    (*_HELPERS, *_CONVERSIONS, *_MODULES, "sys", "text", "time", "uuid", *_WORDS, "steps", "end")
)
"""Names that mean something in expressions, or in a workflow's text: no variable is called so."""

SUBWORKFLOWS = ("flow_", "is_", "raise_", "run_", "wait_for_", "in_python", "first_of")
"""How the names of subworkflows begin: those of variables do not."""

RUN = '${sys.get_env("GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID")}'
"""The run, as tasks know it. cloud.google.com/workflows/docs/reference/environment-variables"""


def expression(text: str) -> str:
    """An expression as a value."""
    return "${" + text + "}"


def quoted(text: str) -> str:
    """A plain text (letters, digits and simple signs) inside an expression."""
    assert re.fullmatch(r"[ -!#-\[\]-~]*", text), text
    return f'"{text}"'


def environment(variable: str) -> str:
    """The value of one of the workflow's environment variables."""
    return expression(f"sys.get_env({quoted(variable)})")


def literal(value: Json) -> Json:
    """A constant as a value: a text that looks like an expression is written as one."""
    match value:
        case str() if "${" in value:
            return expression(" + ".join(map(quoted, value.replace("${", "$\0{").split("\0"))))
        case dict():
            return {key: literal(item) for key, item in value.items()}
        case list() | tuple():
            return [literal(item) for item in value]
        case _:
            return value


def inner(value: Json) -> str | None:
    """The text of a value that is one expression; None for others."""
    if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
        return value[2:-1]
    return None
