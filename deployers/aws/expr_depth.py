"""How deep the evaluation of a JSONata text nests. Step Functions gives up beyond 100 evaluations inside each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


@dataclass(slots=True)
class _Brackets:
    """What stands between two brackets: its parts are evaluated one after the other, or, in lists and objects, at the
    same time, so that their depths add up."""

    together: bool
    operators: int = 0
    inner: int = 1
    finished: int = 0

    def part(self) -> None:
        """Ends a part: every operator may nest the deepest thing in it one deeper."""
        depth = self.operators + self.inner
        self.finished = self.finished + depth if self.together else max(self.finished, depth)
        self.operators, self.inner = 0, 1


def depth(text: str) -> int:
    """At most so many evaluations are inside each other."""
    stack = [_Brackets(together=False)]
    position, before = 0, ""
    while position < len(text):
        found = None if _ends_operand(before) else _PATTERN.match(text, position)
        kind = "text" if found else None
        if found is None:
            found = _TOKEN.match(text, position)
            assert found is not None
            kind = found.lastgroup
        position = found.end()
        token = found[0]
        if token.isspace():
            continue
        match kind:
            case "open":
                # An index stands behind an operand, the body of a function behind its parameters.
                stack.append(_Brackets(together=token != "(" and not _ends_operand(before)))
            case "close" if len(stack) > 1:
                closed = stack.pop()
                closed.part()
                stack[-1].inner = max(stack[-1].inner, closed.finished + 1)
            case "next":
                stack[-1].part()
            case "operator":
                stack[-1].operators += 1
            case _:
                pass
        before = {"text": "x", "operator": "+"}.get(kind or "", token)
    stack[0].part()
    return stack[0].finished + 1


def _ends_operand(token: str) -> bool:
    """Whether an operand may end with the token, so that an operator or an index follows."""
    return token[-1:] in (")", "]", "}") or token[-1:].isalnum() or token[-1:] == "_"
