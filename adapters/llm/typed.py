"""Typed answers: asks for JSON of a schema, reads it tolerantly, and sends what does not fit back with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from skyloom.adapters.llm.base import (
    NO_USAGE,
    Completion,
    CompletionRequest,
    Json,
    LanguageModel,
    Message,
    ModelError,
    Usage,
)
from skyloom.errors import PromptFailed

T = TypeVar("T")

TEXT_SCHEMA = {"type": "string"}
"""The schema of an answer that is taken as text, not as JSON."""


REPAIR_OPENING = "This answer does not fit: "
"""How the message begins that sends an answer back."""

_ECHO_LIMIT = 20_000
"""Characters of an answer that are sent back; rubbish may be long."""


@dataclass(frozen=True, slots=True)
class TypedCompletion(Generic[T]):
    """A valid answer: its value, the tokens of all attempts together, how many there were, and who gave it."""

    value: T
    usage: Usage
    attempts: int
    model: str


async def complete_typed(
    model: LanguageModel, request: CompletionRequest, validate: Callable[[Json], T], repairs: int
) -> TypedCompletion[T]:
    """Asks until `validate` accepts the answer, at most `repairs` times more than once.

    Args:
        request: `output_schema` is the schema of the value; None, or the plain string schema, takes the text itself.
        validate: gives the value, or raises a ValueError that says what is wrong, for the model to read.
        repairs: how often an answer that does not fit is sent back with the reason.

    Raises:
        ModelError: the service failed, refused to answer, or the answer was cut off.
        TaskTimedOut: an answer took longer than the request's `timeout`.
        PromptFailed: no attempt gave a valid answer.
    """
    form = _form_of(request.output_schema)
    asked = replace(request, output_schema=form.schema)
    usage = NO_USAGE
    for attempt in range(1, repairs + 2):
        completion = await model.complete(asked)
        usage += completion.usage
        _check_finish(completion, asked)
        try:
            value = _first_valid(form, completion.text, validate)
        except ValueError as problem:
            reason = str(problem)
        else:
            return TypedCompletion(value, usage, attempt, completion.model)
        retold = (
            Message("assistant", completion.text[:_ECHO_LIMIT]),
            Message("user", f"{REPAIR_OPENING}{reason}\n{form.again}"),
        )
        asked = replace(asked, messages=(*asked.messages, *retold))
    attempts = f"{repairs + 1} attempts" if repairs else "1 attempt"
    raise PromptFailed(f"{completion.model} gave no valid answer in {attempts}: {reason}")


def _check_finish(completion: Completion, request: CompletionRequest) -> None:
    if completion.finish == "refusal":
        said = f": {_shortened(completion.text)}" if completion.text.strip() else ""
        raise ModelError(f"{completion.model} refused to answer{said}")
    if completion.finish == "length":
        limit = f"max_tokens={request.max_tokens}" if request.max_tokens else "the model's own limit"
        raise ModelError(f"the answer of {completion.model} was cut off at {limit}")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"


# --- the forms of an answer -------------------------------------------------------------------------------------


class _Text:
    """The answer is the text itself."""

    schema: dict[str, Any] | None = None

    def candidates(self, text: str) -> Iterator[Json]:
        answer = _without_thoughts(text).strip()
        if not answer:
            raise ValueError("the answer is empty")
        yield answer

    again = "Answer again, with the text and nothing else."


class _Object:
    """The answer is a JSON object."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema: dict[str, Any] | None = schema
        described = json.dumps(schema, ensure_ascii=False)
        self.again = f"Answer again, with JSON of this JSON Schema and nothing else:\n{described}"

    def candidates(self, text: str) -> Iterator[Json]:
        return _json_values(_without_thoughts(text))


class _Wrapped(_Object):
    """The answer is another JSON value. Providers want an object at the top, so it is asked for as `{"value": ...}`."""

    def __init__(self, schema: dict[str, Any]) -> None:
        inner = {key: part for key, part in schema.items() if key != "$defs"}
        wrapper: dict[str, Any] = {
            "type": "object",
            "properties": {"value": inner},
            "required": ["value"],
            "additionalProperties": False,
        }
        super().__init__(wrapper | ({"$defs": schema["$defs"]} if "$defs" in schema else {}))

    def candidates(self, text: str) -> Iterator[Json]:
        for value in super().candidates(text):
            wrapped = isinstance(value, dict) and value.keys() == {"value"}
            yield value["value"] if wrapped else value


def _form_of(schema: dict[str, Any] | None) -> _Text | _Object:
    if schema is None or schema == TEXT_SCHEMA:
        return _Text()
    return _Object(schema) if schema.get("type") == "object" else _Wrapped(schema)


# --- reading ----------------------------------------------------------------------------------------------------

_MOST_STARTS = 20
"""How many braces of an answer are tried as the start of its JSON."""
_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)


def _first_valid(form: _Text | _Object, text: str, validate: Callable[[Json], T]) -> T:
    """The first value in the text that is valid. Raises ValueError: what is wrong with the first one."""
    first: ValueError | None = None
    for candidate in form.candidates(text):
        try:
            return validate(candidate)
        except ValueError as problem:
            first = first or problem
    raise first or ValueError("the answer is not JSON")


def _without_thoughts(text: str) -> str:
    """Models that reason aloud put their thoughts before the answer, up to a closing tag."""
    return text.rpartition("</think>")[2]


def _json_values(text: str) -> Iterator[Json]:
    """The JSON values an answer may mean, likeliest first: all of it, what is fenced off, objects within prose."""
    for whole in (text, *_FENCE.findall(text)):
        try:
            yield _decoder.decode(whole.strip())
        except (ValueError, RecursionError):
            continue
    position = text.find("{")
    for _ in range(_MOST_STARTS):
        if position < 0:
            return
        try:
            value, end = _decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            yield value
        position = text.find("{", end)


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
