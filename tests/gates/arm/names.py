"""Names as they stand in Azure, with letters in the place of what only ARM can find: scanners look at names too."""

from __future__ import annotations

import hashlib
import re
from typing import Any

Json = Any

_CALL = re.compile(r"(\w+)\(")
_UNIQUE = 13


def plain_name(template: Json, name: str) -> str:
    """The name of a resource. A name that is made with `guid` becomes letters that tell it apart."""
    if not (name.startswith("[") and name.endswith("]")):
        return name
    text = name[1:-1]
    if text.startswith("guid("):
        return hashlib.sha256(text.encode()).hexdigest()[:32]
    return _evaluated(template, text)


def _evaluated(template: Json, text: str) -> str:
    found = _CALL.match(text)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    assert found is not None and text.endswith(")"), f"nobody knows how to read {text}"
    arguments = _split(text[found.end() : -1])
    match found[1]:
        case "variables":
            return plain_name(template, template["variables"][_evaluated(template, arguments[0])])
        case "uniqueString":
            return hashlib.sha256(text.encode()).hexdigest()[:_UNIQUE]
        case "format":
            pattern, *given = (_evaluated(template, one) for one in arguments)
            return pattern.format(*given)
    raise AssertionError(f"nobody knows how to read {text}")


def _split(text: str) -> list[str]:
    """The arguments of a call: commas inside of brackets and quotes belong to them."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                parts.append(text[start:index].strip())
                start = index + 1
    return [*parts, text[start:].strip()]
