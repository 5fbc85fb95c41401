"""Statements, as the Python that they were."""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.azure.orchestrator.fanning import lower_map, lower_parallel, lower_race
from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.results import joined
from skyloom.deployers.azure.orchestrator.steps import lower_step
from skyloom.deployers.azure.orchestrator.writing import Lines, indented, placed, quoted, tuple_of
from skyloom.flows.expr.nodes import Bind, Expr, Literal, free_names
from skyloom.flows.expr.python import safe_name
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.rewrite import rewrite


def lower_block(lowering: Lowering, scope: Scope, block: ir.Block) -> Lines:
    """The lines of a block, which are never none."""
    lines: Lines = []
    while block:
        count = joined(lowering, scope.flow, block)
        lines += lower_statement(lowering, scope, block[0])
        block = block[count:]
    return lines or ["pass"]


def lower_statement(lowering: Lowering, scope: Scope, statement: ir.Statement) -> Lines:
    """The lines of a statement."""
    match statement:
        case ir.If():
            return _if(lowering, scope, statement)
        case ir.While():
            return _while(lowering, scope, statement)
        case ir.For():
            return _for(lowering, scope, statement)
        case ir.Try():
            return _try(lowering, scope, statement)
        case ir.Map():
            return lower_map(lowering, scope, statement, lower_block)
        case ir.Parallel():
            return lower_parallel(lowering, scope, statement, lower_block)
        case ir.Race():
            return lower_race(lowering, scope, statement, lower_block)
        case (
            ir.CallTask()
            | ir.CallPrompt()
            | ir.CallFlow()
            | ir.Sample()
            | ir.Sleep()
            | ir.Approval()
            | ir.WaitFor()
            | ir.Emit()
        ):
            return lower_step(lowering, scope, statement)
        case _:
            return placed([_simple(lowering, statement)], scope.place(statement.span), scope.depth)


_Simple = ir.Assign | ir.SetItem | ir.Append | ir.Extend | ir.Break | ir.Continue | ir.Return | ir.Raise | ir.Reraise


def _simple(lowering: Lowering, statement: _Simple) -> str:
    emit = lowering.expressions.emit
    match statement:
        case ir.Assign(variable=variable, value=value):
            return f"{safe_name(variable)} = {emit(value)}"
        case ir.SetItem(variable=variable, path=path, value=value):
            return f"{_at(lowering, variable, path)} = {emit(value)}"
        case ir.Append(variable=variable, path=path, value=value):
            return f"{_at(lowering, variable, path)}.append({emit(value)})"
        case ir.Extend(variable=variable, path=path, value=value):
            return f"{_at(lowering, variable, path)}.extend({emit(value)})"
        case ir.Break():
            return "break"
        case ir.Continue():
            return "continue"
        case ir.Return(value=Literal(value=None)):
            return "return None"
        case ir.Return(value=value):
            return f"return {emit(value)}"
        case ir.Raise(error=error, bases=bases, message=message):
            return f"raise {lowering.runtime('failure')}({quoted(error)}, {tuple_of(bases)}, {emit(message)})"
        case ir.Reraise(variable=variable):
            return f"raise {lowering.runtime('again')}({safe_name(variable)})"
        case _:
            assert_never(statement)


def _at(lowering: Lowering, variable: str, path: tuple[ir.Key, ...]) -> str:
    keys = (f"[{lowering.expressions.emit(key.index)}]" for key in path)
    return f"{safe_name(variable)}{''.join(keys)}"


# --- control ----------------------------------------------------------------------------------------------------------


def _compound(lowering: Lowering, scope: Scope, head: str, statement: ir.Statement, body: ir.Block) -> Lines:
    first = placed([head], scope.place(statement.span), scope.depth)
    return [*first, *indented(lower_block(lowering, scope.deeper(), body))]


def _if(lowering: Lowering, scope: Scope, statement: ir.If, word: str = "if") -> Lines:
    head = f"{word} {lowering.expressions.emit_test(statement.test)}:"
    lines = _compound(lowering, scope, head, statement, statement.body)
    match statement.orelse:
        case ():
            return lines
        case (ir.If() as other,):
            return [*lines, *_if(lowering, scope, other, "elif")]
        case block:
            return [*lines, "else:", *indented(lower_block(lowering, scope.deeper(), block))]


def _while(lowering: Lowering, scope: Scope, statement: ir.While) -> Lines:
    head = f"while {lowering.expressions.emit_test(statement.test)}:"
    if not ir.has_steps(statement.body):
        return _compound(lowering, scope, head, statement, statement.body)
    counter = lowering.names.fresh("iteration")
    inside, place = scope.counting(counter), scope.place(statement.span)
    counted = placed([f"{counter} += 1"], place, inside.depth)
    first = [*placed([f"{counter} = -1"], place, scope.depth), *placed([head], place, scope.depth)]
    return [*first, *indented([*counted, *lower_block(lowering, inside, statement.body)])]


def _for(lowering: Lowering, scope: Scope, statement: ir.For) -> Lines:
    target = lowering.expressions.emit_target(statement.target)
    if _changes_values(statement.body):
        # What is gone through is what was there at first.
        items = lowering.expressions.emit(statement.items)
    else:
        items = lowering.expressions.emit_items(statement.items, statement.target)
    if not ir.has_steps(statement.body):
        return _compound(lowering, scope, f"for {target} in {items}:", statement, statement.body)
    counter = lowering.names.fresh("iteration")
    element = target if isinstance(statement.target, Bind) else f"({target})"
    head = f"for {counter}, {element} in enumerate({items}):"
    first = placed([head], scope.place(statement.span), scope.depth)
    return [*first, *indented(lower_block(lowering, scope.counting(counter), statement.body))]


def _changes_values(block: ir.Block) -> bool:
    return any(isinstance(one, ir.SetItem | ir.Append | ir.Extend) for one in ir.walk(block))


# --- errors -----------------------------------------------------------------------------------------------------------


def _try(lowering: Lowering, scope: Scope, statement: ir.Try) -> Lines:
    if not statement.handlers and not statement.final:
        # What a pass has left of one: Python has no `try` alone.
        return lower_block(lowering, scope, (*statement.body, *statement.orelse))
    lines = _compound(lowering, scope, "try:", statement, statement.body)
    if statement.handlers:
        lines += _handlers(lowering, scope, statement.handlers)
    if statement.orelse:
        if statement.handlers:
            lines += ["else:", *indented(lower_block(lowering, scope.deeper(), statement.orelse))]
        else:
            lines += indented(lower_block(lowering, scope.deeper(), statement.orelse))
    if statement.final:
        body = lower_block(lowering, scope.deeper(2), statement.final)
        lines += ["finally:", *indented([f"if not {lowering.runtime('let_go')}():", *indented(body)])]
    return lines


def _handlers(lowering: Lowering, scope: Scope, handlers: tuple[ir.Handler, ...]) -> Lines:
    raised = lowering.raised
    errors = lowering.runtime("ERRORS")
    first, *_ = handlers
    if "Exception" in first.errors:
        bound = f" as {raised}" if _reads(first.body, first.variable) else ""
        head = placed([f"except {errors}{bound}:"], scope.place(first.span), scope.depth)
        return [*head, *indented(_handler(lowering, scope.deeper(), first, raised))]
    lines = [f"except {errors} as {raised}:"]
    word, inner = "if", scope.deeper()
    for handler in handlers:
        if "Exception" in handler.errors:
            body = _handler(lowering, inner.deeper(), handler, raised)
            return [*lines, *indented([*placed(["else:"], scope.place(handler.span), inner.depth), *indented(body)])]
        names = ", ".join(map(quoted, handler.errors))
        test = f"{word} {lowering.runtime('is_a')}({raised}, {names}):"
        body = _handler(lowering, inner.deeper(), handler, raised)
        lines += indented([*placed([test], scope.place(handler.span), inner.depth), *indented(body)])
        word = "elif"
    return [*lines, *indented(["else:", *indented(["raise"])])]


def _handler(lowering: Lowering, scope: Scope, handler: ir.Handler, raised: str) -> Lines:
    lines = lower_block(lowering, scope, handler.body)
    if not _reads(handler.body, handler.variable):
        return lines
    return [f"{safe_name(handler.variable)} = {lowering.runtime('error_of')}({raised})", *lines]


def _reads(block: ir.Block, variable: str) -> bool:
    found = any(isinstance(one, ir.Reraise) and one.variable == variable for one in ir.walk(block))

    def note(expr: Expr) -> Expr:
        nonlocal found
        found = found or variable in free_names(expr)
        return expr

    rewrite(block, note)
    return found
