"""sleep, wait_for and emit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import (
    EventTimedOut,
    FlowError,
    FlowTimedOut,
    TaskFailed,
    emit,
    flow,
    minutes,
    parallel,
    seconds,
    sleep,
    task,
    wait_for,
)
from skyloom.flows.testing import Arrival


class Payment(BaseModel):
    amount: float
    currency: str = "EUR"


@dataclass
class Reading:
    sensor: str
    values: list[int]


@task
def log(what: str) -> str:
    return what


@flow
def sleeps(times: int) -> list[int]:
    done = []
    for i in range(times):
        sleep(0.02)
        done.append(i)
    sleep(0)
    sleep(-1)
    sleep(seconds(0.01) + 0.01)
    return done


@flow
def waits_for_model() -> str:
    paid = wait_for("payment", Payment, timeout=minutes(1))
    return f"{paid.amount:.2f} {paid.currency}"


@flow
def waits_for_plain_types() -> list[Any]:
    number = wait_for("number", int)
    word = wait_for("word", str)
    ratio = wait_for("ratio", float)
    values = wait_for("values", list[int])
    reading = wait_for("reading", Reading)
    return [number + 1, word.upper(), str(ratio), sum(values), reading.sensor, reading.values[-1]]


@flow
def waits_for_anything() -> list[Any]:
    first = wait_for("anything")
    second = wait_for("anything")
    return [first, second["a"], second is None]


@flow
def waits_by_key(order: str, other: str) -> list[float]:
    mine = wait_for("payment", Payment, key=order, timeout=60)
    theirs = wait_for("payment", Payment, key=other, timeout=60)
    return [mine.amount, theirs.amount]


@flow
def waits_in_a_loop(wanted: int) -> list[str]:
    seen: list[str] = []
    while len(seen) < wanted:
        word = wait_for("word", str)
        if word == "stop":
            break
        seen.append(word)
    return seen


@flow
def waits_side_by_side() -> list[Any]:
    number, word = parallel(wait_for("number", int), wait_for("word", str))
    return [number, word]


@flow
def late_event() -> str:
    wait_for("late", timeout=0.1)
    return "never"


@flow
def late_event_caught(base: str) -> str:
    log("before")
    try:
        if base == "own":
            try:
                wait_for("late", int, timeout=0.1)
            except EventTimedOut as error:
                return f"{error}"
        if base == "timeout":
            try:
                wait_for("late", int, timeout=0.1)
            except TimeoutError as error:
                return f"timeout {type(error).__name__}"
        wait_for("late", int, timeout=0.1)
    except FlowError as error:
        return f"flow error {type(error).__name__}"
    finally:
        log("after")
    return "never"


@flow
def wrong_payload() -> str:
    paid = wait_for("payment", Payment)
    return paid.currency


@flow
def wrong_payload_caught() -> str:
    try:
        return str(wait_for("number", int))
    except TaskFailed as error:
        return str(error)


@flow
def emits(names: list[str]) -> int:
    emit("started")
    for index, name in enumerate(names):
        emit("item", {"name": name, "index": index}, key=name)
    emit("paid", Payment(amount=2))
    emit("numbers", [1, 2.5, None, True, "x"])
    return len(names)


@flow
def emits_before_error() -> None:
    emit("before", 1)
    raise ValueError("stop")


@flow
def polls(limit: int) -> str:
    delay = 0.01
    for attempt in range(1, limit + 1):
        state = log("ready" if attempt == 3 else "busy")
        if state == "ready":
            return f"ready after {attempt}"
        sleep(delay)
        delay = min(delay * 2, 0.03)
    return "gave up"


@flow(timeout=4)
def outlives_a_sub_flow(times: int) -> list[str]:
    done = []
    for i in range(times):
        try:
            too_long(i)
        except FlowTimedOut as error:
            done.append(log(f"{error}"))
    return done


@flow(timeout=0.8)
def too_long(i: int) -> str:
    sleep(10)
    return log(f"{i}")


CASES = [
    case(sleeps, {"times": 3}, result=[0, 1, 2]),
    case(waits_for_model, result="12.00 EUR", events={"payment": [{"amount": 12}]}),
    case(
        waits_for_plain_types,
        result=[8, "ABC", "2.0", 6, "s1", 9],
        events={
            "number": [7],
            "word": ["abc"],
            "ratio": [2],
            "values": [[1, 2, 3]],
            "reading": [{"sensor": "s1", "values": [8, 9]}],
        },
    ),
    case(waits_for_anything, result=[None, [1], False], events={"anything": [None, {"a": [1]}]}),
    case(
        waits_by_key,
        {"order": "o-1", "other": "o-2"},
        result=[1.0, 2.0],
        events={"payment": [Arrival(payload={"amount": 2}, key="o-2"), Arrival(payload={"amount": 1}, key="o-1")]},
    ),
    case(waits_in_a_loop, {"wanted": 2}, result=["a", "b"], events={"word": ["a", "b"]}, name="enough"),
    case(waits_in_a_loop, {"wanted": 5}, result=["a"], events={"word": ["a", "stop"]}, name="stopped"),
    case(
        waits_side_by_side,
        result=[1, "x"],
        events={"number": [Arrival(payload=1, after=0.1)], "word": [Arrival(payload="x", after=0.02)]},
    ),
    case(late_event, error=("EventTimedOut", "no event late within 0.1 s"), events={"late": [Arrival(after=None)]}),
    case(
        late_event_caught,
        {"base": "own"},
        result="no event late within 0.1 s",
        calls=[call("log", what="before"), call("log", what="after")],
        events={"late": [Arrival(after=None)]},
        name="own",
    ),
    case(
        late_event_caught,
        {"base": "timeout"},
        result="timeout EventTimedOut",
        events={"late": [Arrival(after=None)]},
        name="timeout",
    ),
    case(
        late_event_caught,
        {"base": "flow"},
        result="flow error EventTimedOut",
        events={"late": [Arrival(after=None)]},
        name="flow-error",
    ),
    case(
        wrong_payload,
        error=("TaskFailed", "event payment brought a payload that is not of its type"),
        events={"payment": [{"amount": "much"}]},
    ),
    case(
        wrong_payload_caught,
        result="event number brought a payload that is not of its type",
        events={"number": ["7"]},
    ),
    case(
        emits,
        {"names": ["a", "b"]},
        result=2,
        emitted=[
            ("started", None),
            ("item", {"name": "a", "index": 0}),
            ("item", {"name": "b", "index": 1}),
            ("paid", {"amount": 2, "currency": "EUR"}),
            ("numbers", [1, 2.5, None, True, "x"]),
        ],
    ),
    case(emits_before_error, error=("ValueError", "stop"), emitted=[("before", 1)]),
    case(
        polls,
        {"limit": 5},
        result="ready after 3",
        calls=[call("log", what="busy"), call("log", what="busy"), call("log", what="ready")],
        name="ready",
    ),
    case(polls, {"limit": 2}, result="gave up", name="gave-up"),
    case(
        outlives_a_sub_flow,
        {"times": 2},
        result=["too_long ran longer than 0.8 s", "too_long ran longer than 0.8 s"],
        calls=[call("log", what="too_long ran longer than 0.8 s"), call("log", what="too_long ran longer than 0.8 s")],
    ),
]
