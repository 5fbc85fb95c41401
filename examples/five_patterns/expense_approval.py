"""Human in the loop: a model judges an expense claim, people decide; nobody's silence blocks it: it is escalated, and
in the end refused."""

import logging
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import Retry, approval, context, flow, hours, prompt, task


class Claim(BaseModel):
    employee: str
    manager: str
    amount: float
    reason: str


class Assessment(BaseModel):
    risk: Literal["low", "high"]
    summary: str = Field(description="one sentence for the person who decides")


class Terms(BaseModel):
    """What the person who decides fills in."""

    cost_centre: str
    at_most: float | None = Field(default=None, gt=0, description="empty: the whole amount")


class Outcome(BaseModel):
    status: Literal["paid", "refused"]
    amount: float
    decided_by: str
    comment: str
    asked: list[str]


@prompt(
    "Assess this expense claim of {claim.amount} EUR.\n\n{claim.reason}",
    model="fast",
    system="Gifts, cash and trips of whole families are a high risk. Meals and trains are a low risk.",
    retry=Retry(attempts=3),
)
def assess(claim: Claim) -> Assessment: ...


@task(retry=Retry(attempts=4, delay=0.1))
def pay(employee: str, amount: float, cost_centre: str) -> float:
    """Orders a payment. Every attempt carries the same key: the bank drops an order whose key it knows."""
    order = {"key": context.idempotency_key, "to": employee, "cents": round(amount * 100), "on": cost_centre}
    logging.getLogger(__name__).info("order to the bank: %s", order)
    return round(amount, 2)


@flow
def reimburse(claim: Claim, patience: float = hours(24)) -> Outcome:
    """Decides on a claim: small and harmless ones at once, others by the manager, then by the finance team."""
    found = assess(claim)
    if claim.amount <= 50 and found.risk == "low":
        return Outcome(
            status="paid", amount=pay(claim.employee, claim.amount, "small"), decided_by="", comment="", asked=[]
        )
    asked: list[str] = []
    for person in [claim.manager, "finance"]:
        asked.append(person)
        decision = approval(
            f"Pay {claim.employee} {claim.amount:.2f} EUR?",
            show={"claim": claim.reason, "risk": found.risk, "summary": found.summary},
            to=person,
            timeout=patience,
            default=False,
            form=Terms,
        )
        if decision.approved:
            # Who says yes without the form agrees to the whole amount.
            amount, cost_centre = claim.amount, "not named"
            if decision.answer is not None:
                cost_centre = decision.answer.cost_centre
                if decision.answer.at_most is not None:
                    amount = min(claim.amount, decision.answer.at_most)
            paid = pay(claim.employee, amount, cost_centre)
            return Outcome(status="paid", amount=paid, decided_by=decision.by, comment=decision.comment, asked=asked)
        if decision.by:
            return Outcome(status="refused", amount=0.0, decided_by=decision.by, comment=decision.comment, asked=asked)
    return Outcome(status="refused", amount=0.0, decided_by="", comment="nobody answered", asked=asked)
