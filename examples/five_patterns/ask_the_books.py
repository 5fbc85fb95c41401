"""RAG: texts are cut into passages and indexed side by side; a question is answered from those that fit it best."""

import math
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from skyloom.flows import Retry, each, flow, minutes, prompt, task

K1, B = 1.2, 0.75
"""How soon a word's repetition stops to count, and how much a passage's length does: the usual values of BM25."""


class Passage(BaseModel):
    source: str
    number: int
    text: str


class Shelf(BaseModel):
    """One text, ready to be searched."""

    source: str
    passages: list[Passage]
    many: int
    """How many passages there are: what a flow looks into travels with it, and a text is better left where it waits."""
    words: int
    """Of all passages."""
    holding: dict[str, int]
    """In how many passages a word stands."""


class Found(BaseModel):
    passage: Passage
    score: float


class Answer(BaseModel):
    text: str = Field(description="the answer, from the passages alone")
    sources: list[Annotated[str, Field(pattern=r"^\[\S+#\d+\]$")]] = Field(
        description="the passages that it rests on, as [source#number]"
    )


class Reply(BaseModel):
    question: str
    answer: str
    sources: list[str]
    """The passages that the answer names, of those it was given."""
    given: list[str]
    searched: int


class NothingFound(Exception):
    """No passage shares a word with the question."""


def words_of(text: str) -> list[str]:
    """The words that count: in lower case, of three letters and more."""
    return re.findall(r"[a-z]{3,}", text.lower())


@task
def list_texts(folder: str) -> list[str]:
    """The text files of a folder beside this file, by name."""
    return sorted(path.name for path in (Path(__file__).parent / folder).glob("*.txt"))


@task(retry=Retry(attempts=3, on=OSError))
def index(folder: str, source: str, size: int) -> Shelf:
    """Cuts a text at paragraphs into passages of about so many words, and counts where its words stand."""
    text = (Path(__file__).parent / folder / source).read_text(encoding="utf-8")
    passages: list[Passage] = []
    block: list[str] = []
    for paragraph in [*(part.strip() for part in text.split("\n\n") if part.strip()), ""]:
        if block and (not paragraph or sum(len(part.split()) for part in block) >= size):
            passages.append(Passage(source=source, number=len(passages) + 1, text="\n\n".join(block)))
            block = []
        block.append(paragraph)
    holding: dict[str, int] = {}
    for passage in passages:
        for word in set(words_of(passage.text)):
            holding[word] = holding.get(word, 0) + 1
    return Shelf(
        source=source,
        passages=passages,
        many=len(passages),
        words=sum(len(words_of(passage.text)) for passage in passages),
        holding=dict(sorted(holding.items())),
    )


@task
def weigh_words(question: str, passages: int, holding: list[dict[str, int]]) -> dict[str, float]:
    """How much each word of the question tells: the fewer passages of all texts have it, the more."""
    asked = sorted(set(words_of(question)))
    having = {word: sum(text.get(word, 0) for text in holding) for word in asked}
    return {word: math.log(1 + (passages - many + 0.5) / (many + 0.5)) for word, many in having.items()}


@task
def search(shelf: Shelf, weights: dict[str, float], most: int) -> list[Found]:
    """The passages of a text that fit the question best, by BM25 over words: lexical search, which knows no meaning."""
    usual = shelf.words / max(1, shelf.many)
    found = []
    for passage in shelf.passages:
        said = words_of(passage.text)
        score = 0.0
        for word, weight in weights.items():
            times = said.count(word)
            score += weight * times * (K1 + 1) / (times + K1 * (1 - B + B * len(said) / max(1.0, usual)))
        if score > 0:
            found.append(Found(passage=passage, score=round(score, 4)))
    return sorted(found, key=lambda one: -one.score)[:most]


@prompt(
    "Answer the question from these passages alone, in two sentences, and name the passages.\n\n"
    "Question: {question}\n\n{passages}",
    model="smart",
    temperature=0,
    timeout=minutes(2),
    retry=Retry(attempts=3),
)
def answer_from(question: str, passages: str) -> Answer: ...


@flow
def ingest(folder: str = "texts", size: int = 250) -> list[Shelf]:
    """Indexes every text of a folder."""
    return [index(folder, source, size) for source in each(list_texts(folder), limit=4)]


@flow
def ask(question: str, folder: str = "texts", most: int = 4) -> Reply:
    """Answers a question from the texts of a folder, and says from where."""
    shelves = ingest(folder)
    searched = sum(shelf.many for shelf in shelves)
    weights = weigh_words(question, searched, [shelf.holding for shelf in shelves])
    per_text = [search(shelf, weights, most) for shelf in each(shelves, limit=4)]
    best = sorted([one for found in per_text for one in found], key=lambda one: -one.score)[:most]
    if not best:
        raise NothingFound(f"no passage has a word of: {question}")
    shown = [f"[{one.passage.source}#{one.passage.number}]" for one in best]
    texts = [f"{name}\n{one.passage.text}" for name, one in zip(shown, best, strict=True)]
    answer = answer_from(question, "\n\n".join(texts))
    named = [name for name in shown if name in answer.sources]
    return Reply(
        question=question,
        answer=answer.text,
        sources=named,
        given=shown,
        searched=searched,
    )
