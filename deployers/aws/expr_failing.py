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
from skyloom.deployers.aws.expr_failures import own_failure
from skyloom.deployers.aws.expr_kinds import element_type, kinds
from skyloom.deployers.aws.expr_loops import elements, loop
from skyloom.deployers.aws.expr_ordering import keyword
from skyloom.deployers.aws.expr_truth import test
from skyloom.deployers.aws.expr_writer import Writer, cannot
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


def failing(writer: Writer, expr: Expr) -> Code | None:
    """The test; None where nothing can go wrong."""
    match expr:
        case Logic(operands=operands):
            return _logic(writer, operands, keep_on=expr.operator == "and")
        case Conditional():
            return _conditional(writer, expr)
        case Comprehension(key=key, element=result):
            return _rounds(writer, expr.generators, (result,) if key is None else (key, result))
        case _:
            inner = [failing(writer, child) for child in children(expr) if not isinstance(child, Function)]
            return any_of(*inner, own_failure(writer, expr), _in_key(writer, expr))


def any_of(*tests: Code | None) -> Code | None:
    """Whether one of the tests is true, asked in order."""
    different = {code.text: code for code in tests if code is not None}
    return either(*different.values()) if different else None


def _logic(writer: Writer, operands: Sequence[Expr], *, keep_on: bool) -> Code | None:
    """`and` and `or`: a later operand is reached when the earlier ones were all true (or, all false)."""
    first, *rest = operands
    later = _logic(writer, rest, keep_on=keep_on) if rest else None
    if later is None:
        return failing(writer, first)
    reached = test(writer, first)
    return any_of(failing(writer, first), both(reached if keep_on else negation(reached), later))


def _conditional(writer: Writer, expr: Conditional) -> Code | None:
    body, orelse = failing(writer, expr.body), failing(writer, expr.orelse)
    chosen = None
    if body is not None and orelse is not None:
        chosen = choice(writer.code(expr.test), body, orelse)
    elif body is not None:
        chosen = both(writer.code(expr.test), body)
    elif orelse is not None:
        chosen = both(negation(writer.code(expr.test)), orelse)
    return any_of(failing(writer, expr.test), chosen)


# --- loops ------------------------------------------------------------------------------------------------------


def _rounds(writer: Writer, generators: Sequence[Generator], results: Sequence[Expr]) -> Code | None:
    """Whether some round of nested loops fails."""
    if not generators:
        return any_of(*(failing(writer, result) for result in results))
    first, *rest = generators
    unpacking = _unpacking(writer, first)
    found = loop(writer, first.target, first.items)
    inner = _rounds(found.inside, rest, results)
    for condition in reversed(first.conditions):
        reached = None if inner is None else both(found.inside.code(condition), inner)
        inner = any_of(failing(found.inside, condition), reached)
    some = None
    if inner is not None:
        some = block(found.bindings, call("exists", call("filter", found.array, function(found.parameters, inner))))
    return any_of(failing(writer, first.items), unpacking, some)


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


def _in_key(writer: Writer, expr: Expr) -> Code | None:
    """Whether the `key` of `sorted`, `min` or `max` fails for some element."""
    key = keyword(expr, "key") if isinstance(expr, Call) else None
    if not isinstance(expr, Call) or not isinstance(key, Function):
        return None
    inside, item = writer.fresh("item")
    inner = failing(inside.binding({key.parameter: Code(item, simple=True)}), key.body)
    if inner is None:
        return None
    if len(expr.arguments) == 1:
        values = elements(writer, expr.arguments[0])
        return call("exists", call("filter", values, function([item], inner)))
    tests = []
    for argument in expr.arguments:
        one = writer.let(
            [("item", argument)],
            lambda w, value: failing(w.binding({key.parameter: value}), key.body) or FALSE,
        )
        tests.append(one)
    return any_of(*tests)
