"""parallel: branches side by side, results and errors as if they ran in order."""

from __future__ import annotations

import time
from typing import Any

from skyloom.conformance.case import call, case
from skyloom.flows import flow, parallel, sleep, task


class Late(Exception):
    pass


class Early(Exception):
    pass


@task
def work(name: str, wait: float = 0.0) -> str:
    time.sleep(wait)
    return name.upper()


@task
async def work_async(name: str) -> str:
    return name + "~"


@task
def count(word: str) -> int:
    return len(word)


@task
def fail_late(message: str) -> int:
    time.sleep(0.15)
    raise Late(message)


@task
def fail_early(message: str) -> int:
    raise Early(message)


@flow
def inner(word: str) -> str:
    a, b = parallel(work(word), work(word + word))
    return a + b


@flow
def two_types(word: str) -> str:
    upper, length = parallel(work(word), count(word))
    return f"{upper} {length}"


@flow
def results_in_order() -> list[str]:
    a, b, c = parallel(work("a", 0.1), work("b", 0.05), work("c"))
    return [a, b, c]


@flow
def kept_as_one_value() -> list[Any]:
    results = parallel(work("x"), count("yy"))
    return [results[0], results[1], len(results), results[-1]]


@flow
def returned_as_it_is() -> tuple[str, int]:
    return parallel(work("x"), count("yy"))


@flow
def seven_branches() -> list[str]:
    return list(parallel(work("a"), work("b"), work("c"), work("d"), work("e"), work("f"), work("g")))


@flow
def expressions_in_branches(word: str) -> list[Any]:
    a, b, c = parallel(work(word) + "!", count(word) * 2 + count(word + "x"), [work(word), word])
    return [a, b, c]


@flow
def pure_branch(word: str) -> list[str]:
    upper, same = parallel(work(word), word * 2)
    return [upper, same]


@flow
def conditional_branch(flag: bool) -> list[str]:
    a, b = parallel(work("a") if flag else "none", work("b"))
    return [a, b]


@flow
def with_map(words: list[str]) -> list[Any]:
    uppers, lengths = parallel([work(w) for w in words], [count(w) for w in words if w])
    return [uppers, lengths]


@flow
def nested_parallel() -> list[Any]:
    (a, b), c = parallel(parallel(work("a"), count("b")), work("c"))
    return [a, b, c]


@flow
def map_of_parallel(words: list[str]) -> list[list[Any]]:
    return [list(parallel(work(w), count(w))) for w in words]


@flow
def of_sub_flows() -> list[str]:
    a, b = parallel(inner("x"), inner("yy"))
    return [a, b]


@flow
def of_async_tasks() -> str:
    a, b = parallel(work_async("a"), work_async("b"))
    return a + b


@flow
def with_sleep() -> str:
    _, a = parallel(sleep(0.05), work("a"))
    return a


@flow
def in_a_loop(words: list[str]) -> list[str]:
    lines = []
    for word in words:
        upper, length = parallel(work(word), count(word))
        if length == 0:
            continue
        lines.append(f"{upper}{length}")
    return lines


@flow
def first_in_order_decides() -> int:
    a, b = parallel(fail_late("slow"), fail_early("quick"))
    return a + b


@flow
def second_fails() -> list[Any]:
    a, b = parallel(work("a", 0.1), fail_early("second"))
    return [a, b]


@flow
def caught_by_class() -> str:
    try:
        a, b, c = parallel(work("a"), fail_late("one"), fail_early("two"))
        return f"{a}{b}{c}"
    except Early as error:
        return f"early {error}"
    except Late as error:
        return f"late {error}"


@flow
def error_in_pure_part(values: list[int]) -> list[Any]:
    a, b = parallel(work("a", 0.05) + str(values[3]), fail_early("second"))
    return [a, b]


@flow
def error_of_inner_map(words: list[str]) -> list[Any]:
    a, b = parallel([count(w) if w else fail_early("empty") for w in words], work("b"))
    return [a, b]


CASES = [
    case(
        two_types,
        {"word": "abc"},
        result="ABC 3",
        calls=[call("work", name="abc"), call("count", word="abc")],
        concurrent=True,
    ),
    case(results_in_order, result=["A", "B", "C"]),
    case(kept_as_one_value, result=["X", 2, 2, 2]),
    case(returned_as_it_is, result=["X", 2]),
    case(seven_branches, result=["A", "B", "C", "D", "E", "F", "G"]),
    case(expressions_in_branches, {"word": "ab"}, result=["AB!", 7, ["AB", "ab"]]),
    case(pure_branch, {"word": "ab"}, result=["AB", "abab"]),
    case(
        conditional_branch,
        {"flag": False},
        result=["none", "B"],
        calls=[call("work", name="b")],
    ),
    case(with_map, {"words": ["a", "", "ccc"]}, result=[["A", "", "CCC"], [1, 3]]),
    case(nested_parallel, result=["A", 1, "C"]),
    case(map_of_parallel, {"words": ["a", "bb"]}, result=[["A", 1], ["BB", 2]]),
    case(of_sub_flows, result=["XXX", "YYYYYY"]),
    case(of_async_tasks, result="a~b~"),
    case(with_sleep, result="A"),
    case(in_a_loop, {"words": ["a", "", "bb"]}, result=["A1", "BB2"]),
    case(
        first_in_order_decides,
        error=("Late", "slow"),
        calls=[call("fail_late", message="slow")],
        concurrent=True,
        may_call=[call("fail_early", message="quick")],
    ),
    case(
        second_fails,
        error=("Early", "second"),
        calls=[call("work", name="a", wait=0.1), call("fail_early", message="second")],
        concurrent=True,
    ),
    case(
        caught_by_class,
        result="late one",
        calls=[call("work", name="a"), call("fail_late", message="one")],
        concurrent=True,
        may_call=[call("fail_early", message="two")],
    ),
    case(
        error_in_pure_part,
        {"values": [1]},
        error=("IndexError", "list index out of range"),
        calls=[call("work", name="a", wait=0.05)],
        concurrent=True,
        may_call=[call("fail_early", message="second")],
    ),
    case(
        error_of_inner_map,
        {"words": ["a", "", "c"]},
        error=("Early", "empty"),
        calls=[call("count", word="a"), call("fail_early", message="empty")],
        concurrent=True,
        may_call=[call("count", word="c"), call("work", name="b")],
    ),
]
