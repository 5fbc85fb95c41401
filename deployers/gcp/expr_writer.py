"""What the parts of the emitter of Workflows expressions share: how expressions and variables are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from skyloom.deployers.gcp.expr_code import OR, PRIMARY, Code
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr

_PLACE = re.compile(r'\w+(\.\w+|\["[^"\\]*"\]|\[\d+\])*')


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes expressions.

    Attributes:
        node: writes one node.
        variable: the text of a variable of the flow: a name, or a place in a value, `answer.body`.
    """

    node: Callable[[Writer, Expr], Code]
    variable: Callable[[str], str]

    def code(self, expr: Expr) -> Code:
        """The code of `expr`."""
        return self.node(self, expr)

    def name(self, name: str) -> Code:
        """The code of a variable."""
        text = self.variable(name)
        return Code(text, PRIMARY if _PLACE.fullmatch(text) else OR)


def cannot(expr: Expr, reason: str, hint: str | None = None) -> CannotEmit:
    """The refusal of `expr`."""
    return CannotEmit(expr, reason, hint)
