"""Flows as people write them: everything together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import (
    EventTimedOut,
    Retry,
    approval,
    context,
    each,
    emit,
    flow,
    hours,
    parallel,
    race,
    sleep,
    task,
    wait_for,
)
from skyloom.flows.testing import Arrival, approve, reject

# --- an order with compensation -------------------------------------------------------------------------------------


class Line(BaseModel):
    sku: str
    quantity: int = 1
    price: float


class Order(BaseModel):
    id: str
    customer: str
    lines: list[Line]


class Receipt(BaseModel):
    order: str
    status: Literal["shipped", "cancelled", "refused"]
    total: float = 0.0
    undone: list[str] = []
    reason: str | None = None


class OutOfStock(Exception):
    pass


class CardDeclined(Exception):
    pass


@task
def reserve(sku: str, quantity: int) -> str:
    if quantity > 10:
        raise OutOfStock(f"only 10 of {sku}")
    return f"r-{sku}"


@task
def release(reservation: str) -> None:
    return None


@task(retry=Retry(attempts=3, delay=0.01, jitter=0.0, never=CardDeclined))
def charge(customer: str, amount: float) -> str:
    if customer == "broke":
        raise CardDeclined(f"{amount:.2f} declined")
    if context.attempt < 2:
        raise ConnectionError("bank is busy")
    return f"c-{customer}"


@task
def ship(order: str) -> str:
    if order.startswith("lost"):
        raise RuntimeError("no carrier")
    return f"s-{order}"


@task
def refund(charge: str) -> None:
    return None


@task
def notify(customer: str, text: str) -> None:
    return None


@flow
def place_order(order: Order) -> Receipt:
    total = sum(line.price * line.quantity for line in order.lines)
    reservations: list[str] = []
    payment: str | None = None
    shipped = False
    try:
        for line in order.lines:
            reservations.append(reserve(line.sku, line.quantity))
        payment = charge(order.customer, total)
        tracking = ship(order.id)
        shipped = True
        return Receipt(order=tracking, status="shipped", total=total)
    except (OutOfStock, CardDeclined) as error:
        return Receipt(order=order.id, status="refused", undone=[*reservations], reason=str(error))
    finally:
        if not shipped:
            for reservation in reversed(reservations):
                release(reservation)
            if payment is not None:
                refund(payment)
        notify(order.customer, "shipped" if shipped else "not shipped")


# --- a ticket with approval -----------------------------------------------------------------------------------------


@dataclass
class Ticket:
    customer: str
    body: str
    urgency: Literal["low", "high"] = "low"


@dataclass
class Reply:
    status: Literal["sent", "rejected", "escalated"]
    text: str = ""
    sources: int = 0


@task
def search(topic: str, limit: int = 3) -> list[str]:
    return [f"{topic} {n}" for n in range(1, limit + 1)]


@task
def load_history(customer: str) -> list[str]:
    return [] if customer == "new" else [f"{customer} wrote before"]


@task
def draft(body: str, article: str) -> str:
    return f"{body}: see {article}"


@task
def score(text: str) -> int:
    return sum(int(c) for c in text if c.isdigit())


@flow
def gather(topic: str, customer: str) -> list[str]:
    articles, history = parallel(search(topic), load_history(customer))
    return [*articles, *history]


@flow
def answer(ticket: Ticket) -> Reply:
    topic = ticket.body.split()[0].lower() if ticket.body.strip() else "nothing"
    sources = gather(topic, ticket.customer)
    drafts = [draft(ticket.body, s) for s in each(sources, limit=2)]
    scores = [score(d) for d in drafts]
    best = max(zip(scores, drafts))[1]
    if ticket.urgency == "high":
        decision = approval(f"Send this to {ticket.customer}?", show=best, to="leads", timeout=hours(24), default=False)
        if not decision.approved:
            if decision.comment == "escalate":
                emit("escalated", {"customer": ticket.customer, "drafts": len(drafts)})
                return Reply("escalated", sources=len(sources))
            return Reply("rejected", text=decision.comment)
    return Reply(status="sent", text=best, sources=len(sources))


# --- documents: split, map, reduce ----------------------------------------------------------------------------------


@task
def count_words(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts


@flow
def word_table(documents: dict[str, str], top: int = 2) -> dict[str, list[str]]:
    result = {}
    for name, text in sorted(documents.items()):
        paragraphs = [p.strip() for p in text.split("\n\n") if p.strip()]
        total: dict[str, int] = {}
        for counts in [count_words(p) for p in paragraphs]:
            for word, n in counts.items():
                total[word] = total.get(word, 0) + n
        ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
        result[name] = [f"{word}={n}" for word, n in ranked[:top]]
    return result


# --- refine until good ----------------------------------------------------------------------------------------------


@task
def improve(text: str, round: int) -> str:  # noqa: A002
    return text + "+" * round


@flow
def refine(text: str, wanted: int, rounds: int = 5) -> str:
    history = [text]
    for round_number in range(1, rounds + 1):
        text = improve(text, round_number)
        history.append(text)
        if len(text) >= wanted:
            break
        sleep(0.01)
    else_text = "enough" if len(text) >= wanted else "gave up"
    return f"{else_text} after {len(history) - 1}: {text}"


# --- wait for a payment, remind, cancel -----------------------------------------------------------------------------


class Payment(BaseModel):
    amount: float


@flow
def collect(invoice: str, amount: float, reminders: int, patience: float) -> str:
    paid = 0.0
    for attempt in range(reminders + 1):
        try:
            payment = wait_for("invoice-paid", Payment, key=invoice, timeout=patience)
        except EventTimedOut:
            notify(invoice, f"reminder {attempt + 1}")
            continue
        paid += payment.amount
        if paid >= amount:
            return f"paid {paid:.2f}"
    return f"cancelled at {paid:.2f}"


# --- the quicker supplier -------------------------------------------------------------------------------------------


@flow
def offer(supplier: str, delay: float, price: float) -> tuple[str, float]:
    sleep(delay)
    return supplier, price


@flow
def buy(items: list[str]) -> list[str]:
    bought = []
    for item in items:
        supplier, price = race(offer("slow " + item, 4.0, 1.0), offer("quick " + item, 0.02, 2.5))
        bought.append(f"{supplier} for {price}")
    return bought


# --- a batch that goes on past failures -----------------------------------------------------------------------------


class Outcome(BaseModel):
    id: int
    ok: bool
    detail: str = ""


@task
def process(id: int) -> str:  # noqa: A002
    if id % 3 == 0:
        raise ValueError(f"row {id} is broken")
    return f"row {id}"


@flow
def process_one(id: int) -> Outcome:  # noqa: A002
    try:
        return Outcome(id=id, ok=True, detail=process(id))
    except ValueError as error:
        return Outcome(id=id, ok=False, detail=str(error))


@flow
def batch(ids: list[int], tolerate: int) -> dict[str, list[str]]:
    outcomes = [process_one(i) for i in each(ids, limit=4)]
    failed = [o for o in outcomes if not o.ok]
    if len(failed) > tolerate:
        raise RuntimeError(f"{len(failed)} of {len(outcomes)} failed, the first: {failed[0].detail}")
    return {"done": [o.detail for o in outcomes if o.ok], "failed": [str(o.id) for o in failed]}


# --- a machine of states --------------------------------------------------------------------------------------------


@task
def react(state: str, event: str) -> str:
    table = {("idle", "start"): "running", ("running", "pause"): "paused", ("paused", "start"): "running"}
    if (state, event) not in table and event != "stop":
        raise KeyError(f"{state}/{event}")
    return table.get((state, event), "stopped")


@flow
def machine(events: list[str]) -> list[str]:
    state, seen = "idle", ["idle"]
    for event in events:
        try:
            state = react(state, event)
        except KeyError:
            seen.append(f"ignored {event}")
            continue
        seen.append(state)
        if state == "stopped":
            break
    return seen


def _order(**changes: object) -> dict[str, object]:
    return {
        "id": "o1",
        "customer": "ann",
        "lines": [{"sku": "nut", "quantity": 4, "price": 0.25}, {"sku": "bolt", "price": 2}],
        **changes,
    }


CASES = [
    case(
        place_order,
        {"order": _order()},
        result={"order": "s-o1", "status": "shipped", "total": 3.0, "undone": [], "reason": None},
        calls=[
            call("reserve", sku="nut", quantity=4),
            call("reserve", sku="bolt", quantity=1),
            call("charge", customer="ann", amount=3.0),
            call("charge", customer="ann", amount=3.0),
            call("ship", order="o1"),
            call("notify", customer="ann", text="shipped"),
        ],
        name="shipped",
    ),
    case(
        place_order,
        {"order": _order(customer="broke")},
        result={
            "order": "o1",
            "status": "refused",
            "total": 0.0,
            "undone": ["r-nut", "r-bolt"],
            "reason": "3.00 declined",
        },
        calls=[
            call("reserve", sku="nut", quantity=4),
            call("reserve", sku="bolt", quantity=1),
            call("charge", customer="broke", amount=3.0),
            call("release", reservation="r-bolt"),
            call("release", reservation="r-nut"),
            call("notify", customer="broke", text="not shipped"),
        ],
        name="declined",
    ),
    case(
        place_order,
        {"order": _order(lines=[{"sku": "nut", "price": 1}, {"sku": "bolt", "quantity": 11, "price": 2}])},
        result={"order": "o1", "status": "refused", "total": 0.0, "undone": ["r-nut"], "reason": "only 10 of bolt"},
        name="out-of-stock",
    ),
    case(
        place_order,
        {"order": _order(id="lost1", lines=[])},
        error=("RuntimeError", "no carrier"),
        calls=[
            call("charge", customer="ann", amount=0.0),
            call("charge", customer="ann", amount=0.0),
            call("ship", order="lost1"),
            call("refund", charge="c-ann"),
            call("notify", customer="ann", text="not shipped"),
        ],
        name="lost",
    ),
    case(
        answer,
        {"ticket": {"customer": "ann", "body": "Login fails"}},
        result={"status": "sent", "text": "Login fails: see login 3", "sources": 4},
        name="low",
    ),
    case(
        answer,
        {"ticket": {"customer": "new", "body": "", "urgency": "high"}},
        result={"status": "sent", "text": ": see nothing 3", "sources": 3},
        approvals=[approve("ok")],
        name="approved",
    ),
    case(
        answer,
        {"ticket": {"customer": "ann", "body": "Bug", "urgency": "high"}},
        result={"status": "rejected", "text": "not polite", "sources": 0},
        approvals=[reject("not polite")],
        name="rejected",
    ),
    case(
        answer,
        {"ticket": {"customer": "ann", "body": "Bug", "urgency": "high"}},
        result={"status": "escalated", "text": "", "sources": 4},
        approvals=[reject("escalate")],
        emitted=[("escalated", {"customer": "ann", "drafts": 4})],
        name="escalated",
    ),
    case(
        word_table,
        {"documents": {"b": "x y x\n\ny y", "a": "one\n\n\n\nTwo two", "c": ""}},
        result={"a": ["two=2", "one=1"], "b": ["y=3", "x=2"], "c": []},
    ),
    case(
        refine,
        {"text": "a", "wanted": 4},
        result="enough after 2: a+++",
        calls=[call("improve", text="a", round=1), call("improve", text="a+", round=2)],
        name="enough",
    ),
    case(refine, {"text": "", "wanted": 100, "rounds": 2}, result="gave up after 2: +++", name="gave-up"),
    case(
        collect,
        {"invoice": "i1", "amount": 10, "reminders": 2, "patience": 2.5},
        result="paid 10.50",
        calls=[call("notify", customer="i1", text="reminder 2")],
        events={
            "invoice-paid": [
                Arrival(payload={"amount": 4}, key="i1"),
                Arrival(after=None, key="i1"),
                Arrival(payload={"amount": 6.5}, key="i1"),
            ]
        },
        name="paid",
    ),
    case(
        collect,
        {"invoice": "i1", "amount": 10, "reminders": 1, "patience": 0.5},
        result="cancelled at 0.00",
        calls=[call("notify", customer="i1", text="reminder 1"), call("notify", customer="i1", text="reminder 2")],
        events={"invoice-paid": [Arrival(after=None), Arrival(after=None)]},
        name="cancelled",
    ),
    case(buy, {"items": ["nut", "bolt"]}, result=["quick nut for 2.5", "quick bolt for 2.5"]),
    case(
        batch,
        {"ids": [1, 2, 3, 4], "tolerate": 1},
        result={"done": ["row 1", "row 2", "row 4"], "failed": ["3"]},
        name="tolerated",
    ),
    case(
        batch,
        {"ids": [6, 1, 3], "tolerate": 1},
        error=("RuntimeError", "2 of 3 failed, the first: row 6 is broken"),
        name="too-many",
    ),
    case(
        machine,
        {"events": ["start", "start", "pause", "start", "stop", "start"]},
        result=["idle", "running", "ignored start", "paused", "running", "stopped"],
    ),
]
