"""Prompts on the offline model: its answers are looked at by the flows, never written down here."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from skyloom.conformance.case import call, case
from skyloom.flows import FlowError, PromptFailed, flow, parallel, prompt, task


class Mood(StrEnum):
    GLAD = "glad"
    SAD = "sad"


class Ticket(BaseModel):
    customer: str
    body: str


class Verdict(BaseModel):
    urgency: Literal["low", "high"]
    topic: str
    confidence: float = Field(ge=0, le=1)
    words: list[str] = []
    mood: Mood | None = None


class Impossible(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def refuse(cls, number: int) -> int:
        raise ValueError("no number is good enough")


@prompt("Classify this ticket of {ticket.customer}.\n\n{ticket.body}", system="You sort tickets.")
def classify(ticket: Ticket) -> Verdict: ...


@prompt("Sum up in one sentence:\n\n{text}", model="smart", temperature=0)
def summarise(text: str) -> str: ...


@prompt("List the words of {text} that matter, at most {limit}.")
def keywords(text: str, limit: int = 3) -> list[str]: ...


@prompt("Is this polite? {text} {{yes or no}}")
def is_polite(text: str) -> bool: ...


@prompt("Write a number for {text}", repairs=1)
def impossible(text: str) -> Impossible: ...


@task
def count(text: str) -> int:
    return len(text)


@flow
def typed_answer(body: str) -> list[bool]:
    verdict = classify(Ticket(customer="ann", body=body))
    return [
        verdict.urgency in ("low", "high"),
        0 <= verdict.confidence <= 1,
        verdict.topic == verdict.topic.strip(),
        verdict.mood is None or verdict.mood in (Mood.GLAD, Mood.SAD),
        all(len(word) > 0 for word in verdict.words),
    ]


@flow
def same_question_same_answer(text: str) -> list[bool]:
    ticket = Ticket(customer="ann", body=text)
    one, other = classify(ticket), classify(ticket)
    return [one == other, summarise(text) == summarise(text), len(summarise(text)) > 0]


@flow
def other_types(text: str) -> list[bool]:
    words = keywords(text)
    polite = is_polite(text)
    return [len(words) >= 0, polite or not polite, keywords(text, 1) == keywords(text, limit=1)]


@flow
def answer_decides(body: str) -> int:
    verdict = classify(Ticket(customer="ann", body=body))
    if verdict.urgency == "high":
        return count(body)
    return count(body)


@flow
def map_of_prompts(texts: list[str]) -> list[bool]:
    summaries = [summarise(text) for text in texts]
    singly = []
    for text in texts:
        singly.append(summarise(text))
    return [summaries == singly, len(summaries) == len(texts)]


@flow
def side_by_side(text: str) -> list[bool]:
    verdict, summary = parallel(classify(Ticket(customer="bob", body=text)), summarise(text))
    return [verdict.urgency in ("low", "high"), summary == summarise(text)]


@flow
def no_valid_answer_caught() -> list[str]:
    seen = []
    try:
        impossible("x")
    except PromptFailed as error:
        seen.append(type(error).__name__)
    try:
        impossible("y")
    except FlowError as error:
        seen.append("named" if str(error).startswith("impossible: ") else str(error))
    return seen


_BODY = "I was charged twice and cannot log in. Please help me, this is urgent!"

CASES = [
    case(typed_answer, {"body": _BODY}, result=[True] * 5, calls=[]),
    case(typed_answer, {"body": ""}, result=[True] * 5, calls=[], name="empty"),
    case(same_question_same_answer, {"text": _BODY}, result=[True] * 3),
    case(other_types, {"text": "Red apples, green pears."}, result=[True] * 3),
    case(answer_decides, {"body": "four"}, result=4, calls=[call("count", text="four")]),
    case(map_of_prompts, {"texts": ["One thing.", "Another thing.", "A third, é😀."]}, result=[True, True]),
    case(map_of_prompts, {"texts": []}, result=[True, True], name="empty"),
    case(side_by_side, {"text": "Where is my parcel?"}, result=[True, True]),
    case(no_valid_answer_caught, result=["PromptFailed", "named"]),
]
