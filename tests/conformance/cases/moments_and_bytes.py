"""Datetimes, dates, times and bytes on their way through a flow; now and uuid."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import flow, now, parallel, sleep, task, uuid


class Event(BaseModel):
    name: str
    at: datetime
    day: date | None = None


@task
def later(at: datetime, hours: int) -> datetime:
    return at + timedelta(hours=hours)


@task
def parts(at: datetime, day: date, clock: time) -> list[int]:
    return [at.year, at.hour, day.day, clock.minute]


@task
def read(text: str) -> bytes:
    return text.encode()


@task
def size(data: bytes) -> int:
    return len(data)


@task
def is_recent(at: datetime) -> bool:
    return abs(datetime.now(UTC) - at) < timedelta(minutes=5)


@flow
def passed_on(at: datetime, day: date, clock: time) -> list[Any]:
    return [at, later(at, 2), day, clock, parts(at, day, clock)]


@flow
def ordered(events: list[Event], since: datetime) -> list[Any]:
    recent = [e for e in events if e.at >= since]
    first = min(events, key=lambda e: e.at)
    return [[e.name for e in sorted(recent, key=lambda e: e.at)], first.name, events[0].at == since]


@flow
def same_moment(a: datetime, b: datetime) -> list[bool]:
    return [a == b, a < b, a <= b, a != b]


@flow
def as_seconds(at: datetime) -> float:
    return at.timestamp()


@flow
def blobs(text: str) -> list[Any]:
    data = read(text)
    one, two = parallel(size(data), size(read(text + "é")))
    return [one, two, data]


@flow
def samples() -> list[bool]:
    before = now()
    sleep(0.01)
    after = now()
    one, two = uuid(), uuid()
    return [
        before < after,
        is_recent(before),
        one != two,
        len(one) == 36,
        one.count("-") == 4,
        one == one.lower(),
        after.timestamp() > before.timestamp(),
    ]


@flow
def samples_in_a_map(count: int) -> list[int]:
    ids = [uuid() for _ in range(count)]
    return [len(ids), len({i: 0 for i in ids})]


@flow
def model_with_moments(event: Event) -> Event:
    return Event(name=event.name + "!", at=event.at, day=event.day)


CASES = [
    case(
        passed_on,
        {"at": "2024-02-29T23:30:00+02:00", "day": "2024-02-29", "clock": "07:05:00"},
        result=[
            "2024-02-29T21:30:00.000000Z",
            "2024-02-29T23:30:00.000000Z",
            "2024-02-29",
            "07:05:00.000000",
            [2024, 21, 29, 5],
        ],
        calls=[
            call("later", at="2024-02-29T21:30:00.000000Z", hours=2),
            call("parts", at="2024-02-29T21:30:00.000000Z", day="2024-02-29", clock="07:05:00.000000"),
        ],
    ),
    case(
        ordered,
        {
            "events": [
                {"name": "b", "at": "2024-05-02T00:00:00Z"},
                {"name": "c", "at": "2024-05-02T01:00:00+02:00"},
                {"name": "a", "at": "2024-05-03T00:00:00.5Z", "day": "2024-05-03"},
            ],
            "since": "2024-05-02T02:00:00+02:00",
        },
        result=[["b", "a"], "c", True],
    ),
    case(
        same_moment,
        {"a": "2024-05-02T02:00:00+02:00", "b": "2024-05-01T19:00:00-05:00"},
        result=[True, False, True, False],
    ),
    case(as_seconds, {"at": "1970-01-02T00:00:00.25Z"}, result=86400.25),
    case(blobs, {"text": "héllo"}, result=[6, 8, "aMOpbGxv"]),
    case(samples, result=[True] * 7),
    case(samples_in_a_map, {"count": 3}, result=[3, 3]),
    case(
        model_with_moments,
        {"event": {"name": "x", "at": "2024-01-01T00:00:00Z"}},
        result={"name": "x!", "at": "2024-01-01T00:00:00.000000Z", "day": None},
    ),
]
