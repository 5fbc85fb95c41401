"""Where the options of a definition were written: the decorator and its arguments in the source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

from skyloom.flows import definitions
from skyloom.flows.frontend.signature import Subject

_DECORATORS = (definitions.task, definitions.prompt, definitions.flow)


class Decorators:
    """The decorators of one definition."""

    def __init__(self, subject: Subject) -> None:
        names: Mapping[str, Any] = getattr(inspect.unwrap(subject.function), "__globals__", {})
        listed = subject.node.decorator_list
        own = [
            node for node in listed if _named(node.func if isinstance(node, ast.Call) else node, names) in _DECORATORS
        ]
        self.own: ast.expr | None = own[0] if own else None
        """`@task`, `@prompt(...)` or `@flow(...)`; None where the function is decorated in some other way."""
        self.others = [node for node in listed if node is not self.own]

    def option(self, name: str, part: str | None = None) -> ast.expr | None:
        """The value of the option `name`, or of the `part` of it where it is a call: `Retry(attempts=0)`."""
        value = _keyword(self.own, name)
        return (_keyword(value, part) if part is not None else None) or value or self.own

    def element(self, name: str, index: int) -> ast.expr | None:
        """The element `index` of the list that the option `name` is, or else the option."""
        value = _keyword(self.own, name)
        if isinstance(value, (ast.List, ast.Tuple)) and index < len(value.elts):
            return value.elts[index]
        return value or self.own

    @property
    def template(self) -> ast.expr | None:
        """The first argument."""
        return self.own.args[0] if isinstance(self.own, ast.Call) and self.own.args else self.own


def _keyword(call: ast.expr | None, name: str) -> ast.expr | None:
    if not isinstance(call, ast.Call):
        return None
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _named(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The object that `node`, a name or dotted name, stands for; None for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    return getattr(_named(node.value, names), node.attr, None) if isinstance(node, ast.Attribute) else None
