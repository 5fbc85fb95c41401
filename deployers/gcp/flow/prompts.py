"""Prompts: asked in their function."""

from __future__ import annotations

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.invoking import arguments, invoke
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.flows.ir.nodes import CallPrompt


def lower_prompt(lowering: Lowering, context: Context, step: CallPrompt) -> list[Lowered]:
    """Asks a model."""
    prompt = lowering.program.prompts[step.prompt]
    before, given = arguments(lowering, context, step.arguments, step.prompt, step.span)
    call = invoke(
        lowering,
        context,
        step.id,
        step.span,
        function=lowering.settings.prompts[step.prompt],
        body={"prompt": step.prompt, "arguments": given},
        callee=prompt,
        target=step.target,
    )
    return [*before, *call]
