"""The flows that the tests of the command line run."""

SOURCE = '''
import time

from pydantic import BaseModel

from skyloom.flows import Retry, approval, each, flow, prompt, seconds, sleep, task, wait_for

print("the file speaks while it is imported")


class Ticket(BaseModel):
    customer: str
    body: str


class Form(BaseModel):
    amount: int


@task
def shout(text: str) -> str:
    print("the task speaks")
    return text.upper()


@task(retry=Retry(attempts=2, delay=0.01))
def number(text: str) -> int:
    return int(text)


@prompt("Name the topic of: {text}", model="smart")
def topic(text: str) -> str: ...


@flow
def greet(ticket: Ticket, times: int = 1) -> list[str]:
    """Greets a customer."""
    word = shout(ticket.customer)
    return [word] * times


@flow
def numbers(texts: list[str]) -> int:
    found = [number(text) for text in each(texts, limit=2)]
    return sum(found)


@flow
def topics(text: str) -> str:
    return topic(text)


@flow
def ask(customer: str, patience: float = 60.0) -> str:
    word = shout(customer)
    decision = approval(f"Send it to {word}?", timeout=seconds(patience), default=False, form=Form)
    verdict = "sent" if decision.approved else "kept"
    amount = decision.answer.amount if decision.answer is not None else 0
    return f"{verdict} {amount} {decision.by} {decision.comment}"


@flow
def paid(order: str) -> int:
    amount = wait_for("payment", int, key=order, timeout=seconds(60))
    return amount


@task
def doze() -> None:
    print("the task dozes", flush=True)
    time.sleep(100)


@flow
def stuck() -> None:
    doze()


@flow
def nap(length: float) -> str:
    word = shout("slept")
    sleep(length)
    return word
'''
