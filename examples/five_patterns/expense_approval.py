"""Human in the loop: a model judges an expense claim, people decide; nobody's silence blocks it: it is escalated, and
in the end refused."""

import logging
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import (
    App,
    EmailNotifier,
    Http,
    Retry,
    Secret,
    WebhookNotifier,
    approval,
    context,
    flow,
    hours,
    prompt,
    task,
)


class Claim(BaseModel):
    employee: str
    manager: str
    cents: int = Field(gt=0)
    reason: str


class Assessment(BaseModel):
    risk: Literal["low", "high"]
    summary: str = Field(description="one sentence for the person who decides")


class Terms(BaseModel):
    """What the person who decides fills in."""

    cost_centre: str
    at_most_cents: int | None = Field(default=None, gt=0, description="empty: the whole amount")


class Outcome(BaseModel):
    status: Literal["paid", "refused"]
    cents: int
    """What was paid."""
    decided_by: str
    comment: str
    asked: list[str]


@prompt(
    "Assess this expense claim of {euros} EUR.\n\n{reason}",
    model="fast",
    system="Gifts, cash and trips of whole families are a high risk. Meals and trains are a low risk.",
    retry=Retry(attempts=3),
)
def assess(euros: str, reason: str) -> Assessment: ...


@task(retry=Retry(attempts=4, delay=0.1))
def pay(employee: str, cents: int, cost_centre: str) -> int:
    """Orders a payment. Every attempt carries the same key: the bank drops an order whose key it knows."""
    order = {"key": context.idempotency_key, "to": employee, "cents": cents, "on": cost_centre}
    logging.getLogger(__name__).info("order to the bank: %s", order)
    return cents


@flow
def reimburse(claim: Claim, patience: float = hours(24)) -> Outcome:
    """Decides on a claim: small and harmless ones at once, others by the manager, then by the finance team."""
    euros = f"{claim.cents // 100}.{claim.cents % 100:02d}"
    found = assess(euros, claim.reason)
    if claim.cents <= 5000 and found.risk == "low":
        paid = pay(claim.employee, claim.cents, "small")
        return Outcome(status="paid", cents=paid, decided_by="", comment="", asked=[])
    asked: list[str] = []
    for person in [claim.manager, "finance"]:
        asked.append(person)
        decision = approval(
            f"Pay {claim.employee} {euros} EUR?",
            show={"claim": claim.reason, "risk": found.risk, "summary": found.summary},
            to=person,
            timeout=patience,
            default=False,
            form=Terms,
        )
        if decision.approved:
            # Who says yes without the form agrees to the whole amount.
            cents, cost_centre = claim.cents, "not named"
            if decision.answer is not None:
                cost_centre = decision.answer.cost_centre
                if decision.answer.at_most_cents is not None:
                    cents = min(claim.cents, decision.answer.at_most_cents)
            paid = pay(claim.employee, cents, cost_centre)
            return Outcome(status="paid", cents=paid, decided_by=decision.by, comment=decision.comment, asked=asked)
        if decision.by:
            return Outcome(status="refused", cents=0, decided_by=decision.by, comment=decision.comment, asked=asked)
    return Outcome(status="refused", cents=0, decided_by="", comment="nobody answered", asked=asked)


finance_chat, managers_chat = Secret("finance-chat"), Secret("managers-chat")

app = App(
    "expenses",
    flows=[reimburse],
    triggers=[Http(reimburse, "/claims", parameter="claim")],
    resources=[finance_chat, managers_chat],
    # Each message has a link to the page on which it is decided. Finance has a channel of its own; what asks somebody
    # who has none goes to that of all managers. Mail would do too on AWS and Azure; Google Cloud sends none.
    notify=[
        WebhookNotifier(url=finance_chat, to="finance"),
        WebhookNotifier(url=managers_chat),
        EmailNotifier(address="operations@example.com", approvals=False, alarms=True),
    ],
)
