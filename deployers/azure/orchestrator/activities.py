"""Activities: a constant of the module for each task and prompt that a flow calls."""

from __future__ import annotations

from dataclasses import fields

from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.writing import call, number, quoted, value
from skyloom.deployers.fused import kind_of
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import PromptDefinition, RetryPolicy, TaskDefinition

_DEFAULTS = RetryPolicy()


def activity(lowering: Lowering, scope: Scope, step: ir.CallTask | ir.CallPrompt) -> str:
    """The source of the activity that a step calls, with how its result travels."""
    if isinstance(step, ir.CallTask):
        task = lowering.program.tasks[step.task]
        name = _constant(lowering, kind_of(task), task, lowering.settings.tasks.get(step.task, step.task))
        callee: TaskDefinition | PromptDefinition = task
    else:
        callee = lowering.program.prompts[step.prompt]
        name = _constant(lowering, "prompt", callee, lowering.settings.prompts.get(step.prompt, step.prompt))
    carry = lowering.carried.of(scope.flow.name, step.target, callee.returns)
    if carry.kind == "inline":
        return name
    looks = "" if carry.looks is False else f", {value(carry.looks)}"
    return f"{name}.carried({quoted(carry.kind)}{looks})"


def _constant(lowering: Lowering, kind: str, callee: TaskDefinition | PromptDefinition, function: str) -> str:
    known = lowering.activities.get((kind, callee.name))
    if known is not None:
        return known
    name = lowering.activities[kind, callee.name] = lowering.names.fresh(callee.name.upper())
    own = [f"function={quoted(function)}"] if function != callee.name else []
    arguments = [quoted(callee.name), number(callee.timeout), *own, *_policy(callee.retry)]
    lowering.activity_sources[name] = call(f"{name} = {lowering.runtime(kind)}(", arguments)
    return name


def _policy(retry: RetryPolicy) -> list[str]:
    """What a policy says otherwise than by default; without attempts nothing of it counts."""
    if retry.attempts == 1:
        return []
    said = ((field.name, getattr(retry, field.name)) for field in fields(RetryPolicy))
    told = ((name, of) for name, of in said if of != getattr(_DEFAULTS, name))
    return [f"{name}={number(of) if isinstance(of, float) else value(of)}" for name, of in told]
