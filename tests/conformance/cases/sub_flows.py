"""Flows that call flows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import FlowError, FlowTimedOut, Retry, flow, parallel, sleep, task


class Order(BaseModel):
    id: str
    items: list[str] = []


class Rejected(Exception):
    pass


@task
def log(what: str) -> str:
    return what


@task
def reserve(item: str) -> str:
    if item.startswith("bad"):
        raise Rejected(f"no {item}")
    return f"r-{item}"


@task(retry=Retry(attempts=2, delay=0.01, jitter=0.0, on=Rejected))
def reserve_twice(item: str) -> str:
    raise Rejected(item)


@flow
def one_item(item: str, prefix: str = "item", times: int = 1) -> str:
    return f"{prefix}:" + reserve(item) * times


@flow
def all_items(order: Order) -> list[str]:
    return [one_item(item, prefix=order.id) for item in order.items]


@flow
def nothing() -> None:
    log("nothing")


@flow
def grows(values: list[int], by: int = 10) -> list[int]:
    values.append(by)
    return values


@flow
def in_words(order: Order) -> dict[str, Any]:
    order.items.append("extra")
    return {"first": order.items[0], "count": len(order.items)}


@flow(timeout=1.2)
def slow(name: str, wait: float) -> str:
    log(f"{name} begins")
    sleep(wait)
    return log(f"{name} ends")


@flow(timeout=60)
def quick(name: str, wait: float) -> str:
    sleep(wait)
    return log(f"{name} ends")


@flow(timeout=0.2)
def slow_and_stubborn() -> str:
    try:
        sleep(4.0)
    except Exception:
        log("except")
    finally:
        log("finally")
    return "ended"


@flow
def waits_in_vain() -> str:
    return slow("inner", 4.0)


@flow
def raises(message: str) -> str:
    raise Rejected(message)


@flow
def with_finally(item: str) -> str:
    try:
        return reserve(item)
    finally:
        log("inner finally")


@flow
def result(item: str) -> str:
    return one_item(item)


@flow
def parameters() -> list[str]:
    return [one_item("a"), one_item("a", "p"), one_item("a", times=2), one_item(times=3, item="b", prefix="q")]


@flow
def nested_twice(order: Order) -> int:
    reserved = all_items(order)
    return len(reserved) + len(reserved[0])


@flow
def without_result() -> list[Any]:
    nothing()
    return [nothing(), nothing() is None]


@flow
def nothing_is_shared() -> list[Any]:
    values = [1]
    grown = grows(values)
    again = grows(values, by=20)
    order = Order(id="o", items=["a"])
    words = in_words(order)
    return [values, grown, again, order.items, words["count"]]


@flow
def error_comes_up(item: str) -> str:
    log("before")
    found = one_item(item)
    return log(found)


@flow
def error_caught(items: list[str]) -> list[str]:
    found = []
    for item in items:
        try:
            found.append(one_item(item))
        except Rejected as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


@flow
def raised_by_a_flow() -> str:
    try:
        return raises("by hand")
    except Rejected as error:
        return f"caught {error}"


@flow
def both_finally(item: str) -> str:
    try:
        return with_finally(item)
    except Rejected:
        return "outer except"
    finally:
        log("outer finally")


@flow
def times_out() -> str:
    return slow("one", 4.0)


@flow
def in_time() -> str:
    return quick("one", 0.02)


@flow
def time_out_caught() -> list[str]:
    found = []
    try:
        found.append(slow("one", 4.0))
    except FlowTimedOut as error:
        found.append(str(error))
    try:
        slow("two", 4.0)
    except TimeoutError as error:
        found.append(type(error).__name__)
    try:
        waits_in_vain()
    except FlowError as error:
        found.append(f"{error}")
    return found


@flow
def stops_where_it_stands() -> str:
    try:
        return slow_and_stubborn()
    except FlowTimedOut:
        return log("stopped")


@flow
def side_by_side() -> list[Any]:
    a, b, c = parallel(one_item("a"), all_items(Order(id="o", items=["x", "y"])), log("c"))
    return [a, b, c]


@flow
def in_expressions(count: int) -> str:
    if one_item("x") == "item:r-x" and count > 1:
        return one_item(one_item("y"), prefix="").upper() + str(len(one_item("z")))
    return "no"


@flow
def gives_up_inside() -> str:
    try:
        return reserve_twice("a")
    except Rejected as error:
        return f"gave up: {error}"


@flow
def over_several() -> list[str]:
    return [gives_up_inside(), result("q")]


@flow(timeout=60)
def main_with_timeout(wait: float) -> str:
    sleep(wait)
    return "in time"


@flow(timeout=1.2)
def main_times_out() -> str:
    log("begins")
    sleep(4.0)
    return log("never")


@flow(timeout=60)
def first_in_branches(words: list[str]) -> list[str]:
    one, two = parallel(log("one"), log([*words, "end"][1]))
    return [one, two, log(f"{len(words) / 4:.1%}")]


@flow
def branches_of_another_run(words: list[str]) -> list[str]:
    return first_in_branches(words)


CASES = [
    case(result, {"item": "a"}, result="item:r-a", calls=[call("reserve", item="a")]),
    case(branches_of_another_run, {"words": ["a", "b"]}, result=["one", "b", "50.0%"]),
    case(parameters, result=["item:r-a", "p:r-a", "item:r-ar-a", "q:r-br-br-b"]),
    case(nested_twice, {"order": {"id": "o7", "items": ["a", "b"]}}, result=8),
    case(
        nested_twice,
        {"order": {"id": "o7", "items": ["a", "bad1", "bad2"]}},
        error=("Rejected", "no bad1"),
        calls=[call("reserve", item="a"), call("reserve", item="bad1")],
        concurrent=True,
        may_call=[call("reserve", item="bad2")],
        name="error",
    ),
    case(nested_twice, {"order": {"id": "o7"}}, error=("IndexError", "list index out of range"), name="empty"),
    case(without_result, result=[None, True], calls=[call("log", what="nothing")] * 3),
    case(nothing_is_shared, result=[[1], [1, 10], [1, 20], ["a"], 2]),
    case(
        error_comes_up,
        {"item": "bad"},
        error=("Rejected", "no bad"),
        calls=[call("log", what="before"), call("reserve", item="bad")],
    ),
    case(
        error_caught,
        {"items": ["a", "bad", "c"]},
        result=["item:r-a", "Rejected: no bad", "item:r-c"],
        calls=[call("reserve", item=i) for i in ("a", "bad", "c")],
    ),
    case(raised_by_a_flow, result="caught by hand", calls=[]),
    case(
        both_finally,
        {"item": "bad"},
        result="outer except",
        calls=[
            call("reserve", item="bad"),
            call("log", what="inner finally"),
            call("log", what="outer finally"),
        ],
    ),
    case(
        times_out,
        error=("FlowTimedOut", "slow ran longer than 1.2 s"),
        calls=[call("log", what="one begins")],
    ),
    case(in_time, result="one ends", calls=[call("log", what="one ends")]),
    case(
        time_out_caught,
        result=["slow ran longer than 1.2 s", "FlowTimedOut", "slow ran longer than 1.2 s"],
        calls=[
            call("log", what="one begins"),
            call("log", what="two begins"),
            call("log", what="inner begins"),
        ],
    ),
    case(stops_where_it_stands, result="stopped", calls=[call("log", what="stopped")]),
    case(side_by_side, result=["item:r-a", ["o:r-x", "o:r-y"], "c"]),
    case(in_expressions, {"count": 2}, result=":R-ITEM:R-Y8"),
    case(in_expressions, {"count": 1}, result="no", calls=[call("reserve", item="x")], name="short"),
    case(
        over_several,
        result=["gave up: a", "item:r-q"],
        calls=[call("reserve_twice", item="a"), call("reserve_twice", item="a"), call("reserve", item="q")],
    ),
    case(main_with_timeout, {"wait": 0.02}, result="in time"),
    case(
        main_times_out,
        error=("FlowTimedOut", "main_times_out ran longer than 1.2 s"),
        calls=[call("log", what="begins")],
    ),
]
