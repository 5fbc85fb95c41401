"""An app with everything that an app can have, for each cloud: the tests deploy it, and look at its template."""

from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import Retry, approval, emit, flow, hours, minutes, prompt, task, wait_for
from skyloom.flows.app import (
    App,
    Bucket,
    EmailNotifier,
    Environment,
    Http,
    Jwt,
    ObjectCreated,
    OnEvent,
    Public,
    Queue,
    QueueMessage,
    Schedule,
    Secret,
    StoredObject,
    WebhookNotifier,
)


class Order(BaseModel):
    id: str
    amount: float = 1.0


class Payment(BaseModel):
    amount: float
    currency: Literal["EUR", "USD"] = "EUR"


class Refund(BaseModel):
    amount: float = Field(gt=0, title="Amount to refund")
    reason: str = "goodwill"


@prompt("Is this order odd?\n\n{order}", model="fast")
def judge(order: Order) -> bool: ...


@task(timeout=minutes(1), retry=Retry(attempts=3))
def ship(order: Order) -> str:
    return f"shipped {order.id}"


@task(memory=512)
def store(order: Order) -> str:
    return f"stored {order.id}"


@task
def notify(order: str) -> str:
    return order


@flow
def handle(order: Order) -> str:
    """From an order to its parcel."""
    payment = wait_for("payment", Payment, key=order.id, timeout=hours(1))
    if payment.amount < order.amount or judge(order):
        decision = approval(
            f"Refund {order.id}?", show=order, to="finance", timeout=hours(24), default=False, form=Refund
        )
        if not decision.approved:
            return decision.comment
    place = store(order)
    emit("shipped", {"id": order.id})
    return ship(order) + " " + place


@flow
def digest(days: int = 1) -> str:
    """What happened."""
    return notify(f"{days} days")


@flow
def take_in(file: StoredObject) -> str:
    """A new file."""
    return notify(file.key)


@flow
def follow_up(id: str) -> str:  # noqa: A002
    """After shipping."""
    return notify(id)


HOOK = Secret("chat-hook")

inbox = Bucket("inbox", readers=[notify], writers=[store])
orders = Queue("orders", senders=[ship])
mail_key = Secret("mail-key", readers=[notify])


def everything(jwt: Jwt, *told: EmailNotifier) -> App:
    """The app, where a cloud checks tokens so and mails these people."""
    return App(
        "everything",
        flows=[handle, digest, take_in, follow_up],
        triggers=[
            Http(handle, "/orders", parameter="order"),
            Http(handle, "/contact", Public("a form on the web site"), parameter="order"),
            Http(digest, "/digests", jwt),
            Schedule(digest, "0 8 * * MON-FRI", timezone="Europe/Berlin", input={"days": 2}),
            Schedule(digest, every=hours(6)),
            ObjectCreated(take_in, inbox, prefix="in/", suffix=".pdf"),
            QueueMessage(handle, orders, parameter="order"),
            OnEvent(follow_up, "shipped"),
        ],
        resources=[inbox, orders, mail_key, HOOK],
        environments={"prod": Environment(keep_data=True, log_days=365, log_data=True, concurrency=20)},
        notify=[*told, WebhookNotifier(url=HOOK, alarms=True)],
        tags={"team": "shop"},
    )


ISSUER = "https://login.example.com/"
FINANCE = EmailNotifier(address="finance@example.com", to="finance")
ALARMS = EmailNotifier(address="ops@example.com", alarms=True, approvals=False)

aws = everything(
    Jwt(issuer=ISSUER, audience=["shop"], scopes=["digest"]),
    FINANCE,
    EmailNotifier(address="ops@example.com", alarms=True),
)
azure = everything(Jwt(issuer=ISSUER, audience=["shop"]), ALARMS, FINANCE)
# No scopes are checked here, and no mails ask for approvals.
gcp = everything(Jwt(issuer=ISSUER, audience=["shop"]), ALARMS)
