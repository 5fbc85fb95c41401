"""A sample run: a flow called once as plain Python, for the calls that it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skyloom.adapters.llm.base import CHARACTERS_PER_TOKEN
from skyloom.errors import Diagnostic, SkyloomError, UserError
from skyloom.flows import invoke
from skyloom.flows.definitions import Flow
from skyloom.flows.expr.types import StrType
from skyloom.flows.outcome import Json
from skyloom.flows.prompting import request_for
from skyloom.flows.runner.launch import prepare
from skyloom.flows.testing import Call, approve, script

NOTHING: Mapping[str, Sequence[Json]] = {}
_APPROVALS = 10_000
"""More than any sample asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A prompt that was asked.

    Attributes:
        model: the alias of its model.
        input_tokens: a guess at what the model reads, `adapters.llm.base.CHARACTERS_PER_TOKEN` characters a token: the
            question, the system's text, and the JSON Schema of the answer where it is no text.
        max_tokens: what the prompt declares of the answer's length.
    """

    prompt: str
    model: str
    input_tokens: int
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a sample run did.

    Attributes:
        calls: kind and name of each call, in order, those of sub-flows among them; sub-flows themselves are none.
        errors: the positions of those calls that ended with an error.
        asked: the prompts among them, in order.
        seconds: how long it paused and waited, in its own time: calls take none in it.
        error: the class of the error it ended with.
    """

    calls: tuple[tuple[str, str], ...]
    errors: frozenset[int] = frozenset()
    asked: tuple[Asked, ...] = ()
    seconds: float = 0.0
    error: str | None = None


def sample(
    flow: Flow[..., Any], arguments: Mapping[str, Json], events: Mapping[str, Sequence[Json]] = NOTHING
) -> Sample:
    """Calls the flow. Its tasks run; its prompts ask the configured models; every approval is given at once; `events`
    are the payloads that come, by name, in the order in which they are waited for.

    Raises:
        CheckFailed: the flow does not compile.
        InvalidInput: the arguments are not those of the flow.
        UserError: SKY774, the flow waits for an event that does not come.
    """
    decoded = invoke.decode_arguments(flow, prepare(flow, dict(arguments)).arguments)
    error: str | None = None
    with script(approvals=[approve()] * _APPROVALS, events=events) as active:
        try:
            flow(**decoded)
        except UserError:
            raise
        except SkyloomError as problem:
            if type(problem) is SkyloomError:
                raise UserError(Diagnostic("SKY774", f"no sample run of {flow.name}: {problem}", "--input")) from None
            error = type(problem).__name__
        except Exception as problem:
            error = type(problem).__name__
    kept = [number for number, call in enumerate(active.calls) if call.kind != "flow"]
    return Sample(
        calls=tuple((active.calls[number].kind, active.calls[number].name) for number in kept),
        errors=frozenset(position for position, number in enumerate(kept) if number in active.failed),
        asked=tuple(_asked(flow, active.calls[number]) for number in kept if active.calls[number].kind == "prompt"),
        seconds=active.clock,
        error=error,
    )


def _asked(flow: Flow[..., Any], call: Call) -> Asked:
    prompt = flow.program.prompts[call.name]
    request = request_for(prompt, call.arguments, "")
    length = sum(len(message.content) for message in request.messages)
    if not isinstance(prompt.returns, StrType):
        length += len(json.dumps(request.output_schema, ensure_ascii=False))
    return Asked(
        prompt=prompt.name,
        model=prompt.model,
        input_tokens=-(-length // CHARACTERS_PER_TOKEN),
        max_tokens=prompt.max_tokens,
    )
