"""When Python raises while it evaluates an expression: a test in JSONata, true too often rather than too seldom."""

from __future__ import annotations

from skyloom.deployers.aws.expr_code import Code
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.rules import may_raise


def failing(writer: Writer, expr: Expr) -> Code | None:
    """The test; None where nothing can go wrong."""
    if may_raise(expr):
        raise cannot(expr, "whether this raises shows only at run time")
    return None
