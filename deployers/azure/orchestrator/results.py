"""Where the results of steps go: to a variable, to several at once, or out of the flow.

The front end gives the result of a call that stands in an expression to a variable of its own, `_search`. Where such a
variable is only returned, or only taken apart, it is not needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from skyloom.deployers.azure.orchestrator.lowering import Lowering
from skyloom.deployers.azure.orchestrator.writing import INDENT, WIDTH, Lines, call, indented
from skyloom.flows.expr.nodes import Expr, Item, Literal, Name
from skyloom.flows.expr.python import safe_name
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.ir.rewrite import rewrite

_RETURN = "return "


def taken(lowering: Lowering, step: ir.Step, start: str, arguments: Sequence[str], depth: int) -> Lines:
    """A step's call, `start` up to its opening bracket, and where its result goes."""
    own = "" if step.target is None else f"{safe_name(step.target)} = "
    before = lowering.results.get(id(step), own)
    if before != _RETURN:
        return call(f"{before}{start}", arguments, depth=depth)
    line = f"return ({start}{', '.join(arguments)}))"
    if len(line) + len(INDENT) * depth <= WIDTH:
        return [line]
    return ["return (", *indented(call(start, arguments, depth=depth + 1)), ")"]


def joined(lowering: Lowering, flow: FlowDefinition, block: ir.Block) -> int:
    """How many statements at the head of a block are one of Python: a step and what is done with its result."""
    match block:
        case (ir.Sample(), *_):
            return 1
        case (ir.Step(target=str() as target) as step, ir.Return(value=Name(name=name)), *_) if name == target:
            return 2 if returned(lowering, flow, step) else 1
        case (ir.Parallel(target=str() as target) as step, *after) if _is_own(target):
            names = _parts(step, tuple(after))
            if names and _reads(lowering, flow)[target] == len(names):
                lowering.results[id(step)] = f"{', '.join(names)} = "
                return 1 + len(names)
    return 1


def returned(lowering: Lowering, flow: FlowDefinition, step: ir.Step) -> bool:
    """Has a step's result returned at once, where nothing but that reads it."""
    if step.target is None or not _is_own(step.target) or _reads(lowering, flow)[step.target] != 1:
        return False
    lowering.results[id(step)] = _RETURN
    return True


def _is_own(variable: str) -> bool:
    """Whether the front end may have made the variable."""
    return variable.startswith("_")


def _parts(step: ir.Parallel, after: ir.Block) -> list[str]:
    """The variables to which the branches' results go, each one by itself; none where it is otherwise."""
    names = []
    for number, statement in enumerate(after[: len(step.branches)]):
        match statement:
            case ir.Assign(variable=variable, value=Item(object=Name(name=name), index=Literal(value=index))):
                if name == step.target and index == number:
                    names.append(safe_name(variable))
    return names if len(set(names)) == len(step.branches) > 1 else []


def _reads(lowering: Lowering, flow: FlowDefinition) -> Counter[str]:
    """How often each name stands in the expressions of a flow."""
    known = lowering.reads.get(flow.name)
    if known is None:
        known = lowering.reads[flow.name] = Counter()

        def note(expr: Expr) -> Expr:
            if isinstance(expr, Name):
                known[expr.name] += 1
            return expr

        rewrite(flow.body, note)
    return known
