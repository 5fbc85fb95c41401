"""JSON from the command line: as text, from a file (`@file`) or from standard input (`-`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from skyloom.errors import Diagnostic, InvalidInput, Span
from skyloom.flows.outcome import Json

_LONGEST_EXCERPT = 160
"""A line longer than this is not shown; the message quotes what stands around the mistake instead."""


def read_json(given: str, option: str) -> Json:
    """The JSON that an option or argument gives.

    Args:
        given: JSON text, `@file`, or `-` for standard input.
        option: how the option is written, for messages.

    Raises:
        InvalidInput: SKY620 where it is no JSON, SKY621 where it cannot be read.
    """
    name, text = _source(given, option)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidInput(_diagnostic(name, text, error, option)) from None
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidInput(Diagnostic("SKY620", f"this is not JSON: {problem}", name)) from None


def read_object(given: str, option: str) -> dict[str, Json]:
    """As `read_json`; the JSON must be an object. Raises InvalidInput (SKY622) where it is not."""
    value = read_json(given, option)
    if isinstance(value, dict):
        return value
    raise InvalidInput(
        Diagnostic(
            "SKY622",
            f"{option} must be a JSON object, and this is {_kind(value)}",
            _name(given, option),
            hint="""give each parameter by its name: '{"parameter": value}'""",
        )
    )


def _source(given: str, option: str) -> tuple[str, str]:
    name = _name(given, option)
    try:
        if given == "-":
            if sys.stdin.isatty():
                sys.stderr.write("reading JSON from standard input; end it with Ctrl-D\n")
            return name, sys.stdin.buffer.read().decode("utf-8-sig")
        if given.startswith("@"):
            return name, Path(given[1:]).expanduser().read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"it is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(name, f"it cannot be read: {reason}", f"{option} @FILE reads a file") from None
    return name, given


def _name(given: str, option: str) -> str:
    if given == "-":
        return "standard input"
    return given[1:] if given.startswith("@") else option


def _unreadable(name: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic("SKY621", problem, name or "@", hint=hint))


def _diagnostic(name: str, text: str, error: json.JSONDecodeError, option: str) -> Diagnostic:
    line = text.split("\n")[error.lineno - 1]
    message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    span = Span(error.lineno, error.colno, error.lineno, error.colno + 1)
    if len(line) <= _LONGEST_EXCERPT:
        return Diagnostic("SKY620", message, name, span, _hint(name, text, option), line)
    near = line[max(0, error.colno - 31) : error.colno + 29]
    return Diagnostic("SKY620", f"{message}, near `{near}`", name, span, _hint(name, text, option))


def _hint(name: str, text: str, option: str) -> str | None:
    if not text.strip():
        return "it is empty; an empty object is {}"
    if name != option:
        return None
    if _is_file(text):
        return f"to read that file, write {option} @{text}"
    if text.lstrip().startswith(("{", "[", "'")) and '"' not in text:
        return f"""the shell has taken the double quotes away: put single quotes around it, {option} '{{"name": 1}}'"""
    return f"""strings need double quotes, and the whole of it single ones: {option} '{{"name": "text"}}'"""


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return "a string" if isinstance(value, str) else "an array"
