"""What the syntax tree of one function tells by itself: what it assigns, and which nodes are its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def assigned_names(function: ast.FunctionDef) -> frozenset[str]:
    """The names that the function assigns anywhere, its parameters included: its local variables."""
    names = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    for node in own_nodes(function.body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return frozenset(names)


def own_nodes(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """Every node below, but for the insides of comprehensions, lambdas and nested definitions."""
    found: list[ast.AST] = []
    for node in nodes:
        found.append(node)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            found += own_nodes([node.generators[0].iter])
        elif not isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found += own_nodes(list(ast.iter_child_nodes(node)))
    return found


def without_docstring(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that do something."""
    match statements:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
        case _:
            return statements
