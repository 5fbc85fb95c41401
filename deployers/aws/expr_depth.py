"""How deep the evaluation of a JSONata text nests. Step Functions gives up beyond 100 evaluations inside each other."""

from __future__ import annotations

import re

DEEPEST = 90
"""The bound for emitted texts; what is put around them, as a field's own conversion, needs some, too."""

_TOKEN = re.compile(
    r"""
    (?P<text>'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `[^`]*`)
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<next>[,;])
    | (?P<operator>:= | != | <= | >= | \.\. | [-+*/%&=<>?:] | \b(?:and|or|in)\b)
    | (?P<other>\$?\w+ | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/")


def depth(text: str) -> int:
    """At most so many evaluations are inside each other: every bracket is one, and every operator in front of a place
    in the same brackets may be another."""
    levels = [1]
    deepest = position = 0
    operand = False
    while position < len(text):
        pattern = None if operand else _PATTERN.match(text, position)
        found = pattern or _TOKEN.match(text, position)
        assert found is not None
        position = found.end()
        kind = "text" if pattern is not None else found.lastgroup
        if found[0].isspace():
            continue
        match kind:
            case "open":
                levels.append(1)
            case "close":
                levels.pop()
            case "next":
                levels[-1] = 1
            case "operator":
                levels[-1] += 1
            case _:
                pass
        operand = kind in ("text", "close", "other")
        deepest = max(deepest, sum(levels))
    return deepest + 1
