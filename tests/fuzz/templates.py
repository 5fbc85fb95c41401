"""Expressions by their kind: those of the random expressions of emitters, and more, of every kind of value that a flow
has and of every builtin."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from expressions.composed import TEMPLATES as COMPOSED

BOUND = {
    "a": "int",
    "m": "int",
    "v": "int",
    "b": "str",
    "k": "str",
    "r": "ints",
    "q": "pair",
    "f": "float",
    "w": "maybe",
    "o": "person",
    "z": "either",
}
"""The kinds of the names that templates bind."""

PLACE = re.compile("«(\\w+)(?::([\\w,]+))?»")


def _listed() -> dict[str, list[str]]:
    """The templates of `expressions.txt`, one a line, below their kinds."""
    text = (Path(__file__).parent / "expressions.txt").read_text(encoding="utf-8")
    sections = (section.splitlines() for section in text.strip().split("\n\n"))
    return {kind.strip("[]"): templates for kind, *templates in sections}


def _stands_alone(template: str) -> bool:
    """Whether the template names no variable but those that it binds itself."""
    tree = ast.parse(PLACE.sub("PLACE", template), mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return all(len(name) > 1 or name in bound for name in names)


def _bounded(template: str) -> str:
    """The template without lists and texts as long as an integer may be large."""
    return template.replace("list(range(«int»))", "list(range(«int» % 9))").replace(
        "«str» * «int»", "«str» * («int» % 5)"
    )


TEMPLATES = {
    kind: [_bounded(text) for text in [*COMPOSED.get(kind, []), *more] if _stands_alone(text)]
    for kind, more in _listed().items()
}
"""Expressions by their kind. `«int»` is a place for any expression of that kind, `«int:a»` one where `a` is bound."""

_ORDERED = re.compile(
    r"list\(«dict»\)|«(dict|lists)»\.(items|values|keys)\(|max\(«dict|min\(«dict|\{\*\*«dict|json.dumps"
)
_RISKY = re.compile(
    r"\[(«int»|«str»|0|-1|\"a\"|1)\]|\.index\(|(int|float)\(«str»|//|%|divmod|sqrt|(max|min)\(«\w+»(, key=[^,]*)?\)"
    r"|(/|\*\*) «|partition\(«|split\(«|\)\[(0|-1|\d)\]|center\(«"
)
_LOOKS_INSIDE = re.compile(r"\blambda\b|\bany\(|\ball\(")


def shows_order(template: str) -> bool:
    """Whether the order of a dict's entries may show: Workflows does not keep it."""
    return _ORDERED.search(template) is not None


def often_raises(template: str) -> bool:
    """Whether it raises for many values."""
    return _RISKY.search(template) is not None


def takes_no_calls(template: str) -> bool:
    """Whether no task may be called in it: keys call none, and `any` and `all` stop early."""
    return _LOOKS_INSIDE.search(template) is not None
