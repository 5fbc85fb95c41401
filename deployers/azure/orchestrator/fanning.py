"""Maps, parallel branches and races: functions of their own, which see the variables around them."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.steps import called
from skyloom.deployers.azure.orchestrator.writing import Lines, call, indented, placed, quoted
from skyloom.flows.expr.nodes import Bind, Expr, Literal, Name, Unary
from skyloom.flows.expr.python import safe_name
from skyloom.flows.expr.types import BoolType
from skyloom.flows.ir import nodes as ir

Block = Callable[[Lowering, Scope, ir.Block], Lines]


def lower_parallel(lowering: Lowering, scope: Scope, step: ir.Parallel, block: Block) -> Lines:
    """Branches side by side."""
    lowering.explain(scope.place(step.span), "branches side by side", step.id, "their own steps")
    return _branches(lowering, scope, step, "parallel", block)


def lower_race(lowering: Lowering, scope: Scope, step: ir.Race, block: Block) -> Lines:
    """Branches of which the first to end decides."""
    lowering.explain(scope.place(step.span), "branches, the first to end decides", step.id, "their own steps")
    return _branches(lowering, scope, step, "race", block)


def _branches(lowering: Lowering, scope: Scope, step: ir.Parallel | ir.Race, method: str, block: Block) -> Lines:
    lines: Lines = []
    bodies = []
    for number, branch in enumerate(step.branches):
        short = _lambda(lowering, scope, branch)
        if short is None:
            short = lowering.names.fresh(f"{step.id}_branch_{number + 1}")
            lines += _function(lowering, scope, short, [], branch.body, branch.result, [], block)
        bodies.append(short)
    return [*lines, *_call(lowering, scope, step, method, bodies)]


def lower_map(lowering: Lowering, scope: Scope, step: ir.Map, block: Block) -> Lines:
    """A function for the items, and the map."""
    lowering.explain(scope.place(step.span), "items side by side", step.id, "their own steps for each item")
    name = lowering.names.fresh(f"{step.id}_item")
    first: Lines = []
    if isinstance(step.over, Bind):
        parameter = safe_name(step.over.name)
    else:
        parameter = lowering.names.fresh("item")
        first.append(f"{lowering.expressions.emit_target(step.over)} = {parameter}")
    if step.condition is not None:
        left_out = Unary(span=step.condition.span, type=BoolType(), operator="not", operand=step.condition)
        first += [
            f"if {lowering.expressions.emit_test(left_out)}:",
            *indented([f"return {lowering.runtime('LEFT_OUT')}"]),
        ]
    lines = _function(lowering, scope, name, [parameter], step.body, step.result, first, block)
    limit = lowering.settings.width if step.limit is None else step.limit
    items = lowering.expressions.emit(step.items)
    return [*lines, *_call(lowering, scope, step, "map", [items, name, f"limit={limit}"])]


def _call(lowering: Lowering, scope: Scope, step: ir.Step, method: str, arguments: list[str]) -> Lines:
    target = "" if step.target is None else f"{safe_name(step.target)} = "
    before = f"{target}yield from {lowering.run}.{method}("
    lines = call(before, [quoted(step.id), *arguments], depth=scope.depth)
    return placed(lines, scope.place(step.span), scope.depth)


def _lambda(lowering: Lowering, scope: Scope, branch: ir.Branch) -> str | None:
    """A branch that is one call, whose result it gives."""
    match branch:
        case ir.Branch(body=(ir.CallTask() | ir.CallPrompt() | ir.CallFlow() | ir.Sleep() as step,)):
            pass
        case ir.Branch(body=(ir.Approval() | ir.WaitFor() as step,)):
            pass
        case _:
            return None
    match branch.result:
        case Name(name=name) if name == step.target:
            pass
        case Literal(value=None) if step.target is None and isinstance(step, ir.Sleep):
            pass
        case _:
            return None
    method, arguments = called(lowering, scope, step)
    return f"lambda {lowering.run}: {lowering.run}.{method}({', '.join(arguments)})"


def _function(
    lowering: Lowering,
    scope: Scope,
    name: str,
    parameters: list[str],
    body: ir.Block,
    result: Expr,
    first: Lines,
    block: Block,
) -> Lines:
    inner = block(lowering, scope.deeper(), body) if body else []
    head = f"def {name}({', '.join([lowering.run, *parameters])}):"
    ends = [f"return {lowering.expressions.emit(result)}"]
    return ["", head, *indented([*first, *inner, *ends]), ""]
