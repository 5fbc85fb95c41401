"""Summarises a folder of texts: split every file, summarise the parts side by side, and reduce them to one overview."""

from pathlib import Path

from pydantic import BaseModel

from skyloom.flows import Retry, each, flow, minutes, prompt, task


class Part(BaseModel):
    """A stretch of one text: whole paragraphs."""

    document: str
    number: int
    words: int
    text: str


class PartSummary(BaseModel):
    title: str
    summary: str


class DocumentSummary(BaseModel):
    document: str
    parts: int
    words: int
    titles: list[str]
    summary: str


class Report(BaseModel):
    documents: list[DocumentSummary]
    words: int
    overview: str


class NothingToRead(Exception):
    """The folder holds no text files."""


@task
def list_texts(folder: str) -> list[str]:
    """The text files of a folder, by name. A relative folder lies beside this file."""
    return sorted(path.name for path in (Path(__file__).parent / folder).glob("*.txt"))


@task(retry=Retry(attempts=3, on=OSError))
def split(folder: str, document: str, words: int) -> list[Part]:
    """Cuts a text at paragraphs into parts of about so many words."""
    text = (Path(__file__).parent / folder / document).read_text(encoding="utf-8")
    parts: list[Part] = []
    block: list[str] = []
    count = 0
    for paragraph in [p.strip() for p in text.split("\n\n") if p.strip()] + [""]:
        if block and (count >= words or not paragraph):
            parts.append(Part(document=document, number=len(parts) + 1, words=count, text="\n\n".join(block)))
            block, count = [], 0
        block.append(paragraph)
        count += len(paragraph.split())
    return parts


@prompt(
    "Summarise this part of {part.document} in two sentences and give it a short title.\n\n{part.text}",
    model="fast",
    timeout=minutes(2),
    retry=Retry(attempts=3),
)
def summarise(part: Part) -> PartSummary: ...


@prompt(
    "These are summaries of consecutive parts of one text. Write one paragraph that sums them up.\n\n{text}",
    model="smart",
    timeout=minutes(2),
    retry=Retry(attempts=3),
)
def reduce_summaries(text: str) -> str: ...


@flow
def condense(texts: list[str], fan_in: int) -> str:
    """Reduces many summaries to one, so many at a time, level by level."""
    level = texts
    while len(level) > 1:
        groups = [level[start : start + fan_in] for start in range(0, len(level), fan_in)]
        level = [reduce_summaries("\n\n".join(group)) for group in groups]
    return level[0]


@flow
def summarise_document(folder: str, document: str, words: int) -> DocumentSummary:
    """Summarises one text."""
    parts = split(folder, document, words)
    summaries = [summarise(part) for part in each(parts, limit=8)]
    return DocumentSummary(
        document=document,
        parts=len(parts),
        words=sum(part.words for part in parts),
        titles=[summary.title for summary in summaries],
        summary=condense([summary.summary for summary in summaries], fan_in=6),
    )


@flow
def summarise_folder(folder: str = "texts", words: int = 900) -> Report:
    """Summarises every text file of a folder, and the folder as a whole."""
    names = list_texts(folder)
    if not names:
        raise NothingToRead(f"no .txt file in {folder}")
    documents = [summarise_document(folder, name, words) for name in each(names, limit=4)]
    return Report(
        documents=documents,
        words=sum(document.words for document in documents),
        overview=condense([document.summary for document in documents], fan_in=6),
    )
