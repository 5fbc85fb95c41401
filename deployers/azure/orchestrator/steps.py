"""Steps: a call of the run each, whose result goes to a variable."""

from __future__ import annotations

from typing import assert_never

from skyloom.deployers.azure.orchestrator.activities import activity
from skyloom.deployers.azure.orchestrator.conversions import conversion
from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.results import taken
from skyloom.deployers.azure.orchestrator.writing import Lines, placed, value
from skyloom.deployers.forms import form_schema
from skyloom.deployers.schemas import schema_of
from skyloom.flows.expr.nodes import Expr, Literal
from skyloom.flows.expr.python import safe_name
from skyloom.flows.expr.types import Type
from skyloom.flows.ir import nodes as ir

Simple = ir.CallTask | ir.CallPrompt | ir.CallFlow | ir.Sample | ir.Sleep | ir.Approval | ir.WaitFor | ir.Emit


def lower_step(lowering: Lowering, scope: Scope, step: Simple) -> Lines:
    """The lines of a step without statements inside."""
    method, arguments = called(lowering, scope, step)
    waits = "" if isinstance(step, ir.Sample) else "yield from "
    lines = taken(lowering, step, f"{waits}{lowering.run}.{method}(", arguments, scope.depth)
    return placed(lines, scope.place(step.span), scope.depth)


def called(lowering: Lowering, scope: Scope, step: Simple) -> tuple[str, list[str]]:
    """The method of the run that carries out a step, and its arguments."""
    emit, name, place = lowering.expressions.emit, scope.step(step.id), scope.place(step.span)
    match step:
        case ir.CallTask() | ir.CallPrompt():
            given = _arguments(lowering, step)
            lowering.explain(place, _kind(lowering, step), step.id, "1 activity")
            return "call", [name, activity(lowering, scope, step), *given]
        case ir.CallFlow():
            lowering.explain(place, f"flow {step.flow}, in the same orchestration", step.id, "its own steps")
            return "flow", [name, lowering.flows[step.flow], *_flow_arguments(lowering, step)]
        case ir.Sample(function=function):
            lowering.explain(place, "taken by the orchestration", step.id, "-")
            return function, []
        case ir.Sleep(seconds=seconds):
            lowering.explain(place, "durable timer", step.id, "1 timer")
            return "sleep", [name, emit(seconds)]
        case ir.Approval():
            lowering.waits = True
            lowering.explain(place, "wait for somebody's decision", step.id, "1 activity, 1 event")
            return "approval", [name, *_approval(lowering, step)]
        case ir.WaitFor():
            lowering.waits = True
            lowering.explain(place, "wait for an event", step.id, "1 activity, 1 event")
            return "wait_for", [name, *_wait_for(lowering, step)]
        case ir.Emit(event=event, payload=payload, key=key):
            lowering.emits = True
            lowering.explain(place, "event, published by an activity", step.id, "1 activity")
            return "emit", [name, emit(event), emit(payload), *([] if key is None else [emit(key)])]
        case _:
            assert_never(step)


def _kind(lowering: Lowering, step: ir.CallTask | ir.CallPrompt) -> str:
    fused = lowering.program.tasks[step.task].fused if isinstance(step, ir.CallTask) else None
    if fused is None:
        return "activity"
    return f"activity, for {fused.title}{'' if fused.slice is None else f' of up to {fused.slice.size} items'}"


def _arguments(lowering: Lowering, step: ir.CallTask | ir.CallPrompt) -> list[str]:
    """An argument of the parameter's own type crosses as it is: the activity reads it by that type."""
    program = lowering.program
    callee = program.tasks[step.task] if isinstance(step, ir.CallTask) else program.prompts[step.prompt]
    types = {parameter.name: parameter.type for parameter in callee.parameters}
    texts = []
    for argument in step.arguments:
        if argument.value.type == types[argument.name]:
            texts.append(f"{argument.name}={lowering.expressions.emit(argument.value)}")
        else:
            texts.append(f"{argument.name}={converted(lowering, argument.value, types[argument.name])}")
    return texts


def _flow_arguments(lowering: Lowering, step: ir.CallFlow) -> list[str]:
    """In the order of the call: the first that fails decides with which error. Defaults behind."""
    parameters = {parameter.name: parameter for parameter in lowering.program.flows[step.flow].parameters}
    texts = []
    for argument in step.arguments:
        parameter = parameters.pop(argument.name)
        texts.append(f"{safe_name(argument.name)}={converted(lowering, argument.value, parameter.type)}")
    defaults = (f"{safe_name(name)}={value(parameter.default)}" for name, parameter in parameters.items())
    return [*texts, *defaults]


def converted(lowering: Lowering, expr: Expr, of: Type) -> str:
    """The source of an expression whose value crosses to a place of a type."""
    text, convert = lowering.expressions.emit(expr), conversion(lowering, of)
    if convert is None or (isinstance(expr, Literal) and isinstance(expr.value, str | bool | None)):
        return text
    return f"{convert}({text})"


def _approval(lowering: Lowering, step: ir.Approval) -> list[str]:
    emit = lowering.expressions.emit
    given: dict[str, Expr | None] = {
        "show": step.show,
        "to": step.to,
        "timeout": step.timeout,
        "default": step.default,
    }
    texts = [emit(step.message), *(f"{name}={emit(expr)}" for name, expr in given.items() if expr is not None)]
    if step.form is not None:
        schema = form_schema(step.form, lowering.program.models)
        texts.append(f"form={constant(lowering, f'{step.form}_FORM', schema)}")
    return texts


def _wait_for(lowering: Lowering, step: ir.WaitFor) -> list[str]:
    emit = lowering.expressions.emit
    texts = [emit(step.event)]
    texts += [f"{name}={emit(e)}" for name, e in (("key", step.key), ("timeout", step.timeout)) if e is not None]
    schema = schema_of(step.payload, lowering.program.models)
    return [*texts, f"payload={constant(lowering, f'{step.id}_PAYLOAD', schema)}"]


def constant(lowering: Lowering, wish: str, of: object) -> str:
    """The name of a constant of the module, which is there once; small ones stand where they are used."""
    source = value(of)
    if len(source) <= 30:
        return source
    for name, known in lowering.constants.items():
        if known == source:
            return name
    name = lowering.names.fresh(wish.upper())
    lowering.constants[name] = source
    return name
