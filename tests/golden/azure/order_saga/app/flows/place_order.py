"""The flow place_order of order_saga.py, as an orchestrator. Generated."""

from skyloom.adapters.hosts.durable import (
    ERRORS,
    arguments,
    as_float,
    each,
    error_of,
    fields,
    flow,
    is_a,
    let_go,
    orchestrated,
    task,
)

RESERVE = task("reserve", 300)
CHARGE = task("charge", 20, attempts=3, delay=0.1, never=("CardDeclined",))
SHIP = task("ship", 20, attempts=3, delay=0.1, on=("CarrierDown",))
REFUND = task("refund", 300, attempts=5, delay=0.1)
RELEASE = task("release", 300, attempts=5, delay=0.1)
as_receipt = fields(total=as_float)
as_line = fields(price=as_float)
as_order = fields(lines=each(as_line))


@flow("place_order", returns=as_receipt)
def place_order(run, order):
    """Reserves, charges and ships; on any failure undoes what was done, last first."""
    total = sum(line["price"] * line["quantity"] for line in order["lines"])  # order_saga.py:105
    reservations = []  # order_saga.py:106
    payment = None  # order_saga.py:107
    undone = []  # order_saga.py:108
    reason = ""  # order_saga.py:109
    try:  # order_saga.py:110
        for iteration, line in enumerate(order["lines"]):  # order_saga.py:111
            # order_saga.py:112
            _reserve = yield from run.call(
                f"reserve[{iteration}]",
                RESERVE,
                order=order["id"],
                sku=line["sku"],
                quantity=line["quantity"],
            )
            reservations.append(_reserve)  # order_saga.py:112
        # order_saga.py:113
        payment = yield from run.call("charge", CHARGE, order=order["id"], card=order["card"], amount=as_float(total))
        tracking = yield from run.call("ship", SHIP, order=order["id"], customer=order["customer"])  # order_saga.py:114
        # order_saga.py:115
        return {
            "order": order["id"],
            "status": "shipped",
            "total": float(total),
            "tracking": tracking,
            "reason": "",
            "undone": [],
        }
    except ERRORS as raised:
        if is_a(raised, "OutOfStock", "PaymentError"):  # order_saga.py:116
            problem = error_of(raised)
            reason = problem["message"]  # order_saga.py:117
        elif is_a(raised, "CarrierDown", "TaskTimedOut"):  # order_saga.py:118
            problem = error_of(raised)
            reason = f'shipping failed: {problem["message"]}'  # order_saga.py:119
        else:
            raise
    finally:
        if not let_go():
            # order_saga.py:121
            yield from run.emit("emit", "order-processed", {"order": order["id"], "reason": reason})
    if payment is not None:  # order_saga.py:122
        yield from run.call("refund", REFUND, payment=payment)  # order_saga.py:123
        undone.append("payment")  # order_saga.py:124
    for iteration_2, reservation in enumerate(list(reversed(reservations))):  # order_saga.py:125
        yield from run.call(f"release[{iteration_2}]", RELEASE, reservation=reservation)  # order_saga.py:126
        undone.append(reservation)  # order_saga.py:127
    # order_saga.py:128
    return {
        "order": order["id"],
        "status": "cancelled",
        "total": float(total),
        "tracking": None,
        "reason": reason,
        "undone": undone,
    }


def orchestrator(context):
    """The orchestrator: a generator of tasks of Durable."""
    given = arguments(context)
    return (yield from orchestrated(context, place_order, order=as_order(given["order"])))
