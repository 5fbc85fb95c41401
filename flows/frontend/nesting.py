"""How deeply a flow's source may be nested: what is deeper, engines and documents of the IR could not hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

MOST_LEVELS = 100
"""How many statements and expressions may stand in each other. A document of the IR holds 250; some take two."""
MOST_LOOPS = 10
"""How many loops and `finally` may: each is looked at several times for every time that what is around it is."""

_IN_FLOWS = "put a part of it into a flow of its own"


Problem = tuple[ast.AST, str, str]
"""A node, what is wrong with it, and a hint."""


def problems(body: Sequence[ast.stmt]) -> Iterator[Problem]:
    """What is nested too deeply: the outermost expressions, and the first statement of each branch."""
    waiting: list[tuple[ast.AST, int, int]] = [(statement, 1, 0) for statement in reversed(body)]
    while waiting:
        node, level, loops = waiting.pop()
        parts = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.stmt):
            deepest = max((_depth(part) for part in parts if isinstance(part, ast.expr)), default=0)
            repeats = isinstance(node, ast.For | ast.While) or (isinstance(node, ast.Try) and bool(node.finalbody))
            if level + deepest > MOST_LEVELS:
                yield _blamed(node, level, [part for part in parts if isinstance(part, ast.expr)])
                continue
            if repeats and loops == MOST_LOOPS:
                yield node, f"more than {MOST_LOOPS} loops and `finally` stand in each other", _IN_FLOWS
                continue
            level, loops = level + 1, loops + repeats
        waiting += [(part, level, loops) for part in reversed(parts) if not isinstance(part, ast.expr)]


def _blamed(node: ast.stmt, level: int, expressions: list[ast.expr]) -> Problem:
    """An expression of the statement, where it is nested more than the statement itself; else the statement."""
    for expression in expressions:
        depth = _depth(expression)
        if depth > level:
            message = f"this is nested {level + depth} levels deep, and {MOST_LEVELS} is the most"
            return expression, message, "assign a part of it to a variable first"
    cases = "look the cases up in a dict, or put some of them into a flow of their own"
    return node, f"this stands more than {MOST_LEVELS} levels deep", cases if isinstance(node, ast.If) else _IN_FLOWS


def _depth(expression: ast.expr) -> int:
    """How many expressions stand in each other, below and with this one."""
    deepest = 0
    waiting: list[tuple[ast.AST, int]] = [(expression, 0)]
    while waiting:
        node, level = waiting.pop()
        level += _levels(node)
        deepest = max(deepest, level)
        waiting += [(inner, level) for inner in ast.iter_child_nodes(node)]
    return deepest


def _levels(node: ast.AST) -> int:
    """How deep the node is itself: where a part of it calls a task, the following ones go inside."""
    match node:
        case ast.BoolOp(values=parts) | ast.Compare(comparators=parts):
            return len(parts)
        case ast.ListComp(generators=parts) | ast.DictComp(generators=parts) | ast.GeneratorExp(generators=parts):
            return len(parts)
        case _:
            return int(isinstance(node, ast.expr))
