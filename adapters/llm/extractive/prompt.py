"""Reads a conversation: what is asked for, and the text it is asked about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skyloom.adapters.llm.base import Json, Message
from skyloom.adapters.llm.extractive.lexicon import word_set
from skyloom.adapters.llm.extractive.passage import Passage, words_of
from skyloom.adapters.llm.typed import REPAIR_OPENING

_IMPERATIVES = word_set(
    """
    answer classify summarise summarize write extract list decide rate translate draft explain return give reply
    describe judge choose pick find identify suggest turn rewrite compare score sort label please you these this
    """
)
_INSTRUCTION_LIMIT = 600
"""Characters; a longer first paragraph is text, not an instruction."""

_LEADING = re.compile(r"([^\n:]{1,200}):\s+(?=\S)")
_JSON_START = re.compile(r"(?:(?<=\s)|^)[{\[]")
_JSON_TRIES = 32
_GUIDANCE_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """What was asked (`guidance`: the system text and the instruction) about which text."""

    guidance: str
    passage: Passage
    repairs: int
    """How often the answer was sent back."""


def read_prompt(messages: Sequence[Message]) -> ReadPrompt:
    """Splits a conversation. The instruction is the first paragraph, the words before the first colon, or a last
    paragraph that begins like an order; where none of these is there, all of the text is both."""
    system = "\n".join(message.content for message in messages if message.role == "system")
    asked = [message.content for message in messages if message.role == "user"]
    texts = [text for text in asked if not text.startswith(REPAIR_OPENING)]
    instruction, body = _split("\n\n".join(texts).strip())
    return ReadPrompt(
        guidance=f"{system}\n{instruction}"[:_GUIDANCE_LIMIT],
        passage=Passage(_without_json(body)),
        repairs=len(asked) - len(texts),
    )


def _split(text: str) -> tuple[str, str]:
    first, _, rest = text.partition("\n\n")
    if rest.strip() and len(first) <= _INSTRUCTION_LIMIT:
        before, _, last = rest.rpartition("\n\n")
        if before and not _is_order(first) and _is_order(last):
            return last, f"{first}\n\n{before}"
        return first, rest
    leading = _LEADING.match(text)
    if leading is not None:
        return leading[1], text[leading.end() :]
    return text, text


def _is_order(paragraph: str) -> bool:
    opening = words_of(paragraph[:40])[:1]
    return len(paragraph) <= _INSTRUCTION_LIMIT and bool(opening) and opening[0] in _IMPERATIVES


def _without_json(text: str) -> str:
    """`text` with the JSON in it written out as lines, so that its strings can be read as sentences."""
    pieces: list[str] = []
    position, searched = 0, 0
    for _ in range(_JSON_TRIES):
        start = _JSON_START.search(text, searched)
        if start is None:
            break
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            searched = start.end()
            continue
        pieces += [text[position : start.start()], "\n\n".join(_lines(value, ""))]
        position = searched = end
    return "".join(pieces) + text[position:]


_DECODER = json.JSONDecoder()


def _lines(value: Json, label: str) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _lines(inner, str(key))
        case list():
            for inner in value:
                yield from _lines(inner, label if not isinstance(inner, str) else "")
        case None:
            return
        case _:
            text = value if isinstance(value, str) else json.dumps(value)
            yield f"{label}: {text}" if label else text
