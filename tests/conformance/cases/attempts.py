"""Tasks that fail: retries, timeouts, broken contracts; and what a task may ask about its attempt."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import FlowError, Retry, TaskFailed, TaskTimedOut, context, flow, parallel, task
from skyloom.flows.invoke import TRACE_VARIABLE

QUICK = 0.01


class Report(BaseModel):
    title: str
    pages: int


class Busy(Exception):
    pass


class VeryBusy(Busy):
    pass


class Fatal(Busy):
    pass


@task(retry=Retry(attempts=3, delay=QUICK, jitter=0.0))
def third_time(name: str) -> str:
    if context.attempt < 3:
        raise Busy(f"{name} {context.attempt}")
    return f"{name} at {context.attempt}"


@task(retry=Retry(attempts=2, delay=QUICK, jitter=0.5))
def never_works(name: str) -> str:
    raise Busy(f"{name} {context.attempt}")


@task(retry=Retry(attempts=4, delay=QUICK, backoff=1.0, on=(VeryBusy, OSError), never=FileNotFoundError))
def picky(kind: str) -> str:
    if context.attempt == 3:
        return "third"
    match kind:
        case "very":
            raise VeryBusy(f"very {context.attempt}")
        case "busy":
            raise Busy(f"busy {context.attempt}")
        case "connection":
            raise ConnectionResetError(f"reset {context.attempt}")
        case _:
            raise FileNotFoundError(f"missing {context.attempt}")


@task(retry=Retry(attempts=5, delay=QUICK, jitter=0.0, never=Fatal))
def stops_at_fatal(name: str) -> str:
    if context.attempt == 2:
        raise Fatal("fatal at 2")
    raise Busy("busy")


@task
def once(value: int) -> int:
    if value < 0:
        raise Busy(f"attempt {context.attempt}")
    return context.attempt


@task(retry=Retry(attempts=2, delay=QUICK, jitter=0.0))
def keyed(value: int) -> str:
    """Its idempotency key; fails once, and when the key of the first attempt was another."""
    lines = Path(os.environ[TRACE_VARIABLE]).read_text().splitlines()
    mine = [r for r in map(json.loads, lines) if r["task"] == "keyed" and r["arguments"] == {"value": value}]
    if context.attempt < 2:
        raise Busy("again")
    first, second = [r["key"] for r in mine if r["attempt"] <= 2][-2:]
    if first != second or second != context.idempotency_key:
        raise AssertionError(f"keys differ: {first} {second}")
    return context.idempotency_key


@task
def key_of(value: str) -> str:
    return context.idempotency_key


@task(timeout=0.25)
def slow(wait: float) -> str:
    time.sleep(wait)
    return "in time"


@task(timeout=0.25, retry=Retry(attempts=2, delay=QUICK, on=TaskTimedOut))
def slow_at_first(name: str) -> str:
    time.sleep(0.8 if context.attempt == 1 else 0.0)
    return f"{name} {context.attempt}"


@task
async def fetch(name: str) -> str:
    await asyncio.sleep(0.01)
    return name.upper()


@task(timeout=0.1)
async def fetch_slowly(name: str) -> str:
    await asyncio.sleep(0.8)
    return name


@task(retry=Retry(attempts=3, delay=QUICK))
async def fetch_again(name: str) -> Report:
    if context.attempt == 1:
        raise Busy("async")
    return Report(title=name, pages=context.attempt)


@task
def not_a_number() -> float:
    return float("nan")


@task
def infinity_inside() -> dict[str, list[float]]:
    return {"values": [1.0, float("-inf")]}


@task
def too_large(n: int) -> int:
    return n + 1


@task
def wrong_type(kind: str) -> int:
    return kind  # type: ignore[return-value]


@task
def wrong_model(pages: str) -> Report:
    return {"title": "t", "pages": pages}  # type: ignore[return-value]


@task
def no_json(kind: str) -> Any:
    return object() if kind == "object" else {1: "one"}


@task
def takes(n: int) -> int:
    return n


@flow
def succeeds(name: str) -> str:
    return third_time(name)


@flow
def gives_up(name: str) -> str:
    return never_works(name)


@flow
def gives_up_caught() -> list[str]:
    seen = []
    for name in ["a", "b"]:
        try:
            seen.append(never_works(name))
        except Busy as error:
            seen.append(f"{type(error).__name__} {error}")
    return seen


@flow
def on_and_never(kind: str) -> str:
    return picky(kind)


@flow
def never_beats_on() -> str:
    return stops_at_fatal("x")


@flow
def no_retry_by_default(value: int) -> int:
    return once(value)


@flow
def retries_in_a_map(names: list[str]) -> list[str]:
    return [third_time(name) for name in names]


@flow
def retries_side_by_side() -> list[str]:
    a, b = parallel(third_time("a"), third_time("b"))
    return [a, b]


@flow
def same_key_for_each_attempt() -> list[bool]:
    a, b = keyed(1), keyed(2)
    mapped = [keyed(v) for v in (3, 4)]
    return [len(a) > 0, a != b, mapped[0] != mapped[1], a not in mapped]


@flow
def a_key_for_each_iteration() -> list[bool]:
    looped = []
    for _ in range(3):
        looped.append(key_of("same"))
    mapped = [key_of("same") for _ in range(3)]
    one, other = parallel(key_of("same"), key_of("same"))
    keys = sorted([*looped, *mapped, one, other, key_of("same")])
    return [keys[i] != keys[i + 1] for i in range(len(keys) - 1)]


@flow
def in_time() -> str:
    return slow(0.0)


@flow
def times_out() -> str:
    return slow(0.8)


@flow
def time_out_caught() -> list[str]:
    seen = []
    try:
        slow(0.8)
    except TaskTimedOut as error:
        seen.append(str(error))
    try:
        slow(0.81)
    except TimeoutError as error:
        seen.append(type(error).__name__)
    try:
        slow(0.82)
    except FlowError:
        seen.append("flow error")
    seen.append(slow(0.0))
    return seen


@flow
def time_out_retried() -> str:
    return slow_at_first("x")


@flow
def async_tasks() -> list[Any]:
    report = fetch_again("r")
    names = [fetch(n) for n in ("a", "b")]
    a, b = parallel(fetch("c"), fetch("d"))
    return [fetch("e"), names, a + b, report.pages]


@flow
def async_times_out() -> str:
    try:
        return fetch_slowly("x")
    except TaskTimedOut as error:
        return str(error)


@flow
def nan_result() -> float:
    return not_a_number()


@flow
def contracts_broken() -> list[str]:
    seen = []
    try:
        not_a_number()
    except TaskFailed as error:
        seen.append(f"{error}")
    try:
        infinity_inside()
    except TaskFailed as error:
        seen.append(f"{error}")
    try:
        too_large(2**53)
    except FlowError as error:
        seen.append(f"{error}")
    for kind in ("object", "keys"):
        try:
            no_json(kind)
        except TaskFailed as error:
            seen.append(f"{error}")
    return seen


@flow
def wrong_types() -> list[str]:
    seen = []
    try:
        wrong_type("x")
    except TaskFailed as error:
        seen.append(type(error).__name__)
    try:
        wrong_model("many")
    except TaskFailed as error:
        seen.append(type(error).__name__)
    try:
        seen.append(str(wrong_type("y")))
    except ValueError:
        seen.append("not this")
    except Exception as error:
        seen.append(type(error).__name__)
    return seen


@flow
def argument_too_large(n: int) -> str:
    try:
        return str(takes(n * 2))
    except TaskFailed as error:
        return str(error)


@flow
def result_too_large(n: int) -> int:
    return n * n


@flow
def infinite_argument() -> str:
    try:
        return str(slow(float("inf")))
    except TaskFailed as error:
        return str(error)


CASES = [
    case(succeeds, {"name": "x"}, result="x at 3", calls=[call("third_time", name="x")] * 3),
    case(gives_up, {"name": "x"}, error=("Busy", "x 2"), calls=[call("never_works", name="x")] * 2),
    case(gives_up_caught, result=["Busy a 2", "Busy b 2"]),
    case(on_and_never, {"kind": "very"}, result="third", calls=[call("picky", kind="very")] * 3, name="on"),
    case(on_and_never, {"kind": "connection"}, result="third", name="subclass"),
    case(on_and_never, {"kind": "busy"}, error=("Busy", "busy 1"), calls=[call("picky", kind="busy")], name="base"),
    case(
        on_and_never,
        {"kind": "missing"},
        error=("FileNotFoundError", "missing 1"),
        calls=[call("picky", kind="missing")],
        name="never",
    ),
    case(never_beats_on, error=("Fatal", "fatal at 2"), calls=[call("stops_at_fatal", name="x")] * 2),
    case(no_retry_by_default, {"value": 1}, result=1, calls=[call("once", value=1)], name="fine"),
    case(
        no_retry_by_default,
        {"value": -1},
        error=("Busy", "attempt 1"),
        calls=[call("once", value=-1)],
        name="error",
    ),
    case(
        retries_in_a_map,
        {"names": ["a", "b"]},
        result=["a at 3", "b at 3"],
        calls=[*[call("third_time", name="a")] * 3, *[call("third_time", name="b")] * 3],
        concurrent=True,
    ),
    case(retries_side_by_side, result=["a at 3", "b at 3"]),
    case(same_key_for_each_attempt, result=[True, True, True, True]),
    case(a_key_for_each_iteration, result=[True] * 8),
    case(in_time, result="in time"),
    case(times_out, error=("TaskTimedOut", "slow ran longer than 0.25 s"), calls=[call("slow", wait=0.8)]),
    case(
        time_out_caught,
        result=["slow ran longer than 0.25 s", "TaskTimedOut", "flow error", "in time"],
        calls=[call("slow", wait=w) for w in (0.8, 0.81, 0.82, 0.0)],
    ),
    case(time_out_retried, result="x 2", calls=[call("slow_at_first", name="x")] * 2),
    case(async_tasks, result=["E", ["A", "B"], "CD", 2]),
    case(async_times_out, result="fetch_slowly ran longer than 0.1 s"),
    case(
        nan_result,
        error=("TaskFailed", "not_a_number returned a value that is not of its type: nan is not a finite number"),
        calls=[call("not_a_number")],
    ),
    case(
        contracts_broken,
        result=[
            "not_a_number returned a value that is not of its type: nan is not a finite number",
            "infinity_inside returned a value that is not of its type: values[1]: -inf is not a finite number",
            "too_large returned a value that is not of its type: "
            "the integer is larger than 2**53, the largest that JSON carries safely",
            "no_json returned a value that is not of its type: a value of type object is not JSON",
            "no_json returned a value that is not of its type: the key 1 is not a string",
        ],
    ),
    case(wrong_types, result=["TaskFailed", "TaskFailed", "TaskFailed"]),
    case(argument_too_large, {"n": 4}, result="8", calls=[call("takes", n=8)], name="fine"),
    case(
        argument_too_large,
        {"n": 2**53},
        result="takes: argument n: the integer is larger than 2**53, the largest that JSON carries safely",
        calls=[],
    ),
    case(
        result_too_large,
        {"n": 2**53},
        error=(
            "TaskFailed",
            "result_too_large returned a value that is not of its type: "
            "the integer is larger than 2**53, the largest that JSON carries safely",
        ),
    ),
    case(infinite_argument, result="slow: argument wait: inf is not a finite number", calls=[]),
]
