"""When an emitted expression must not be evaluated: tests in order, true too often rather than too seldom.

Google does not say whether `and` and `or` leave anything out, and says that `if` leaves out nothing: so every part of
an expression counts as evaluated, also those that Python would not reach. For the same reason these are several tests:
each may look at what the earlier ones have found to be safe.
"""

from __future__ import annotations

from dataclasses import dataclass

from skyloom.deployers.gcp.expr_code import Code
from skyloom.deployers.gcp.expr_facts import Facts, excluded
from skyloom.deployers.gcp.expr_failures import own_failures
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.nodes import Expr, children


@dataclass(frozen=True, slots=True)
class Guard:
    """A test that is true where an expression must not be evaluated.

    Attributes:
        alone: evaluating it never fails, whatever the tests in front of it say.
    """

    code: Code
    alone: bool


def failing(writer: Writer, expr: Expr, known: Facts = ()) -> tuple[Guard, ...]:
    """The guards of `expr`, where `known` is true, in the order in which they are to be asked."""
    found: dict[str, Guard] = {}
    for child in children(expr):
        for guard in failing(writer, child, known):
            found.setdefault(guard.code.text, guard)
    alone = not found
    for code in own_failures(writer, expr):
        if not excluded(code, known):
            found.setdefault(code.text, Guard(code, alone))
        # What is asked of a text behind this may count its characters.
        alone = alone and not code.text.startswith("text.match_regex(")
    return tuple(found.values())
