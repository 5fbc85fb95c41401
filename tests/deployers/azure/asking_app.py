"""An app whose flows ask people and wait for events: with forms, for several audiences, in loops and in sub-flows."""

from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import (
    App,
    ApprovalTimedOut,
    EmailNotifier,
    EventTimedOut,
    Http,
    Public,
    Secret,
    WebhookNotifier,
    approval,
    emit,
    flow,
    race,
    seconds,
    task,
    wait_for,
)


class Payment(BaseModel):
    amount: int


class Refund(BaseModel):
    amount: float = Field(gt=0)
    speed: Literal["slow", "fast"] = "slow"


@flow
def order(number: str) -> str:
    payment = wait_for("payment", Payment, key=number, timeout=seconds(60))
    return f"paid {payment.amount}"


@flow
def hasty(number: str) -> str:
    try:
        payment = wait_for("payment", Payment, key=number, timeout=seconds(1))
    except EventTimedOut as late:
        return f"late: {late}"
    return f"paid {payment.amount}"


@flow
def either(number: str) -> int:
    first = race(
        wait_for("payment", Payment, key=number, timeout=seconds(60)),
        wait_for("refund", Payment, key=number, timeout=seconds(60)),
    )
    return first.amount


@flow
def shout(number: str) -> str:
    emit("payment", Payment(amount=9), key=number)
    payment = wait_for("payment", Payment, key=number, timeout=seconds(60))
    return f"paid {payment.amount}"


@flow
def named(event: str) -> str:
    return wait_for(event, str, timeout=seconds(60))


@flow
def loud(words: int) -> str:
    emit("noise", "word " * words)
    return "heard"


@task
def written(words: int) -> str:
    return "word " * words


@task
def length(text: str) -> int:
    return len(text)


@flow
def book(words: int) -> str:
    text = written(words)
    return f"{length(text)}: {text}" if words < 1000 else text


@flow
def measured(words: int) -> int:
    return length(written(words))


@flow
def ask(question: str) -> str:
    decision = approval(question, show={"text": question, "score": 0.5}, to="leads", timeout=seconds(600))
    return f"{decision.approved} by {decision.by}: {decision.comment}"


@flow
def unasked(question: str) -> str:
    try:
        decision = approval(question, timeout=seconds(1))
    except ApprovalTimedOut as late:
        return f"late: {late}"
    return decision.comment


@flow
def refund(customer: str) -> str:
    decision = approval(f"Refund {customer}?", form=Refund)
    if decision.answer is None:
        return "none"
    return f"{decision.answer.amount:.2f} {decision.answer.speed}"


@flow
def all_of(questions: list[str]) -> list[str]:
    return [ask(question) for question in questions]


app = App(
    "asking",
    flows=[order, hasty, either, shout, loud, book, measured, ask, unasked, refund, all_of],
    triggers=[Http(order, "/orders", Public("the tests")), Http(book, "/books", Public("the tests"))],
    notify=[
        EmailNotifier(address="leads@example.com", to="leads"),
        WebhookNotifier(url=Secret("chat")),
    ],
)
