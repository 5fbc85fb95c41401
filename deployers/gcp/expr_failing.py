"""When an emitted expression must not be evaluated: tests in order, true too often rather than too seldom.

`and` and `or` between booleans leave out what Python leaves out, and so do their guards. Google says that `if` leaves
out nothing: of conditionals, and of `and` and `or` between other values, every part counts as evaluated, also where
Python would not reach it.
"""

from __future__ import annotations

from dataclasses import dataclass

from skyloom.deployers.expressions.kinds import BOOLEAN, kinds
from skyloom.deployers.gcp.expr_code import Code, both, negation
from skyloom.deployers.gcp.expr_facts import Facts, by_facts, excluded, facts
from skyloom.deployers.gcp.expr_failures import own_failures
from skyloom.deployers.gcp.expr_truth import refuse_eager, test
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.nodes import Expr, Logic, Truth, children


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
    if isinstance(expr, Logic) and all(kinds(operand.type) <= BOOLEAN for operand in expr.operands):
        return _logic(writer, expr, known)
    if isinstance(expr, Truth) and isinstance(expr.operand, Logic):
        return _logic(writer, expr.operand, known)
    refuse_eager(expr)
    found: dict[str, Guard] = {}
    for child in children(expr):
        for guard in failing(writer, child, known):
            found.setdefault(guard.code.text, guard)
    alone = not found
    for code in own_failures(writer, expr, by_facts(writer, known)):
        if not excluded(code, known):
            found.setdefault(code.text, Guard(code, alone))
        # What is asked of a text behind this may count its characters.
        alone = alone and not code.text.startswith("text.match_regex(")
    return tuple(found.values())


def _logic(writer: Writer, expr: Logic, known: Facts) -> tuple[Guard, ...]:
    """A later operand is reached when the earlier ones were all true (`or`: all false)."""
    keep_on = expr.operator == "and"
    found: dict[str, Guard] = {}
    reached: list[Code] = []
    for operand in expr.operands:
        safe = not found
        for guard in failing(writer, operand, known):
            code = both(*reached, guard.code) if reached else guard.code
            found.setdefault(code.text, Guard(code, guard.alone and safe))
        truth = test(writer, operand)
        reached.append(truth if keep_on else negation(truth))
        known = (*known, *facts(writer, operand, holds=keep_on))
    return tuple(found.values())
