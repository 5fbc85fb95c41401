"""Answers a support ticket: classify, look for help articles, draft an answer, ask a person when it is urgent."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from skyloom.flows import Retry, approval, context, each, flow, hours, minutes, parallel, prompt, task


class Ticket(BaseModel):
    id: str
    customer: str
    subject: str
    body: str


class Triage(BaseModel):
    urgency: Literal["low", "high"]
    topic: Literal["billing", "delivery", "account", "product"]


class Article(BaseModel):
    title: str
    text: str


class Draft(BaseModel):
    article: str
    text: str
    confidence: float


class Reply(BaseModel):
    ticket: str
    status: Literal["sent", "rejected", "unanswered"]
    text: str = ""
    reason: str = ""


class ArticlesUnavailable(Exception):
    """The help centre did not answer."""


ARTICLES = Path(__file__).parent / "articles.md"


@prompt(
    "Classify this support ticket.\n\nSubject: {ticket.subject}\n\n{ticket.body}",
    model="fast",
    system="You sort tickets of an online shop. Tickets about lost money or locked accounts are urgent.",
)
def triage(ticket: Ticket) -> Triage: ...


@task(timeout=minutes(1), retry=Retry(attempts=4, delay=0.2, on=ArticlesUnavailable))
def search_articles(topic: str, text: str) -> list[Article]:
    """The help articles of a topic, those that share the most words with the ticket first."""
    words = {word.strip(".,!?").lower() for word in text.split() if len(word) > 3}
    found = []
    for section in ARTICLES.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        section_topic, _, title = heading.partition(": ")
        if section_topic == topic:
            found.append(Article(title=title, text=body.strip()))
    return sorted(found, key=lambda article: -len(words & set(article.text.lower().split())))[:3]


@task
def load_history(customer: str) -> list[str]:
    """What the customer wrote before. A real shop asks its database here."""
    return [f"{customer} wrote before about a late parcel."] if customer.startswith("A") else []


@prompt(
    "Answer the customer's ticket with the help of one article.\n\nTicket: {ticket.body}\n\n"
    "Article: {article.title}\n{article.text}\n\nEarlier tickets: {history}",
    model="smart",
)
def draft_answer(ticket: Ticket, article: Article, history: list[str]) -> str: ...


@task
def rate(ticket: Ticket, article: Article, text: str) -> Draft:
    """How well the draft fits the ticket: the share of the ticket's longer words that it takes up."""
    words = {word.strip(".,!?").lower() for word in ticket.body.split() if len(word) > 4}
    used = sum(word in text.lower() for word in words)
    return Draft(article=article.title, text=text, confidence=round(used / max(1, len(words)), 3))


@task(retry=Retry(attempts=3))
def send(ticket: Ticket, text: str) -> str:
    """Sends the answer, once: the mail service drops a second message with the same key."""
    return f"mail-{context.idempotency_key[:8]}"


@flow
def answer_draft(ticket: Ticket, article: Article, history: list[str]) -> Draft:
    """Writes one draft and rates it."""
    return rate(ticket, article, draft_answer(ticket, article, history))


@flow
def answer(ticket: Ticket) -> Reply:
    """From ticket to reply."""
    kind = triage(ticket)
    articles, history = parallel(search_articles(kind.topic, ticket.body), load_history(ticket.customer))
    if not articles:
        return Reply(ticket=ticket.id, status="unanswered", reason=f"no article about {kind.topic}")
    drafts = [answer_draft(ticket, article, history) for article in each(articles, limit=4)]
    best = max(drafts, key=lambda draft: draft.confidence)
    if kind.urgency == "high":
        decision = approval(
            f"Send this answer to {ticket.customer}?", show=best, to="support-leads", timeout=hours(24), default=False
        )
        if not decision.approved:
            return Reply(ticket=ticket.id, status="rejected", reason=decision.comment)
    message = send(ticket, best.text)
    return Reply(ticket=ticket.id, status="sent", text=best.text, reason=message)
