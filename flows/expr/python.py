"""Expressions in Python: the emitter, and the functions it makes for the interpreter.

Emitted source stands on its own but for the imports of `IMPORTS`. Variables keep their names; one that would hide a
name the source needs (`len`, `json`) gets an underscore (`safe_name`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from skyloom.flows.expr import fstrings
from skyloom.flows.expr.nodes import Call, Comprehension, Expr, Function, free_names, walk
from skyloom.flows.expr.python_emitter import PythonEmitter
from skyloom.flows.expr.python_names import ENVIRONMENT, GLOBALS, IMPORTS, safe_name

__all__ = ["IMPORTS", "Compiled", "PythonEmitter", "compile_expr", "evaluate", "safe_name"]

Compiled = Callable[[Mapping[str, Any]], Any]

_compiled: dict[int, tuple[Expr, Compiled]] = {}
"""By the identity of the expression, which the entry keeps alive."""


def compile_expr(expr: Expr) -> Compiled:
    """A function from variables, by name, to the value of `expr`. It raises what Python raises for the expression.

    The function of one expression object is made once.
    """
    known = _compiled.get(id(expr))
    if known is None:
        known = _compiled[id(expr)] = (expr, _compile(expr))
    return known[1]


def evaluate(expr: Expr, variables: Mapping[str, Any]) -> Any:
    """The value of `expr`, once: for an expression that is seldom evaluated, `compile_expr` would keep its function."""
    return _compile(expr)(variables)


def _compile(expr: Expr) -> Compiled:
    function: Compiled = eval(compile(_function_source(expr), "<flow expression>", "eval"), dict(GLOBALS))
    return function


def _function_source(expr: Expr) -> str:
    if not any(isinstance(node, Comprehension | Function) or _asks_each(node) for node in walk(expr)):
        return f"lambda {ENVIRONMENT}: {PythonEmitter(_lookup).emit(expr)}"
    # Comprehensions and lambdas see enclosing functions' variables only, so the variables become parameters.
    names = sorted(free_names(expr))
    parameters = ", ".join(map(safe_name, names))
    return (
        f"lambda {ENVIRONMENT}: (lambda {parameters}: {PythonEmitter().emit(expr)})({', '.join(map(_lookup, names))})"
    )


def _asks_each(node: Expr) -> bool:
    """Whether a comprehension may be written for the node."""
    return isinstance(node, Call) and node.function in ("all", "any")


def _lookup(name: str) -> str:
    return f"{ENVIRONMENT}[{fstrings.quoted(name)}]"
