"""Prompts: in their function; or, where the answer is plain text, asked by the machine itself.

The machine asks where nothing can be lost by it: the text of the question can be said in JSONata. An answer that is no
usable text (cut off, declined, empty), and whatever else goes wrong, goes to the function, which asks as it always
does, repairs and errors included.
"""

from __future__ import annotations

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import Catcher, Edge, Let, Task
from skyloom.deployers.aws.machine.hoisting import is_safe
from skyloom.deployers.aws.machine.invoking import PAYLOAD, invoke, retriers, step_context
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.output import Converse, ConverseModel, WorkflowSettings
from skyloom.deployers.aws.machine.steps import arguments, taken
from skyloom.deployers.aws.machine.values import (
    Constant,
    Record,
    Snippet,
    Value,
    listing,
    named,
    record,
    snippet,
    source,
)
from skyloom.deployers.carrying import payload_entry
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Call, Expr, Format, Literal, Name
from skyloom.flows.expr.types import STR, StrType
from skyloom.flows.ir.nodes import CallPrompt
from skyloom.flows.ir.program import PromptDefinition

RESOURCE = "arn:aws:states:::aws-sdk:bedrockruntime:converse"

_UNUSABLE = "['content_filtered', 'guardrail_intervened', 'max_tokens', 'model_context_window_exceeded']"
"""Reasons to stop with which an answer is not whole. https://docs.aws.amazon.com/bedrock/latest/APIReference/"""

_RETRY = {
    "ErrorEquals": [
        "BedrockRuntime.InternalServerException",
        "BedrockRuntime.ModelNotReadyException",
        "BedrockRuntime.ModelTimeoutException",
        "BedrockRuntime.ServiceUnavailableException",
        "BedrockRuntime.ThrottlingException",
    ],
    "IntervalSeconds": 1,
    "BackoffRate": 2,
    "MaxAttempts": 2,
    "JitterStrategy": "FULL",
}


def lower_prompt(lowering: Lowering, context: Context, step: CallPrompt, edge: Edge) -> Edge:
    """Asks a model."""
    prompt = lowering.program.prompts[step.prompt]
    given, edge = arguments(lowering, context, edge, step.arguments, step.prompt, step.span)
    model = lowering.settings.models.get(prompt.model)
    if model is None or step.target is None or not _can_be_asked(context, prompt):
        return _in_function(lowering, context, step, given, edge, step.id)
    return _by_machine(lowering, context, step, given, edge, model)


def may_be_asked(settings: WorkflowSettings, prompt: PromptDefinition) -> bool:
    """Whether the machine itself may ask the prompt."""
    return prompt.model in settings.models and isinstance(prompt.returns, StrType)


def _in_function(lowering: Lowering, context: Context, step: CallPrompt, given: Record, edge: Edge, label: str) -> Edge:
    prompt = lowering.program.prompts[step.prompt]
    edge = invoke(
        lowering,
        context,
        edge,
        label,
        step.span,
        function=lowering.settings.prompts[step.prompt],
        payload={
            "prompt": step.prompt,
            "arguments": given,
            **payload_entry(lowering.carried.of(context.flow.name, step.target, prompt.returns)),
            "context": step_context(context, step.id),
        },
        timeout=prompt.timeout,
        retry=retriers(prompt.retry),
        name=prompt.name,
    )
    return taken(context, edge, step.target, PAYLOAD)


# --- by the machine -----------------------------------------------------------------------------------------------


def _by_machine(
    lowering: Lowering, context: Context, step: CallPrompt, given: Record, edge: Edge, model: ConverseModel
) -> Edge:
    prompt = lowering.program.prompts[step.prompt]
    names: dict[str, str] = {}
    lets: list[Let] = []
    for parameter in prompt.parameters:
        value = given.entries.get(parameter.name, Constant(parameter.default))
        known = named(value)
        if known is None:
            known = context.scope.variable(f"{prompt.name}_{parameter.name}")
            lets.append(Let(known, value))
        names[parameter.name] = known
    task = lowering.node(
        Task,
        context,
        step.id,
        step.span,
        given=lets,
        resource=RESOURCE,
        arguments=record(_request(prompt, names, model)),
        timeout=Constant(prompt.timeout),
        retry=(_RETRY,),
        need=Converse(model.model),
    )
    edge.to(task)
    late, unusable = Catcher(("States.Timeout",), Edge()), Catcher(("States.ALL",), Edge())
    if prompt.retry.attempts < 2 and context.exits.errors is not None:
        task.catchers.append(late)
        context.exits.errors(late.edge, errors.timed_out(prompt.name, prompt.timeout), None)
    task.catchers.append(unusable)
    asked = _in_function(lowering, context, step, given, unusable.edge, f"{step.id} in its function")
    assert step.target is not None
    task.edge.lets.append(Let(context.names[step.target], _answer(), needed=True))
    met = lowering.met(context, step.id, step.span, [task.edge, asked])
    assert met is not None
    return met


def _request(prompt: PromptDefinition, names: dict[str, str], model: ConverseModel) -> dict[str, Value]:
    """The arguments of Converse."""
    turn = record({"Role": "user", "Content": listing([record({"Text": source(prompt.template, names)})])})
    request: dict[str, Value] = {"ModelId": Constant(model.model), "Messages": listing([turn])}
    if prompt.system is not None:
        request["System"] = listing([record({"Text": source(prompt.system, names)})])
    settings = {"Temperature": prompt.temperature, "MaxTokens": prompt.max_tokens}
    kept = {name: value for name, value in settings.items() if value is not None}
    if kept:
        request["InferenceConfig"] = Constant(kept)
    return request


def _answer() -> Snippet:
    """The text of the answer; an error where there is none that can be used."""
    nowhere = Span(0, 0, 0, 0)
    said = Name(span=nowhere, type=STR, name="said")
    stripped = Call(span=nowhere, type=STR, function="str.strip", arguments=(said,))
    text = JsonataEmitter().emit(stripped)
    return snippet(
        "($said := $join($states.result.Output.Message.Content.Text); ",
        f"$text := {text}; ",
        f"$text = '' or $contains($text, '</think>') or $states.result.StopReason in {_UNUSABLE} ",
        "? $error('no usable answer') : $text)",
    )


def _can_be_asked(context: Context, prompt: PromptDefinition) -> bool:
    """Whether the machine can say the question, and the answer is taken as text."""
    names = [parameter.name for parameter in prompt.parameters]
    texts = [prompt.template, *([prompt.system] if prompt.system is not None else [])]
    return isinstance(prompt.returns, StrType) and all(
        _is_never_blank(text) and is_safe(context, text, names) for text in texts
    )


def _is_never_blank(text: Expr) -> bool:
    """Whether there is something in the text whatever its holes hold: blank texts are refused by the service."""
    match text:
        case Literal(value=str() as fixed):
            return bool(fixed.strip())
        case Format(parts=parts):
            return any(map(_is_never_blank, parts))
        case _:
            return False
