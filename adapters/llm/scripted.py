"""A model for tests: its answers are written down beforehand, and it remembers what it was asked."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable

from skyloom.adapters.llm.base import Completion, CompletionRequest, Json, ModelError, estimate_usage

Answer = Completion | Exception | Json
"""A completion as it is; an exception, which is raised; text as it is; any other JSON value, written as JSON."""


class ScriptedModel:
    """Answers from a list, one after the other, or from a function of the request.

        model = ScriptedModel([{"urgency": "high", "topic": "billing"}, "rubbish", ModelError("rate limit")])

    `requests` holds every request in the order it came. A list that is used up raises ModelError.
    """

    def __init__(
        self,
        answers: Iterable[Answer] | Callable[[CompletionRequest], Answer | Awaitable[Answer]],
        *,
        name: str = "scripted",
    ) -> None:
        self.name = name
        self.requests: list[CompletionRequest] = []
        self._answers = answers if callable(answers) else _in_turn(list(answers))

    async def complete(self, request: CompletionRequest) -> Completion:
        self.requests.append(request)
        answer = self._answers(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Completion):
            return answer
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        return Completion(text=text, usage=estimate_usage(request.messages, text), model=self.name)


def _in_turn(answers: list[Answer]) -> Callable[[CompletionRequest], Answer]:
    remaining = iter(answers)

    def answer(request: CompletionRequest) -> Answer:
        try:
            return next(remaining)
        except StopIteration:
            raise ModelError(f"the script holds {len(answers)} answers; this request is one more") from None

    return answer
