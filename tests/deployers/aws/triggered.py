"""An app whose flow every kind of trigger starts: the tests deploy it, and look at what the runs give."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import flow, task
from skyloom.flows.app import (
    App,
    Bucket,
    Http,
    Iam,
    Jwt,
    ObjectCreated,
    OnEvent,
    Public,
    Queue,
    QueueMessage,
    Schedule,
    StoredObject,
)


class Line(BaseModel):
    sku: str = Field(min_length=2)
    count: int = 1
    price: float = 1


class Order(BaseModel):
    id: str
    due: datetime | None = None
    day: date = date(2026, 1, 31)
    lines: list[Line] = Field(default_factory=list)
    speed: Literal["slow", "fast"] = "slow"


class Taken(BaseModel):
    order: Order
    total: float
    note: str


@task
def total(order: Order) -> float:
    return sum(line.count * line.price for line in order.lines)


@flow
def take(order: Order, note: str = "none") -> Taken:
    """The order as the flow sees it, also what was left out of it."""
    return Taken(order=order, total=total(order), note=note)


@flow
def file(found: StoredObject, copies: int = 2) -> str:
    return f"{found.key} ({found.size} bytes), {copies} times"


inbox = Bucket("inbox")
orders = Queue("orders")

app = App(
    "triggered",
    flows=[take, file],
    triggers=[
        Http(take, "/orders", Public("the tests"), parameter="order"),
        Http(take, "/inputs", Public("the tests")),
        Http(take, "/signed", Iam(), parameter="order"),
        Http(take, "/tokens", Jwt(issuer="https://login.example.com/", audience=["shop"]), parameter="order"),
        Schedule(take, "* * * * *", input={"order": {"id": "clock", "due": "2026-01-31T14:30:00+02:00"}}),
        ObjectCreated(file, inbox, prefix="in/", suffix=".pdf"),
        QueueMessage(take, orders, parameter="order"),
        OnEvent(take, "ordered", parameter="order"),
    ],
    resources=[inbox, orders],
)
