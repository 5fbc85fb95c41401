"""The offline stand-in: needs nothing, is no language model, and gives typed answers that depend on the prompt.

It picks options by the words they share with the prompt, copies sentences, labelled values and numbers out of it, and
draws the rest from a hash of it. The same prompt gets the same answer on every machine.
"""

from __future__ import annotations

import json

from skyloom.adapters.llm.base import CHARACTERS_PER_TOKEN, Completion, CompletionRequest, estimate_usage
from skyloom.adapters.llm.offline_answers import Answers
from skyloom.adapters.llm.offline_strings import prose
from skyloom.adapters.llm.offline_text import Reading

NAME = "offline stand-in"


class OfflineModel:
    """Stands in for every model. Answers to a schema are valid against it, except where a `pattern` or a combination
    of keywords is beyond it; the caller's validation says so then."""

    async def complete(self, request: CompletionRequest) -> Completion:
        asked = [message.content for message in request.messages if message.role == "user"]
        guidance = "\n\n".join(message.content for message in request.messages if message.role == "system")
        # A repair is asked for in later messages: the text to read is the first, and another draw may fit.
        reading = Reading(asked[0] if asked else "", guidance, salt=len(asked))
        if request.output_schema is None:
            longest = None if request.max_tokens is None else request.max_tokens * CHARACTERS_PER_TOKEN
            text = prose(reading, [], sentences=2, longest=longest)
        else:
            answer = Answers(reading, request.output_schema).answer()
            text = json.dumps(answer, ensure_ascii=False)
        return Completion(text, estimate_usage(request.messages, text), NAME)
