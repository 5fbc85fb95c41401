"""The port to language models: what is asked, what comes back, and how a service fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from skyloom.errors import PromptFailed

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys."""

Finish = Literal["stop", "length", "refusal"]
"""Why an answer ended: it was complete, it was cut off, or the model or a filter declined to give one."""

DEFAULT_TIMEOUT = 300.0
"""Seconds one answer may take where the request says nothing."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A conversation to be continued by one answer."""

    model: str
    """The model's name at its provider; empty where the provider has one model only."""
    messages: tuple[Message, ...]
    output_schema: dict[str, Any] | None = None
    """The JSON Schema that the answer, as JSON, should fit; None asks for text. Providers do their best."""
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float = DEFAULT_TIMEOUT
    """Seconds until the provider gives up, its own retries included."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, in tokens. `estimated` when no service counted them."""

    input_tokens: int
    output_tokens: int
    estimated: bool

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.estimated or other.estimated,
        )


NO_USAGE = Usage(0, 0, estimated=False)

CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English text."""


def estimate_usage(messages: Iterable[Message], answer: str) -> Usage:
    """A guess at the tokens from the lengths of the texts."""
    asked = sum(len(message.content) for message in messages)
    return Usage(-(-asked // CHARACTERS_PER_TOKEN), -(-len(answer) // CHARACTERS_PER_TOKEN), estimated=True)


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. `finish` is "length" when it was cut off, and "refusal" when the model or a filter declined to answer;
    `text` then holds what there is."""

    text: str
    usage: Usage
    model: str
    finish: Finish = "stop"


class LanguageModel(Protocol):
    """A provider of language models. One instance may be used from several event loops, one after the other."""

    async def complete(self, request: CompletionRequest) -> Completion:
        """One answer to the conversation.

        Raises:
            ModelError: the service cannot be reached, refuses the request, or fails.
            TaskTimedOut: the answer took longer than the request's `timeout`.
        """
        ...


class ModelError(PromptFailed):
    """A model's service cannot be reached, refuses the request, or fails."""
