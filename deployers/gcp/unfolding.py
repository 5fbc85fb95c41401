"""What one expression of Workflows cannot say, or must not evaluate as a whole, in a few steps.

    ["medium", xs[0]] if xs else [f"{long} text"]
        where len(xs) > 0       ["medium", "${xs[0]}"]
        otherwise               part = a long text;  ["${part + ...}"]

A value is given as ways to it: the first whose condition is true counts. They become the cases of one `switch`, so that
Python's order of evaluation is kept where expressions keep none, and the assignments of a way share one step with the
value. Loops are left to the helper function: every round would cost a step, and the helper costs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from skyloom.deployers.expressions.kinds import BOOLEAN, kinds
from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.expr_parts import Parts
from skyloom.deployers.gcp.steps import Names
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Conditional, Expr, Literal, Logic, Truth, Unary
from skyloom.flows.expr.types import BOOL

Json = Any
Known = tuple[tuple[Expr, bool], ...]

MOST_WAYS = 12
"""More conditions for one value are harder to read than Python, and the helper costs one step."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a value.

    Attributes:
        condition: the text of a boolean; None for the last way. It never fails where those before it are false.
        raises: Python may raise here, or Workflows would do another thing: the helper function evaluates it all.
        pairs: assignments to variables of its own, in front of the value.
        value: a template, as `WorkflowsEmitter.template` gives it.
    """

    condition: str | None
    raises: bool = False
    pairs: tuple[tuple[str, Json], ...] = ()
    value: Json = None


Ways = tuple[Way, ...]


def unfold(
    expr: Expr,
    emitter: WorkflowsEmitter,
    variables: Names,
    known: Iterable[tuple[Expr, bool]] = (),
    *,
    test: bool = False,
) -> Ways:
    """The ways to the value of `expr`; one without a condition or assignments where an expression says it all.

    Args:
        variables: gives names to what is assigned on the way.
        known: as for `WorkflowsEmitter.guards`.
        test: only the truth of the value counts.

    Raises:
        CannotEmit: Workflows cannot say it, or in too many steps.
    """
    ways = _Unfolding(emitter, variables).ways(_truth(expr) if test else expr, tuple(known))
    if len(ways) > MOST_WAYS:
        raise CannotEmit(expr, f"its value depends on more than {MOST_WAYS} conditions")
    return ways


def _truth(expr: Expr) -> Expr:
    return expr if expr.type == BOOL else Truth(span=expr.span, type=BOOL, operand=expr)


@dataclass(frozen=True, slots=True)
class _Unfolding:
    emitter: WorkflowsEmitter
    variables: Names

    def ways(self, expr: Expr, known: Known) -> Ways:
        """The ways to the value of `expr`, where `known` is true."""
        if not _chooses(expr):
            return self._whole(expr, known)
        try:
            whole = self._whole(expr, known)
        except CannotEmit:
            return self._branches(expr, known)
        if len(whole) == 1 and not whole[0].pairs:
            return whole
        try:
            return self._branches(expr, known)
        except CannotEmit:
            return whole

    def _whole(self, expr: Expr, known: Known) -> Ways:
        """The value in one piece, behind its guards."""
        guards = self.emitter.guards(expr, known)
        parts = Parts(self.emitter, self.variables)
        value = parts.template(expr)
        return (*(Way(guard, raises=True) for guard in guards), Way(None, pairs=parts.pairs, value=value))

    def _branches(self, expr: Expr, known: Known) -> Ways:
        """The value by what decides about it."""
        match expr:
            case Conditional(test=test, body=body, orelse=orelse):
                return self._choose(test, known, self._then(body), self._then(orelse))
            case Truth(operand=Logic() as inner):
                return self._choose(inner, known, _constantly(inner, True), _constantly(inner, False))
            case Logic(operands=(last,)):
                return self.ways(last, known)
            case Logic(operator=operator, operands=(first, *rest)):
                here, there = self._then(first), self._then(replace(expr, operands=tuple(rest)))
                return self._choose(first, known, *((there, here) if operator == "and" else (here, there)))
            case _:
                return self.ways(expr, known)

    def _then(self, expr: Expr) -> _Then:
        return lambda known: self.ways(expr, known)

    def _choose(self, test: Expr, known: Known, yes: _Then, no: _Then) -> Ways:
        """The ways of `yes` where `test` is true, those of `no` where it is not."""
        match test:
            case Unary(operator="not", operand=operand):
                return self._choose(operand, known, no, yes)
            case Truth(operand=Logic() as inner):
                return self._choose(inner, known, yes, no)
            case Logic(operands=(last,)):
                return self._choose(last, known, yes, no)
            case Logic(operator="and", operands=(first, *rest)) if self.emitter.guards(test, known):
                later = replace(test, operands=tuple(rest))
                return self._choose(first, known, lambda k: self._choose(later, k, yes, no), no)
            case Logic(operator="or", operands=(first, *rest)) if self.emitter.guards(test, known):
                later = replace(test, operands=tuple(rest))
                return self._choose(first, known, yes, lambda k: self._choose(later, k, yes, no))
            case _:
                return self._decide(test, known, yes, no)

    def _decide(self, test: Expr, known: Known, yes: _Then, no: _Then) -> Ways:
        guards = tuple(Way(guard, raises=True) for guard in self.emitter.guards(test, known))
        taken, left = yes((*known, (test, True))), no((*known, (test, False)))
        if taken[0].condition is None:
            return (*guards, replace(taken[0], condition=self.emitter.emit_test(test)), *left)
        if left[0].condition is None:
            opposite = Unary(span=test.span, type=BOOL, operator="not", operand=_truth(test))
            return (*guards, replace(left[0], condition=self.emitter.emit_test(opposite)), *taken)
        raise CannotEmit(test, "both sides of this depend on further conditions")


def _chooses(expr: Expr) -> bool:
    """Whether one of several parts is the value, and the others should not be evaluated."""
    match expr:
        case Conditional():
            return True
        case Logic(operands=operands) | Truth(operand=Logic(operands=operands)):
            # Between booleans, an expression leaves out what Python does.
            return len(operands) == 1 or not all(kinds(operand.type) <= BOOLEAN for operand in operands)
        case _:
            return False


_Then = Callable[[Known], Ways]


def _constantly(place: Expr, value: bool) -> _Then:
    constant = Literal(span=place.span, type=BOOL, value=value)
    return lambda known: (Way(None, value=constant.value),)
