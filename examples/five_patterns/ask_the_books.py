"""RAG: `ingest` cuts texts into passages and keeps an index of them in a bucket; `ask` reads it, and answers from those
that fit best."""

import math
import re
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from skyloom.flows import App, Bucket, Http, Retry, Schedule, each, flow, minutes, prompt, seconds, task

K1, B = 1.2, 0.75
"""How soon a word's repetition stops to count, and how much a passage's length does: the usual values of BM25."""


class Passage(BaseModel):
    source: str
    number: int
    text: str


class Shelf(BaseModel):
    """One text, ready to be searched: an object of the bucket."""

    source: str
    passages: list[Passage]
    words: int
    """Of all passages."""
    holding: dict[str, int]
    """In how many passages a word stands."""


class Catalog(BaseModel):
    """The shelves of a library, and what a question has to know of all of them: an object of the bucket too."""

    shelves: list[str]
    """Keys of objects."""
    passages: int
    holding: dict[str, int]


class Ingested(BaseModel):
    library: str
    texts: int
    passages: int


class Query(BaseModel):
    """A question, ready to be searched for."""

    shelves: list[str]
    searched: int
    weights: dict[str, float]
    """How much each word of the question tells."""


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


class NothingIngested(Exception):
    """There is no library of that name: `ingest` makes one."""


class NothingFound(Exception):
    """No passage shares a word with the question."""


def words_of(text: str) -> list[str]:
    """The words that count: in lower case, of three letters and more."""
    return re.findall(r"[a-z]{3,}", text.lower())


def catalog_of(library: str) -> str:
    """The key of a library's catalog."""
    return f"{library}/catalog.json"


def kept(key: str) -> bytes:
    """An object that the catalog names. Shelves are never changed, so it is there."""
    content = books.read(key)
    if content is None:
        raise FileNotFoundError(f"{key} is gone from the bucket")
    return content


# --- ingestion -------------------------------------------------------------------------------------------------------


@task
def list_texts(folder: str) -> list[str]:
    """The text files of a folder beside this file, by name."""
    return sorted(path.name for path in (Path(__file__).parent / folder).glob("*.txt"))


@task(retry=Retry(attempts=3, on=OSError))
def index(library: str, folder: str, source: str, size: int) -> str:
    """Cuts a text at paragraphs into passages of about so many words, counts where its words stand, and keeps that; the
    key that it is kept by. A text that has not changed has the key that it had."""
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
    words = sum(len(words_of(passage.text)) for passage in passages)
    shelf = Shelf(source=source, passages=passages, words=words, holding=dict(sorted(holding.items())))
    content = shelf.model_dump_json()
    key = f"{library}/shelves/{source}-{sha256(content.encode()).hexdigest()[:16]}.json"
    books.write(key, content)
    return key


@task(retry=Retry(attempts=3, on=OSError))
def make_catalog(library: str, shelves: list[str]) -> Ingested:
    """Makes the shelves the library. Until then questions are answered from the library before, as a whole."""
    holding: dict[str, int] = {}
    passages = 0
    for key in shelves:
        shelf = Shelf.model_validate_json(kept(key))
        passages += len(shelf.passages)
        for word, many in shelf.holding.items():
            holding[word] = holding.get(word, 0) + many
    catalog = Catalog(shelves=shelves, passages=passages, holding=holding)
    books.write(catalog_of(library), catalog.model_dump_json())
    return Ingested(library=library, texts=len(shelves), passages=passages)


@flow
def ingest(library: str = "books", folder: str = "texts", size: int = 250) -> Ingested:
    """Indexes every text of a folder, side by side, and puts the new index in the place of the old one."""
    shelves = [index(library, folder, source, size) for source in each(list_texts(folder), limit=4)]
    return make_catalog(library, shelves)


# --- questions -------------------------------------------------------------------------------------------------------


@task(retry=Retry(attempts=3, on=OSError))
def prepare(library: str, question: str) -> Query:
    """Where to search, and for what: the fewer passages of all texts have a word, the more it tells."""
    content = books.read(catalog_of(library))
    if content is None:
        raise NothingIngested(f"nothing was ingested into `{library}`")
    catalog = Catalog.model_validate_json(content)
    having = {word: catalog.holding.get(word, 0) for word in sorted(set(words_of(question)))}
    weights = {word: math.log(1 + (catalog.passages - many + 0.5) / (many + 0.5)) for word, many in having.items()}
    return Query(shelves=catalog.shelves, searched=catalog.passages, weights=weights)


@task(fuse=True, timeout=seconds(20), retry=Retry(attempts=3, on=OSError))
def search(key: str, weights: dict[str, float], most: int) -> list[Found]:
    """The passages of a shelf that fit best, by BM25 over words: lexical search, which knows no meaning.

    Short, and only reads: in a cloud the shelves of up to ten texts share one invocation."""
    shelf = Shelf.model_validate_json(kept(key))
    usual = shelf.words / max(1, len(shelf.passages))
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
def ask(question: str, library: str = "books", most: int = 4) -> Reply:
    """Answers a question from what was ingested last, and says from where."""
    query = prepare(library, question)
    per_text = [search(key, query.weights, most) for key in each(query.shelves, limit=4)]
    best = sorted([one for found in per_text for one in found], key=lambda one: -one.score)[:most]
    if not best:
        raise NothingFound(f"no passage has a word of: {question}")
    shown = [f"[{one.passage.source}#{one.passage.number}]" for one in best]
    texts = [f"{name}\n{one.passage.text}" for name, one in zip(shown, best, strict=True)]
    answer = answer_from(question, "\n\n".join(texts))
    named = [name for name in shown if name in answer.sources]
    return Reply(question=question, answer=answer.text, sources=named, given=shown, searched=query.searched)


books = Bucket("books", readers=[make_catalog, prepare, search], writers=[index, make_catalog])

app = App(
    "books",
    flows=[ingest, ask],
    triggers=[Schedule(ingest, "0 4 * * *", timezone="Europe/Berlin"), Http(ask, "/ask")],
    resources=[books],
)
