"""When Python raises while it evaluates an expression: a test in JSONata, true too often rather than too seldom.

The test follows Python's order of evaluation, and looks at nothing that Python would not have reached: what stands
behind a part that fails is not evaluated any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    FALSE,
    Code,
    block,
    both,
    call,
    choice,
    either,
    function,
    infix,
    negation,
    number,
)
from skyloom.deployers.aws.expr_facts import NOTHING, Facts, facts, remaining
from skyloom.deployers.aws.expr_failures import own_failure
from skyloom.deployers.aws.expr_loops import elements, loop
from skyloom.deployers.aws.expr_ranges import counted, overflow
from skyloom.deployers.aws.expr_truth import test
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import keyword
from skyloom.deployers.expressions.kinds import element_type, kinds
from skyloom.flows.expr.nodes import (
    Call,
    Comprehension,
    Conditional,
    Expr,
    Function,
    Generator,
    Logic,
    Unpack,
    children,
)
from skyloom.flows.expr.types import NeverType, TupleType, members


def failing(writer: Writer, expr: Expr, known: Facts = NOTHING) -> Code | None:
    """The test, where `known` is true; None where nothing can go wrong."""
    match expr:
        case Logic(operands=operands):
            return _logic(writer, operands, known, keep_on=expr.operator == "and")
        case Conditional():
            return _conditional(writer, expr, known)
        case Comprehension(key=key, element=result):
            return _rounds(writer, expr.generators, (result,) if key is None else (key, result), known)
        case _:
            inner = [failing(writer, child, known) for child in children(expr) if not isinstance(child, Function)]
            own = remaining(own_failure(writer, expr), known)
            return any_of(*inner, own, overflow(writer, expr, known), _in_key(writer, expr, known))


def any_of(*tests: Code | None) -> Code | None:
    """Whether one of the tests is true, asked in order."""
    found = [inner for code in tests if code is not None for inner in (code.alternatives or (code,))]
    different = {code.text: code for code in found}
    return either(*different.values()) if different else None


def _logic(writer: Writer, operands: Sequence[Expr], known: Facts, *, keep_on: bool) -> Code | None:
    """`and` and `or`: a later operand is reached when the earlier ones were all true (or, all false)."""
    first, *rest = operands
    reached_with = known | facts(writer, first, holds=keep_on)
    later = _logic(writer, rest, reached_with, keep_on=keep_on) if rest else None
    if later is None:
        return failing(writer, first, known)
    reached = test(writer, first)
    return any_of(failing(writer, first, known), both(reached if keep_on else negation(reached), later))


def _conditional(writer: Writer, expr: Conditional, known: Facts) -> Code | None:
    body = failing(writer, expr.body, known | facts(writer, expr.test, holds=True))
    orelse = failing(writer, expr.orelse, known | facts(writer, expr.test, holds=False))
    chosen = None
    if body is not None and orelse is not None:
        chosen = choice(writer.code(expr.test), body, orelse)
    elif body is not None:
        chosen = both(writer.code(expr.test), body)
    elif orelse is not None:
        chosen = both(negation(writer.code(expr.test)), orelse)
    return any_of(failing(writer, expr.test, known), chosen)


# --- loops ------------------------------------------------------------------------------------------------------


def _rounds(writer: Writer, generators: Sequence[Generator], results: Sequence[Expr], known: Facts) -> Code | None:
    """Whether some round of nested loops fails."""
    if not generators:
        return any_of(*(failing(writer, result, known) for result in results))
    first, *rest = generators
    unpacking = _unpacking(writer, first)
    found = loop(writer, first.target, first.items)
    inside = known | counted(found.inside, first, known)
    for condition in first.conditions:
        inside |= facts(found.inside, condition, holds=True)
    inner = _rounds(found.inside, rest, results, inside)
    for condition in reversed(first.conditions):
        reached = None if inner is None else both(found.inside.code(condition), inner)
        inner = any_of(failing(found.inside, condition, known), reached)
    some = None
    if inner is not None:
        some = block(found.bindings, call("exists", call("filter", found.array, function(found.parameters, inner))))
    return any_of(failing(writer, first.items, known), unpacking, some)


def _unpacking(writer: Writer, generator: Generator) -> Code | None:
    """Whether some element has another length than the names it is taken apart into. Of a tuple the type tells."""
    if not isinstance(generator.target, Unpack):
        return None
    of = element_type(generator.items.type)
    if all(isinstance(member, TupleType | NeverType) for member in members(of)):
        return None
    if kinds(of) != {"array"} or any(isinstance(target, Unpack) for target in generator.target.targets):
        raise cannot(generator.items, "whether these elements can be taken apart shows only at run time")
    _, item = writer.fresh("item")
    other = infix("!=", call("count", item), number(len(generator.target.targets)), COMPARISON)
    return call("exists", call("filter", elements(writer, generator.items), function([item], other)))


def _in_key(writer: Writer, expr: Expr, known: Facts) -> Code | None:
    """Whether the `key` of `sorted`, `min` or `max` fails for some element."""
    key = keyword(expr, "key") if isinstance(expr, Call) else None
    if not isinstance(expr, Call) or not isinstance(key, Function):
        return None
    inside, item = writer.fresh("item")
    inner = failing(inside.binding({key.parameter: Code(item, simple=True)}), key.body, known)
    if inner is None:
        return None
    if len(expr.arguments) == 1:
        values = elements(writer, expr.arguments[0])
        return call("exists", call("filter", values, function([item], inner)))
    tests = []
    for argument in expr.arguments:
        one = writer.let(
            [("item", argument)],
            lambda w, value: failing(w.binding({key.parameter: value}), key.body, known) or FALSE,
        )
        tests.append(one)
    return any_of(*tests)
