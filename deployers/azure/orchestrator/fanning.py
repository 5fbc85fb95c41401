"""Maps, parallel branches and races: functions of their own, which see the variables around them."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.results import returned, taken
from skyloom.deployers.azure.orchestrator.steps import called
from skyloom.deployers.azure.orchestrator.writing import Lines, indented, placed
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
        short = _lambda(lowering, scope, branch.body, branch.result)
        if short is None:
            short = lowering.names.fresh(f"{step.id}_branch_{number + 1}")
            lines += _function(lowering, scope, short, [], branch.body, branch.result, [], block)
        bodies.append(short)
    return [*lines, *_call(lowering, scope, step, method, bodies)]


def lower_map(lowering: Lowering, scope: Scope, step: ir.Map, block: Block) -> Lines:
    """A function for the items, and the map."""
    lowering.explain(scope.place(step.span), "items side by side", step.id, "their own steps for each item")
    limit = lowering.settings.width if step.limit is None else step.limit
    items = lowering.expressions.emit(step.items)
    if isinstance(step.over, Bind) and step.condition is None:
        short = _lambda(lowering, scope, step.body, step.result, safe_name(step.over.name))
        if short is not None:
            return _call(lowering, scope, step, "map", [items, short, f"limit={limit}"])
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
    return [*lines, *_call(lowering, scope, step, "map", [items, name, f"limit={limit}"])]


def _call(lowering: Lowering, scope: Scope, step: ir.Step, method: str, arguments: list[str]) -> Lines:
    start = f"yield from {lowering.run}.{method}("
    lines = taken(lowering, step, start, [scope.step(step.id), *arguments], scope.depth)
    return placed(lines, scope.place(step.span), scope.depth)


def _lambda(lowering: Lowering, scope: Scope, body: ir.Block, result: Expr, parameter: str = "") -> str | None:
    """A branch or a map's body that is one call, whose result it gives."""
    match body:
        case (ir.CallTask() | ir.CallPrompt() | ir.CallFlow() | ir.Sleep() | ir.Approval() | ir.WaitFor() as step,):
            pass
        case _:
            return None
    match result:
        case Name(name=name) if name == step.target:
            pass
        case Literal(value=None) if step.target is None and isinstance(step, ir.Sleep):
            pass
        case _:
            return None
    method, arguments = called(lowering, scope.function(), step)
    own = f"{lowering.run}, {parameter}" if parameter else lowering.run
    return f"lambda {own}: {lowering.run}.{method}({', '.join(arguments)})"


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
    head = f"def {name}({', '.join([lowering.run, *parameters])}):"
    ends = [f"return {lowering.expressions.emit(result)}"]
    match body, result:
        case (*_, ir.Step(target=target) as last), Name(name=given) if given == target and not isinstance(
            last, ir.Sample
        ):
            ends = [] if returned(lowering, scope.flow, last) else ends
    inner = block(lowering, scope.function(), body) if body else []
    return ["", head, *indented([*first, *inner, *ends]), ""]
