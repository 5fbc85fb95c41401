"""Python syntax outside the language: what to say about it, and how to write it instead."""

from __future__ import annotations

import ast
from enum import Enum
from typing import Any

MISSING: Any = object()
"""No value: None is one."""

_EXPRESSIONS: dict[type[ast.expr], tuple[str, str, str]] = {
    ast.Lambda: (
        "SKY101",
        "`lambda` stands only as the `key` of sorted, min and max",
        "write a comprehension, or a task",
    ),
    ast.NamedExpr: ("SKY102", "`:=` is not in the language", "assign on a line of its own"),
    ast.Await: ("SKY103", "a flow is not asynchronous", "call the task; `async def` tasks are awaited by the engine"),
    ast.Yield: ("SKY104", "a flow does not yield", "return a list"),
    ast.YieldFrom: ("SKY104", "a flow does not yield", "return a list"),
    ast.Set: ("SKY105", "a set is not JSON", "write a list: `[...]`"),
    ast.SetComp: ("SKY105", "a set is not JSON", "write a list: `[...]`"),
    ast.Starred: ("SKY106", "`*` stands in list and tuple displays only", "name the elements"),
}

_STATEMENTS: dict[type[ast.stmt], tuple[str, str, str]] = {
    ast.FunctionDef: ("SKY107", "functions are not defined inside a flow", "define a task or a flow at module level"),
    ast.AsyncFunctionDef: ("SKY107", "functions are not defined inside a flow", "define a task at module level"),
    ast.ClassDef: ("SKY107", "classes are not defined inside a flow", "define it at module level"),
    ast.With: ("SKY108", "`with` is not in the language", "do it inside a task; for cleaning up, use try/finally"),
    ast.AsyncWith: ("SKY108", "`async with` is not in the language", "do it inside a task"),
    ast.AsyncFor: ("SKY103", "a flow is not asynchronous", "use `for`, or a comprehension for a parallel map"),
    ast.Match: ("SKY109", "`match` is not in the language", "use `if` / `elif`"),
    ast.Delete: ("SKY113", "`del` is not in the language", "build a new value without it"),
    ast.Global: ("SKY114", "a flow has no global variables", "pass the value in, and return it"),
    ast.Nonlocal: ("SKY114", "a flow has no outer variables", "pass the value in, and return it"),
    ast.Import: ("SKY115", "imports stand at the top of the module", "move it there"),
    ast.ImportFrom: ("SKY115", "imports stand at the top of the module", "move it there"),
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = ("SKY116", "`except*` is not in the language", "use `except`")


def explain(node: ast.expr) -> tuple[str, str, ast.AST, str]:
    """Code, message, place and hint for an expression outside the language."""
    code, message, hint = _EXPRESSIONS.get(
        type(node), ("SKY117", "this expression is not in the language", "do it inside a task")
    )
    return code, message, node, hint


def explain_statement(node: ast.stmt) -> tuple[str, str, ast.AST, str]:
    """Code, message, place and hint for a statement outside the language."""
    code, message, hint = _STATEMENTS.get(
        type(node), ("SKY117", "this statement is not in the language", "do it inside a task")
    )
    return code, message, node, hint


def is_data(value: Any, levels: int = 50) -> bool:
    """Whether a constant of the module can stand in a flow: JSON, enum members, and lists, tuples and dicts of these,
    at most so many `levels` deep."""
    if levels == 0:
        return False
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(is_data(item, levels - 1) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_data(item, levels - 1) for key, item in value.items())
    return value is None or isinstance(value, bool | int | float | str | Enum)


BUILTIN_HINTS: dict[str, str] = {
    "set": "use a list; `[*dict.fromkeys(xs)]` inside a task drops repeats",
    "frozenset": "use a list",
    "map": "write a comprehension: `[f(x) for x in xs]`",
    "filter": "write a comprehension: `[x for x in xs if ...]`",
    "iter": "write a `for` loop",
    "next": "take the first of a list: `xs[0]`",
    "print": "do it inside a task; to tell the world outside, use `emit(...)`",
    "input": "ask with `approval(...)` or `wait_for(...)`",
    "open": "read and write files inside a task",
    "repr": "write `str(...)` or `json.dumps(...)`",
    "getattr": "name the field: `value.field`",
    "setattr": "name the field: `value.field = ...`",
    "hasattr": "test a field that is there on every alternative, or `is not None`",
    "pow": "write `a ** b`",
    "super": "do it inside a task",
    "bytes": "do it inside a task",
    "object": "do it inside a task",
}
"""What to do without a builtin that is not in the language."""

MUTATORS: dict[str, str] = {
    "insert": "build a new list: `[*xs[:i], v, *xs[i:]]`",
    "pop": "read `xs[-1]`, then keep `xs[:-1]`; of a dict, build a new one",
    "remove": "build a new list: `[x for x in xs if x != v]`",
    "sort": "use `sorted(xs)`",
    "reverse": "use `list(reversed(xs))`",
    "clear": "assign an empty one",
    "update": "build a new dict: `{**a, **b}`",
    "setdefault": "use `d.get(key, default)` and assign",
    "popitem": "build a new dict",
    "add": "use a list",
}
"""Methods that change their object and are not in the language, and what to do instead."""
