"""Prompts: in their function; or, where the answer is plain text, asked by the workflow itself.

The workflow asks where nothing can be lost by it: the text of the question can be said in expressions. An answer that
is no usable text (cut off, declined, empty), and whatever else goes wrong, goes to the function, which asks as it
always does, repairs and errors included.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.flow.context import Context, Exits, Frame
from skyloom.deployers.gcp.flow.evaluating import Root, probe
from skyloom.deployers.gcp.flow.invoking import arguments, invoke
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import AskModel, VertexModel, WorkflowSettings
from skyloom.deployers.gcp.flow.shared import in_python
from skyloom.deployers.gcp.flow.texts import expression, literal, quoted
from skyloom.deployers.gcp.steps import (
    Assign,
    Call,
    Case,
    Names,
    Parameter,
    Raise,
    Retry,
    Return,
    Subworkflow,
    Switch,
    Try,
)
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Span, TaskTimedOut
from skyloom.flows.expr.nodes import Call as CallExpr
from skyloom.flows.expr.nodes import Expr, Format, Literal, Name
from skyloom.flows.expr.types import STR, StrType
from skyloom.flows.ir.nodes import CallPrompt
from skyloom.flows.ir.program import Program, PromptDefinition
from skyloom.flows.outcome import ErrorValue

Json = Any

STRIP = "text_of_an_answer"
"""The identifier of the expression that strips an answer."""

_LONGEST_NUMBER = 4
"""Digits that tell variables of one name apart."""

_MODELS = (
    '"https://" + host + "/v1/projects/" + sys.get_env("GOOGLE_CLOUD_PROJECT_ID")'
    ' + "/locations/" + location + "/publishers/google/models/" + model + ":generateContent"'
)
"""Where models are asked, as `adapters.llm.vertex` asks."""


def asked_by_workflow(program: Program, settings: WorkflowSettings) -> frozenset[str]:
    """The prompts that the workflow asks by itself: it has the model, takes nothing but text, and can say the question
    in expressions."""
    return frozenset(name for name, prompt in program.prompts.items() if _is_asked(program, settings, prompt))


def _is_asked(program: Program, settings: WorkflowSettings, prompt: PromptDefinition) -> bool:
    if prompt.model not in settings.models or not isinstance(prompt.returns, StrType):
        return False
    frame = Frame(Names(), Names())
    # As long as the longest that stand for parameters: an expression has a largest length.
    places = {p.name: frame.variable(f"{prompt.name}_{p.name}_{'x' * _LONGEST_NUMBER}") for p in prompt.parameters}
    exits = Exits(returns=lambda context, value, span: [])
    inside = Context(flow=program.flow, places=places, frame=frame, exits=exits)
    texts = _texts(prompt)
    return all(probe(inside, Root(name, text)).is_plain for name, text in texts.items()) and all(
        map(_is_never_blank, texts.values())
    )


def _texts(prompt: PromptDefinition) -> dict[str, Expr]:
    return {"question": prompt.template} | ({} if prompt.system is None else {"system": prompt.system})


def lower_prompt(lowering: Lowering, context: Context, step: CallPrompt) -> list[Lowered]:
    """Asks a model."""
    prompt = lowering.program.prompts[step.prompt]
    before, given = arguments(lowering, context, step.arguments, step.prompt, step.span)
    if step.target is not None and prompt.name in lowering.asked:
        asked = _by_workflow(lowering, context, step, given, lowering.settings.models[prompt.model])
        if asked is not None:
            return [*before, *asked]
    return [*before, *_in_function(lowering, context, step, given)]


def _in_function(lowering: Lowering, context: Context, step: CallPrompt, given: dict[str, Json]) -> list[Lowered]:
    return invoke(
        lowering,
        context,
        step.id,
        step.span,
        function=lowering.settings.prompts[step.prompt],
        body={"prompt": step.prompt, "arguments": given},
        callee=lowering.program.prompts[step.prompt],
        target=step.target,
    )


# --- by the workflow ----------------------------------------------------------------------------------------------


def _by_workflow(
    lowering: Lowering, context: Context, step: CallPrompt, given: dict[str, Json], model: VertexModel
) -> list[Lowered] | None:
    """The question, and what is done with the answer; None where the workflow cannot say the question exactly."""
    prompt = lowering.program.prompts[step.prompt]
    at = context.at(step.span)
    places = {p.name: context.variable(f"{step.id}_{p.name}") for p in prompt.parameters}
    inside = replace(context, places=places)
    found = {name: probe(inside, Root(name, text)) for name, text in _texts(prompt).items()}
    if not all(one.is_plain for one in found.values()):
        return None
    pairs = [
        *((place, given[name] if name in given else literal(_default(prompt, name))) for name, place in places.items()),
        *(pair for one in found.values() for pair in one.ways[0].pairs),
    ]
    lowering.needs.add(AskModel(model.model))
    answer = context.variable(f"{step.id}_said")
    ask = Call(
        name=context.step(step.id),
        at=at,
        function=lowering.share("run_model", lambda name: _run_model(lowering, name)),
        arguments={
            "model": model.model,
            "host": model.host,
            "location": model.location,
            "request": _request(prompt, {name: one.ways[0].value for name, one in found.items()}),
            "seconds": math.ceil(prompt.timeout),
            "late": _late(prompt),
        },
        result=answer,
    )
    assert step.target is not None
    place = context.places[step.target]
    taken = Assign(name=context.step(f"set_{step.target}"), at=at, pairs=((place, expression(answer)),))
    unusable = context.settled(_in_function(lowering, context, step, given))
    cases = (
        Case(condition=expression(f"{answer} == null"), steps=unusable),
        Case(condition=True, steps=(taken,)),
    )
    prepared = [Assign(name=context.step(f"{step.id}_question"), at=at, pairs=tuple(pairs))] if pairs else []
    return [*prepared, ask, Switch(name=context.step(f"if_{step.id}_said_nothing"), at=at, cases=cases)]


def _default(prompt: PromptDefinition, name: str) -> Json:
    return next(parameter.default for parameter in prompt.parameters if parameter.name == name)


def _late(prompt: PromptDefinition) -> Json:
    """The error when the time is over; null where the policy may have another attempt made."""
    if prompt.retry.attempts > 1:
        return None
    return ErrorValue.of(TaskTimedOut(f"{prompt.name} ran longer than {prompt.timeout:g} s")).to_json()


def _request(prompt: PromptDefinition, texts: dict[str, Json]) -> dict[str, Json]:
    """The body of generateContent. https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference"""
    request: dict[str, Json] = {"contents": [{"role": "user", "parts": [{"text": texts["question"]}]}]}
    if "system" in texts:
        request["systemInstruction"] = {"parts": [{"text": texts["system"]}]}
    settings = {"temperature": prompt.temperature, "maxOutputTokens": prompt.max_tokens}
    kept = {name: value for name, value in settings.items() if value is not None}
    return request | ({"generationConfig": kept} if kept else {})


def _run_model(lowering: Lowering, name: str) -> Subworkflow:
    """Asks a model; gives its text, or null where there is none that can be used."""
    ask = Call(
        name="ask",
        function="http.post",
        arguments={
            "url": expression(_MODELS),
            "auth": {"type": "OAuth2"},
            "timeout": expression("seconds"),
            "body": expression("request"),
        },
        result="answer",
    )
    is_late = expression('late != null and "TimeoutError" in default(map.get(e, "tags"), [])')
    failed = Switch(
        name="if_late",
        cases=(Case(condition=is_late, steps=(Raise(name="too_late", value=expression("late")),)),),
    )
    nothing = Return(name="failed", value=None)
    retry = Retry(
        predicate=expression("http.default_retry_predicate_non_idempotent"),
        max_retries=2,
        initial_delay=1,
        max_delay=2,
        multiplier=2,
    )
    asking = Try(name="ask", steps=(ask,), retry=retry, caught="e", handler=(failed, nothing))
    useless = [
        'map.get(answer, ["body", "candidates"]) == null',
        "len(answer.body.candidates) != 1",
        f'map.get(answer.body.candidates[0], "finishReason") != {quoted("STOP")}',
        'map.get(answer.body.candidates[0], ["content", "parts"]) == null',
        "len(answer.body.candidates[0].content.parts) != 1",
        'map.get(answer.body.candidates[0].content.parts[0], "text") == null',
        'map.get(answer.body.candidates[0].content.parts[0], "thought") != null',
    ]
    text = "answer.body.candidates[0].content.parts[0].text"
    pairs = (("said", expression(text)), ("stripped", expression(_strip())))
    thinks = ['stripped == ""', f"text.match_regex(said, {quoted('</think>')})"]
    # What begins and ends with a visible sign of ASCII has no blank there that only Python knows.
    visible = 'text.match_regex(stripped, "^[!-~]") and text.match_regex(stripped, "[!-~]$")'
    plain = Case(condition=expression(visible), steps=(Return(name="text", value=expression("stripped")),))
    return Subworkflow(
        name=name,
        parameters=tuple(Parameter(name=one) for one in ("model", "host", "location", "request", "seconds", "late")),
        steps=(
            asking,
            _none_where("look", useless),
            Assign(name="said", pairs=pairs),
            _none_where("look_at_text", thinks),
            Switch(name="look_at_ends", cases=(plain,)),
            _strip_in_python(lowering),
            Return(name="text_of_python", value=expression("stripped")),
        ),
        comment="Asks a model; gives its text, or null where there is none that can be used.",
    )


def _strip_in_python(lowering: Lowering) -> Call:
    flow = lowering.program.flow
    lowering.hoisted[STRIP] = HoistedExpression(
        id=STRIP,
        source="said.strip()",
        names=("said",),
        file=flow.file,
        span=flow.span,
        reason="Python knows more blanks than Workflows",
        always=False,
    )
    return Call(
        name="strip_in_python",
        function=in_python(lowering),
        arguments={"expression": STRIP, "values": {"said": expression("said")}},
        result="stripped",
    )


def _none_where(name: str, tests: list[str]) -> Switch:
    return Switch(
        name=name,
        cases=tuple(
            Case(condition=expression(test), steps=(Return(name=f"{name}_{number}", value=None),))
            for number, test in enumerate(tests, 1)
        ),
    )


def _strip() -> str:
    """The answer without the blanks of ASCII around it."""
    nowhere = Span(0, 0, 0, 0)
    said = Name(span=nowhere, type=STR, name="said")
    strip: Expr = CallExpr(span=nowhere, type=STR, function="str.strip", arguments=(said,))
    return WorkflowsEmitter().emit(strip)


def _is_never_blank(text: Expr) -> bool:
    """Whether there is something in the text whatever its holes hold: blank texts are refused by the service."""
    match text:
        case Literal(value=str() as fixed):
            return bool(fixed.strip())
        case Format(parts=parts):
            return any(map(_is_never_blank, parts))
        case _:
            return False
