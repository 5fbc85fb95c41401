"""What the malformed flows may refer to. Everything here is well-formed."""

# The flows import everything from here.
# ruff: noqa: F401

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from skyloom.flows import (
    approval,
    context,
    each,
    emit,
    flow,
    hours,
    minutes,
    now,
    parallel,
    prompt,
    race,
    sha256,
    sleep,
    task,
    uuid,
    wait_for,
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Ticket(BaseModel):
    customer: str
    body: str
    priority: int = 1
    tags: list[str] = []
    boss: str | None = None

    @property
    def title(self) -> str:
        return self.body[:20]

    def shout(self) -> str:
        return self.body.upper()


class Slip(BaseModel):
    ticket: Ticket | None = None
    count: int | None = None


class Triage(BaseModel):
    urgency: Literal["low", "high"]
    topic: str


class Reply(BaseModel):
    status: Literal["sent", "rejected"]
    text: str = ""


class Checked(BaseModel):
    amount: int = Field(ge=0)


class Card(BaseModel):
    kind: Literal["card"]
    number: str


class Cash(BaseModel):
    kind: Literal["cash"]
    amount: float


@dataclass
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True)
class Fixed:
    x: int


@dataclass(frozen=True)
class Tagged:
    tags: list[str] = field(default_factory=list)
    more: list[str] | None = None


class Row(TypedDict):
    name: str
    size: int


class Refused(Exception):
    """Says no."""


class Coded(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")


LIMIT = 3
NAMES = ["ann", "bob"]
START = datetime(2024, 1, 1)


def plain(text: str) -> str:
    return text


@prompt("Classify.\n\n{ticket.body}")
def triage(ticket: Ticket) -> Triage: ...


@task
def search(topic: str) -> list[str]:
    return [topic]


@task
def score(text: str, weight: float = 1.0) -> int:
    return len(text)


@task
def find(name: str) -> Ticket | None:
    return None


@task
def anything(name: str) -> Any:
    return name


@task
def note(text: str) -> None:
    return None


@task
def ready(text: str) -> bool:
    return bool(text)


@task
def pay(payment: Card | Cash) -> str:
    return payment.kind


@task
def table(count: int) -> list[list[int]]:
    return [[count]]


@flow
def sub(text: str, times: int = 1) -> int:
    return score(text) * times
