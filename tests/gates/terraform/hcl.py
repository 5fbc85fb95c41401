"""A configuration in Terraform's own syntax: what scanners read best.

In the JSON that Skyloom writes a list of objects stands for blocks, an object for a map, and `//` for a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = Any


def hcl(main: Json) -> str:
    """The resources of a configuration as text."""
    lines: list[str] = []
    for type_, blocks in main["resource"].items():
        for name, body in blocks.items():
            lines += [f'resource "{type_}" "{name}" {{', *_body(body, "  "), "}", ""]
    return "\n".join(lines)


def _body(body: Json, indent: str) -> Iterator[str]:
    for name, value in body.items():
        if name == "//":
            continue
        if name == "depends_on":
            yield f"{indent}depends_on = [{', '.join(value)}]"
        elif name == "provider":
            yield f"{indent}provider = {value}"
        elif name == "lifecycle" or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
            for block in value if isinstance(value, list) else [value]:
                yield f"{indent}{name} {{"
                yield from _body(block, f"{indent}  ")
                yield f"{indent}}}"
        else:
            yield f"{indent}{name} = {_value(value)}"


def _value(value: Json) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=False)
