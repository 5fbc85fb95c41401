"""examples/order_saga as an orchestrator written by hand."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from benchmarks.azure_by_hand.calls import Failed, call, insisting, value


def orchestrator(context: Any) -> Generator[Any, Any, str]:
    """Reserves, charges and ships; on any failure undoes what was done, last first."""
    order = context.get_input()["order"]
    id_, total = order["id"], sum(line["price"] * line["quantity"] for line in order["lines"])
    reservations: list[str] = []
    payment, reason, receipt = None, "", None
    try:
        for line in order["lines"]:
            asked = call(context, "task", "reserve", order=id_, sku=line["sku"], quantity=line["quantity"])
            reservations.append(value((yield asked)))
        card = order["card"]
        payment = yield from insisting(
            context, 3, 0.1, "Exception", "CardDeclined", "charge", order=id_, card=card, amount=total
        )
        tracking = yield from insisting(
            context, 3, 0.1, "CarrierDown", "", "ship", order=id_, customer=order["customer"]
        )
        receipt = _receipt(id_, "shipped", total, tracking, "", [])
    except Failed as problem:
        if not {"OutOfStock", "PaymentError", "CarrierDown", "TaskTimedOut"} & set(problem.names):
            raise
        late = {"CarrierDown", "TaskTimedOut"} & set(problem.names)
        reason = f"shipping failed: {problem}" if late else str(problem)
    yield context.call_activity("skyloom_emit", json.dumps({"order": id_, "reason": reason}))
    if receipt is not None:
        return receipt
    undone = []
    if payment is not None:
        yield from insisting(context, 5, 0.1, "Exception", "", "refund", payment=payment)
        undone.append("payment")
    for reservation in reversed(reservations):
        yield from insisting(context, 5, 0.1, "Exception", "", "release", reservation=reservation)
        undone.append(reservation)
    return _receipt(id_, "cancelled", total, None, reason, undone)


def _receipt(id_: str, status: str, total: float, tracking: Any, reason: str, undone: list[str]) -> str:
    return json.dumps(
        {"order": id_, "status": status, "total": total, "tracking": tracking, "reason": reason, "undone": undone}
    )
