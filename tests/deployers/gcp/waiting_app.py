"""An app whose flows wait, race and time out: the tests deploy it, and answer what it waits for."""

from pydantic import BaseModel

from skyloom.flows import (
    App,
    ApprovalTimedOut,
    EventTimedOut,
    approval,
    flow,
    race,
    seconds,
    wait_for,
)


class Payment(BaseModel):
    amount: int


@flow
def order(number: str) -> str:
    payment = wait_for("payment", Payment, key=number, timeout=seconds(30))
    return f"paid {payment.amount}"


@flow
def hasty(number: str) -> str:
    try:
        payment = wait_for("payment", Payment, key=number, timeout=seconds(1))
    except EventTimedOut as late:
        return f"late: {late}"
    return f"paid {payment.amount}"


@flow
def unasked(question: str) -> str:
    try:
        decision = approval(question, timeout=seconds(1))
    except ApprovalTimedOut as late:
        return f"late: {late}"
    return decision.comment


@flow
def either(number: str) -> int:
    first = race(
        wait_for("payment", Payment, key=number, timeout=seconds(60)),
        wait_for("refund", Payment, key=number, timeout=seconds(60)),
    )
    return first.amount


app = App("waiting", flows=[order, hasty, unasked, either])
