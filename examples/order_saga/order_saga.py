"""An order as a saga: every step that succeeded is undone when a later one fails."""

import json
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from skyloom.flows import Retry, TaskTimedOut, context, emit, flow, seconds, task


class Line(BaseModel):
    sku: str
    quantity: int
    price: float


class Order(BaseModel):
    id: str
    customer: str
    card: str
    lines: list[Line]


class Receipt(BaseModel):
    order: str
    status: Literal["shipped", "cancelled"]
    total: float
    tracking: str | None = None
    reason: str = ""
    undone: list[str] = []


class OutOfStock(Exception):
    """The warehouse has not enough of an article."""


class PaymentError(Exception):
    """The payment did not go through."""


class CardDeclined(PaymentError):
    """The bank said no."""


class CarrierDown(Exception):
    """The carrier's service did not answer."""


STOCK = {"lamp": 40, "chair": 12, "desk": 3}
LEDGER_VARIABLE = "ORDER_SAGA_LEDGER"


def _write(entry: str) -> None:
    """Adds a line to the ledger file, so that one sees what was done and undone."""
    path = os.environ.get(LEDGER_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as ledger:
            ledger.write(json.dumps({"entry": entry, "key": context.idempotency_key}) + "\n")


@task
def reserve(order: str, sku: str, quantity: int) -> str:
    """Sets goods aside."""
    if quantity > STOCK.get(sku, 0):
        raise OutOfStock(f"{sku}: {quantity} wanted, {STOCK.get(sku, 0)} in stock")
    _write(f"reserved {quantity} {sku}")
    return f"{order}/{sku}"


@task(retry=Retry(attempts=5, delay=0.1))
def release(reservation: str) -> None:
    """Puts goods back."""
    _write(f"released {reservation}")


@task(timeout=seconds(20), retry=Retry(attempts=3, delay=0.1, never=CardDeclined))
def charge(order: str, card: str, amount: float) -> str:
    """Takes the money. The idempotency key makes a repeated attempt harmless."""
    if card.endswith("0002"):
        raise CardDeclined(f"card ending in {card[-4:]} was declined")
    _write(f"charged {amount:.2f}")
    return f"pay-{context.idempotency_key[:8]}"


@task(retry=Retry(attempts=5, delay=0.1))
def refund(payment: str) -> None:
    """Gives the money back."""
    _write(f"refunded {payment}")


@task(timeout=seconds(20), retry=Retry(attempts=3, delay=0.1, on=CarrierDown))
def ship(order: str, customer: str) -> str:
    """Hands the parcel to the carrier, whose service often needs a second call."""
    if customer == "Nowhere" or context.attempt == 1:
        raise CarrierDown(f"no carrier for {customer}")
    _write(f"shipped to {customer}")
    return f"track-{order}"


@flow
def place_order(order: Order) -> Receipt:
    """Reserves, charges and ships; on any failure undoes what was done, last first."""
    total = sum(line.price * line.quantity for line in order.lines)
    reservations: list[str] = []
    payment: str | None = None
    undone: list[str] = []
    reason = ""
    try:
        for line in order.lines:
            reservations.append(reserve(order.id, line.sku, line.quantity))
        payment = charge(order.id, order.card, total)
        tracking = ship(order.id, order.customer)
        return Receipt(order=order.id, status="shipped", total=total, tracking=tracking)
    except (OutOfStock, PaymentError) as problem:
        reason = str(problem)
    except (CarrierDown, TaskTimedOut) as problem:
        reason = f"shipping failed: {problem}"
    finally:
        emit("order-processed", {"order": order.id, "reason": reason})
    if payment is not None:
        refund(payment)
        undone.append("payment")
    for reservation in reversed(reservations):
        release(reservation)
        undone.append(reservation)
    return Receipt(order=order.id, status="cancelled", total=total, reason=reason, undone=undone)
