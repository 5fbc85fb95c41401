"""The offline model: no language model, but a stand-in that extracts, so that flows run and are tested without one."""

from __future__ import annotations

import json
import re

from skyloom.adapters.llm.base import (
    CHARACTERS_PER_TOKEN,
    Completion,
    CompletionRequest,
    estimate_usage,
)
from skyloom.adapters.llm.extractive.answers import AnswerWriter
from skyloom.adapters.llm.extractive.prompt import ReadPrompt, read_prompt
from skyloom.adapters.llm.extractive.seed import Seed
from skyloom.adapters.llm.extractive.strings import NOTHING_TO_SAY, fitted

NAME = "offline stand-in"

_NUMBERS = {"one": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_LENGTH = re.compile(rf"\b({'|'.join(_NUMBERS)}|\d{{1,3}}) (sentence|word|character)s?\b", re.IGNORECASE)
_SENTENCES = 3
"""How many sentences a text answer has where the prompt does not say."""


class OfflineModel:
    """A stand-in for a language model. It understands nothing: it compares words.

    Needs no network, no key and no package. The answer depends on the prompt's text and is the same on every machine:
    choices go to the option whose words, or words known to speak for it, the text has most of; texts are the most
    central sentences of the prompt's input; numbers, dates and addresses are taken from the text. Where the text says
    nothing, a hash of the prompt decides. JSON answers always fit the requested schema. Tokens are estimated.
    """

    def __init__(self, provider: str = "offline") -> None:
        self.provider = provider

    async def complete(self, request: CompletionRequest) -> Completion:
        prompt = read_prompt(request.messages)
        if request.output_schema is None:
            text = _text(prompt, request.max_tokens)
        else:
            # An answer that was sent back is decided anew, so that a repair has a chance.
            seed = Seed(f"{prompt.repairs}\n{prompt.guidance}\n{prompt.passage.text}")
            answer = AnswerWriter(request.output_schema, prompt.passage, prompt.guidance, seed).answer()
            text = json.dumps(answer, ensure_ascii=False)
        return Completion(text=text, usage=estimate_usage(request.messages, text), model=NAME)


def _text(prompt: ReadPrompt, max_tokens: int | None) -> str:
    """The most central sentences in their order: as many as the instruction says, within `max_tokens`."""
    count, longest = _SENTENCES, None
    for number, unit in _LENGTH.findall(prompt.guidance):
        amount = _NUMBERS.get(number.lower()) or max(1, int(number) if number.isdigit() else 1)
        if unit.lower() == "sentence":
            count = amount
        else:
            longest = amount * (6 if unit.lower() == "word" else 1)
    text = " ".join(prompt.passage.central(count)) or NOTHING_TO_SAY
    if max_tokens is not None:
        longest = min(longest or len(text), max_tokens * CHARACTERS_PER_TOKEN)
    return fitted(text, 0, longest)
