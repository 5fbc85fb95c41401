"""Expressions that go to the app's helper function, for people: which, and where it is only for an error, for which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from skyloom.deployers.base import Explanation
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Span
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.nodes import Binary, Call, Compare, Comprehension, Expr, Item, Literal, Slice, Unpack, walk
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.expr.types import (
    AnyType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    ListType,
    StrType,
    TupleType,
    members,
)
from skyloom.flows.graph.expressions import source
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.passes.liveness import expressions

TOO_LARGE = "an integer beyond 2^53"
"""What no workflow carries exactly: the helper evaluates it, and what is too large for the way on is an error there."""

Places = Mapping[tuple[str, Span], ir.Statement]
"""Statements by their files and places."""


def places_of(programs: Iterable[Program]) -> Places:
    """The statements of programs, as they were compiled. What was made of a map whose items share invocations is left
    out: several statements stand in its place, and none of them is the source's."""
    found: dict[tuple[str, Span], ir.Statement] = {}
    for program in programs:
        for flow in program.flows.values():
            statements = list(ir.walk(flow.body))
            sliced = {one.span for one in statements if _is_sliced(one, program)}
            found |= {(flow.file, one.span): one for one in statements if one.span not in sliced}
    return found


def _is_sliced(statement: ir.Statement, program: Program) -> bool:
    if not isinstance(statement, ir.Map):
        return False
    called = (program.tasks[one.task].fused for one in statement.body if isinstance(one, ir.CallTask))
    return any(fused is not None and fused.slice is not None for fused in called)


def helped(flow: str, hoisted: HoistedExpression, places: Places, cost: str) -> Explanation:
    """What is said of an expression in the helper function. `cost`: of each call."""
    statement = places.get((hoisted.file, hoisted.span))
    found = [] if statement is None else list(expressions(statement))
    why = hoisted.reason if hoisted.always else f"only for some values: {hoisted.reason}"
    if hoisted.only_errors:
        errors = dict.fromkeys(error for expr in found for error in errors_of(expr))
        why = f"only where it fails: {', '.join(errors) or hoisted.reason}"
    shown = found if hoisted.always else [expr for expr in found if may_raise(expr) or errors_of(expr)]
    # Several that are always evaluated there are some of those of their statement: the helper's own source has them.
    named = len(shown) == 1 or not hoisted.always
    return Explanation(
        flow=flow,
        place=f"{Path(hoisted.file).name}:{hoisted.span.line}",
        what="expression in the helper function",
        name=hoisted.id,
        why=why,
        cost=cost,
        is_helped=True,
        expression=", ".join(map(source, shown)) if shown and named else hoisted.source,
        only_errors=hoisted.only_errors,
    )


def errors_of(expr: Expr) -> tuple[str, ...]:
    """The errors with which an expression may end, and `TOO_LARGE`, in the order of the source. Errs on the side of
    more."""
    return tuple(dict.fromkeys(error for one in walk(expr) for error in _own_errors(one)))


def _own_errors(expr: Expr) -> Iterator[str]:
    match expr:
        case Item():
            yield from _item_errors(expr)
        case Slice(step=step) if step is not None and not (isinstance(step, Literal) and step.value):
            yield "ValueError"
        case Binary():
            yield from _arithmetic_errors(expr)
        case Compare(operator="<" | "<=" | ">" | ">=", left=left):
            # Python refuses to order a time with an offset and one without.
            yield from ("TypeError",) if any(isinstance(one, DateTimeType) for one in members(left.type)) else ()
        case Comprehension(generators=generators):
            yield from ("ValueError",) if any(isinstance(one.target, Unpack) for one in generators) else ()
        case Call(function=name):
            yield from BUILTINS[name].raises
            yield from (TOO_LARGE,) if name in _SUMS and _is_integer(expr) else ()
        case _:
            return


_SUMS = frozenset({"sum", "int", "math.prod"})
"""Functions whose integers may be larger than those they are given."""


def _item_errors(expr: Item) -> Iterator[str]:
    of = members(expr.object.type)
    if isinstance(expr.object.type, TupleType) and isinstance(expr.index, Literal):
        return
    if any(isinstance(one, ListType | TupleType | StrType | AnyType) for one in of):
        yield "IndexError"
    if any(isinstance(one, DictType | AnyType) for one in of):
        yield "KeyError"


def _arithmetic_errors(expr: Binary) -> Iterator[str]:
    if expr.operator in ("/", "//", "%") and not (isinstance(expr.right, Literal) and expr.right.value):
        yield "ZeroDivisionError"
    if _is_integer(expr) and expr.operator not in ("//", "%"):
        yield TOO_LARGE
    elif any(isinstance(one, FloatType) for one in members(expr.type)) and expr.operator == "**":
        yield "OverflowError"


def _is_integer(expr: Expr) -> bool:
    return any(isinstance(one, IntType) for one in members(widen(expr.type)))
