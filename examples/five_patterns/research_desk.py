"""Multi-agent: a supervisor sends a question to specialists, several at once, until it has enough; a critic sifts, a
writer answers."""

import re
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import App, Http, Retry, each, flow, minutes, prompt, task


class Choice(BaseModel):
    """What the supervisor wants next."""

    ask: list[Literal["historian", "economist", "engineer"]] = Field(
        description="who is to be asked now, side by side; nobody when the findings answer the question"
    )
    brief: str = Field(description="what they are to find out, in one sentence")


class Note(BaseModel):
    author: str
    finding: str
    confidence: float = Field(ge=0, le=1)


class Critique(BaseModel):
    keep: bool = Field(description="whether the finding helps to answer the question")
    reason: str


class Dossier(BaseModel):
    question: str
    answer: str
    notes: list[Note]
    dropped: int


@prompt(
    "Question: {question}\n\nFindings so far:\n{findings}\n\nNot yet asked: {free}\n\nWho is to be asked now? "
    "Several at once where they do not need each other, nobody when the findings answer the question.",
    model="smart",
    system="You lead a historian (the past), an economist (money, trade) and an engineer (machines, how things work).",
    temperature=0,
    timeout=minutes(2),
    retry=Retry(attempts=3),
)
def supervise(question: str, findings: str, free: list[str]) -> Choice: ...


@prompt(
    "As a historian, answer from the sources in one sentence: {brief}\n\n{sources}",
    model="fast",
    retry=Retry(attempts=3),
)
def ask_historian(brief: str, sources: str) -> str: ...


@prompt(
    "As an economist, answer from the figures in one sentence: {brief}\n\n{figures}",
    model="fast",
    retry=Retry(attempts=3),
)
def ask_economist(brief: str, figures: str) -> str: ...


@prompt("As an engineer, explain in one sentence: {brief}\n\n{manual}", model="fast", retry=Retry(attempts=3))
def ask_engineer(brief: str, manual: str) -> str: ...


@prompt(
    "Question: {question}\n\nFinding: {finding}\n\nDoes the finding help to answer the question?",
    model="fast",
    temperature=0,
    retry=Retry(attempts=3),
)
def criticise(question: str, finding: str) -> Critique: ...


@prompt("Answer in two sentences: {question}\n\n{findings}", model="smart", temperature=0, retry=Retry(attempts=3))
def write_answer(question: str, findings: str) -> str: ...


LEAST_CONFIDENCE = 0.5
"""What less than half of which stands in the archive is no finding."""

ARCHIVE = {
    "historian": "Newcomen's engine of 1712 drained mines. Watt's separate condenser of 1769 saved three quarters of "
    "the coal. Railways opened in 1825 and 1830.",
    "economist": "A Cornish mine burnt coal for 3,000 pounds a year before 1769 and for 900 after. Wages in Manchester "
    "rose by a third between 1820 and 1850.",
    "engineer": "A steam engine turns heat into work by letting steam expand behind a piston. A separate condenser "
    "keeps the cylinder hot, so that no heat is lost at each stroke.",
}


def long_words(text: str) -> set[str]:
    """The words of five letters and more, in lower case."""
    return set(re.findall(r"[a-z]{5,}", text.lower()))


@task
def look_up(specialist: str, question: str) -> str:
    """What the archive has for a specialist: the sentences that share a word with the question, or all."""
    sentences = re.split(r"(?<=\.) ", ARCHIVE[specialist])
    fitting = [sentence for sentence in sentences if long_words(question) & long_words(sentence)]
    return " ".join(fitting or sentences)


@task
def weigh(author: str, finding: str, material: str) -> Note:
    """The finding, with how much of it stands in the archive: the share of its longer words."""
    words = long_words(finding)
    known = words & long_words(material)
    return Note(author=author, finding=finding, confidence=round(len(known) / max(1, len(words)), 2))


@flow
def consult(specialist: str, brief: str, question: str) -> Note:
    """One specialist's finding, with how much of the archive it rests on."""
    material = look_up(specialist, question)
    if specialist == "historian":
        finding = ask_historian(brief, material)
    elif specialist == "economist":
        finding = ask_economist(brief, material)
    else:
        finding = ask_engineer(brief, material)
    return weigh(specialist, finding, material)


@flow
def research(question: str, most: int = 3) -> Dossier:
    """Answers a question with the findings of the specialists that the supervisor asks, none of them twice."""
    notes: list[Note] = []
    free = ["historian", "economist", "engineer"]
    while free and len(notes) < most:
        findings = "\n".join(f"- {note.author}: {note.finding}" for note in notes)
        choice = supervise(question, findings or "none", free)
        named: list[str] = [name for name in free if name in choice.ask]
        if not named and notes:
            break
        # A supervisor that names nobody at first does not end it: the first one is asked.
        asked = (named or free[:1])[: most - len(notes)]
        notes.extend([consult(name, choice.brief, question) for name in each(asked, limit=3)])
        free = [name for name in free if name not in asked]
    checked = [criticise(question, note.finding) for note in each(notes, limit=3)]
    kept = [
        note
        for note, critique in zip(notes, checked, strict=True)
        if critique.keep and note.confidence >= LEAST_CONFIDENCE
    ]
    answer = "No finding holds."
    if kept:
        answer = write_answer(question, "\n".join(f"{note.author}: {note.finding}" for note in kept))
    return Dossier(question=question, answer=answer, notes=kept, dropped=len(notes) - len(kept))


app = App("research-desk", flows=[research], triggers=[Http(research, "/questions")])
