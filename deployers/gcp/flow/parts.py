"""Variables that are set once, and what is read in the place where it stands already instead of being copied."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.invoking import ANSWER
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.uses import uses
from skyloom.deployers.gcp.steps import Call, Try
from skyloom.deployers.own_variables import assigned
from skyloom.flows.expr.nodes import Expr, Item, Literal, Name
from skyloom.flows.ir.nodes import Assign, Branch, Parallel

_ANSWER = re.compile(r"\$\{(\w+)" + re.escape(ANSWER) + r"\}")


def is_set_once(context: Context, name: str) -> bool:
    """Whether one statement sets a variable, which is no parameter and bound by no loop."""
    known = uses(context.flow.body)
    given = any(parameter.name == name for parameter in context.flow.parameters)
    return not given and len(known.setters.get(name, ())) == 1 and name not in known.outermost


def place_of(context: Context, value: Expr, before: Sequence[Lowered], text: str | None) -> str | None:
    """Where a value can be read from now on; None where it has to be kept. `before` are the steps to it, `text` is the
    expression that gives it behind them."""
    match value, before:
        case _, [*_, Try(steps=(Call(result=str(answer)),))]:
            return text if text == answer + ANSWER else None
        case Item(object=Name(name=name), index=Literal(value=int())), []:
            return text if is_set_once(context, name) else None
        case _:
            return None


def part_of(context: Context, value: Expr) -> str | None:
    """Where the result of a branch is read, if `value` is one that no list of results holds."""
    match value:
        case Item(object=Name(name=name), index=Literal(value=int(position))) if name in context.frame.parts:
            return context.frame.parts[name][position]
        case _:
            return None


def is_taken_apart(context: Context, step: Parallel) -> bool:
    """Whether the results of branches are only ever read one by one, by assignments that stand in no other statement:
    then nobody needs the list of them."""
    body = context.flow.body
    if step.target is None or not any(one is step for one in body) or not is_set_once(context, step.target):
        return False
    taking = {id(one.value) for one in body if isinstance(one, Assign) and is_set_once(context, one.variable)}
    return all(
        id(root) in taking and _is_item(root, len(step.branches)) for root in uses(body).readers.get(step.target, ())
    )


def _is_item(value: Expr, count: int) -> bool:
    match value:
        case Item(object=Name(), index=Literal(value=int(position))):
            return 0 <= position < count
        case _:
            return False


def own_answer(inside: Context, branch: Branch, before: Sequence[Lowered], result: object) -> str | None:
    """The variable with the answer of a function that a branch's result is read in, where the branch sets it itself."""
    found = _ANSWER.fullmatch(result) if isinstance(result, str) and not before else None
    if found is None:
        return None
    own = {inside.places[name] for name in assigned(branch.body)}
    return found[1] if found[1] + ANSWER in own else None
