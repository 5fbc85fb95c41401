"""What the flows of the fuzzer are made of: models, errors, tasks. Every kind of value has a task that hands it on."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, field_validator
from typing_extensions import TypedDict

from skyloom.flows import Retry, context, prompt, task

QUICK = 0.01
SHORT = 20
"""Seconds of a task whose calls may share an invocation: two of three."""


class Level(Enum):
    """An enum of texts, one of them empty."""

    LOW = ""
    HIGH = "high"
    ODD = "it's $odd"


class Rank(Enum):
    """An enum of numbers."""

    NONE = 0
    SOME = 3


class Inner(BaseModel):
    """A model in a model."""

    amount: float
    notes: list[str] = []


class Person(BaseModel):
    """A model with fields of many kinds."""

    name: str
    age: int = 0
    tags: list[str] = []
    rows: list[list[int]] = []
    maybe: int | None = None
    inner: Inner | None = None


class Form(BaseModel):
    """What people fill in."""

    street: str
    number: int = 1
    note: str | None = None


class Impossible(BaseModel):
    """What no model answers."""

    number: int

    @field_validator("number")
    @classmethod
    def refuse(cls, number: int) -> int:
        raise ValueError("no number is good enough")


@dataclass
class Point:
    """A dataclass."""

    x: int
    y: int = 7
    labels: list[str] = field(default_factory=list)


class Entry(TypedDict):
    """A TypedDict."""

    key: str
    count: int


class Busy(Exception):
    """An error of the flow's own."""


class VeryBusy(Busy):
    """One that is a Busy."""


class Gone(LookupError):
    """One that is a LookupError, as IndexError and KeyError are."""


@task(fuse=True, timeout=SHORT)
def same_int(value: int) -> int:
    return value


@task(fuse=True, timeout=SHORT)
def same_float(value: float) -> float:
    return value


@task
def same_number(value: int | float) -> int | float:
    return value


@task
def same_str(value: str) -> str:
    return value


@task(fuse=True, timeout=SHORT)
def same_bool(value: bool) -> bool:
    return value


@task(fuse=True, timeout=SHORT)
def same_ints(value: list[int]) -> list[int]:
    return value


@task
def same_floats(value: list[float]) -> list[float]:
    return value


@task(fuse=True, timeout=SHORT)
def same_strs(value: list[str]) -> list[str]:
    return value


@task(fuse=True, timeout=SHORT)
def same_rows(value: list[list[int]]) -> list[list[int]]:
    return value


@task
def same_dict(value: dict[str, int]) -> dict[str, int]:
    return value


@task(fuse=True, timeout=SHORT)
def same_lists(value: dict[str, list[int]]) -> dict[str, list[int]]:
    return value


@task(fuse=True, timeout=SHORT)
def same_pair(value: tuple[str, int]) -> tuple[str, int]:
    return value


@task
def same_pairs(value: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return value


@task(fuse=True, timeout=SHORT)
def same_maybe(value: int | None) -> int | None:
    return value


@task(fuse=True, timeout=SHORT)
def same_word(value: str | None) -> str | None:
    return value


@task
def same_list(value: list[int] | None) -> list[int] | None:
    return value


@task(fuse=True, timeout=SHORT)
def same_nulls(value: list[int | None]) -> list[int | None]:
    return value


@task(fuse=True, timeout=SHORT)
def same_either(value: int | str) -> int | str:
    return value


@task
def same_person(value: Person) -> Person:
    return value


@task(fuse=True, timeout=SHORT)
def same_people(value: list[Person]) -> list[Person]:
    return value


@task(fuse=True, timeout=SHORT)
def same_point(value: Point) -> Point:
    return value


@task
def same_entry(value: Entry) -> Entry:
    return value


@task(fuse=True, timeout=SHORT)
def same_level(value: Level) -> Level:
    return value


@task(fuse=True, timeout=SHORT)
def same_grade(value: Literal["low", "high"]) -> Literal["low", "high"]:
    return value


@task
def same_moment(value: datetime) -> datetime:
    return value


@task(fuse=True, timeout=SHORT)
def same_any(value: Any) -> Any:
    return value


def _error(kind: int, message: str) -> Exception:
    classes = [Busy, VeryBusy, Gone, ValueError, KeyError, IndexError, ZeroDivisionError, TimeoutError, RuntimeError]
    return classes[kind % len(classes)](message)


@task(fuse=True, timeout=SHORT)
def fail(kind: int, message: str) -> int:
    raise _error(kind, message)


@task
def check(value: int, limit: int) -> int:
    if value > limit:
        raise Busy(f"{value} > {limit}")
    return value


@task(fuse=True, timeout=SHORT, retry=Retry(attempts=3, delay=QUICK, jitter=0.0))
def at_attempt(value: str, attempt: int) -> str:
    if context.attempt < attempt:
        raise Busy(f"{value} at {context.attempt}")
    return f"{value}/{context.attempt}"


@task(
    fuse=True, timeout=SHORT, retry=Retry(attempts=3, delay=QUICK, jitter=0.0, on=(Busy, LookupError), never=VeryBusy)
)
def picky(kind: int, attempt: int) -> int:
    if context.attempt < attempt:
        raise _error(kind, f"kind {kind} at {context.attempt}")
    return context.attempt


@task(fuse=True, timeout=SHORT)
def wrong(value: str) -> int:
    return value  # type: ignore[return-value]


@task(timeout=0.15)
def slow(value: int) -> int:
    time.sleep(0.7)
    return value


@task(timeout=0.15, retry=Retry(attempts=2, delay=QUICK, jitter=0.0))
def slow_at_first(value: str) -> str:
    if context.attempt == 1:
        time.sleep(0.7)
    return f"{value} at {context.attempt}"


@prompt("Sum up:\n\n{text}", system="You sum up.", model="smart", temperature=0)
def summary(text: str) -> str: ...


@prompt("How much is {text}? At most {limit}, {{really}}.")
def estimate(text: str, limit: int = 3) -> int: ...


@prompt("The words of {person.name} that matter, of {person.age} years.")
def keywords(person: Person) -> list[str]: ...


@prompt("Grade {text}")
def graded(text: str) -> Literal["low", "high"]: ...


@prompt("Who wrote {text}?")
def author(text: str) -> Person: ...


@prompt("A number for {text}", repairs=1)
def impossible(text: str) -> Impossible: ...
