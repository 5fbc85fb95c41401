"""A flow of short calls, each allowed to share an invocation: what fusing and slicing save is counted on it."""

from __future__ import annotations

from skyloom.flows import Retry, each, flow, seconds, task

SHORT = seconds(10)


@task(fuse=True, timeout=SHORT)
def normalised(text: str) -> str:
    return " ".join(text.lower().split())


@task(fuse=True, timeout=SHORT)
def words_of(text: str) -> list[str]:
    return text.split()


@task(fuse=True, timeout=SHORT, retry=Retry(attempts=2, delay=1.0, on=OSError))
def score(text: str, wanted: list[str]) -> float:
    return float(sum(text.count(word) for word in wanted))


@flow
def ranking(question: str, texts: list[str]) -> list[float]:
    """How well each text answers a question."""
    plain = normalised(question)
    wanted = words_of(plain)
    return [score(text, wanted) for text in each(texts, limit=8)]
