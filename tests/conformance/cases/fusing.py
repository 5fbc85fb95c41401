"""Calls that may share an invocation: results, errors and calls are those of calls one by one."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import Retry, TaskFailed, TaskTimedOut, context, each, flow, parallel, task

QUICK = 0.01
SHORT = 20


class Bad(Exception):
    pass


class VeryBad(Bad):
    pass


class Page(BaseModel):
    number: int
    text: str
    weight: float = 1.0


@task(fuse=True, timeout=SHORT)
def clean(text: str) -> str:
    return text.strip()


@task(fuse=True, timeout=SHORT)
def count(words: list[str]) -> int:
    return len(words)


@task(fuse=True, timeout=SHORT)
def check(n: int) -> int:
    if n < 0:
        raise Bad(f"item {n}")
    if n > 100:
        raise VeryBad(f"item {n}")
    return n


@task(fuse=True, timeout=SHORT)
def note(text: str) -> None:
    return None


@task(fuse=True, timeout=SHORT)
def half(x: float) -> float:
    return x / 2


@task(fuse=True, timeout=SHORT)
def anything(x: Any) -> Any:
    return x


@task(fuse=True, timeout=SHORT)
def grow(items: list[int]) -> list[int]:
    # What it does to its argument nobody sees.
    items.append(99)
    return items


@task(fuse=True, timeout=SHORT)
def page(number: int, text: str) -> Page:
    return Page(number=number, text=text)


@task(fuse=True, timeout=SHORT)
def long_text(letter: str, times: int) -> str:
    return letter * times


@task(fuse=True, timeout=SHORT)
def length(text: str) -> int:
    return len(text)


@task(fuse=True, timeout=SHORT)
def wrong(value: int) -> int:
    return "no number"  # type: ignore[return-value]


@task(fuse=True, timeout=SHORT)
def take(n: int) -> str:
    return f"{n}"


@task(fuse=True, timeout=SHORT)
def key_of(name: str) -> str:
    return context.idempotency_key


@task(fuse=True, timeout=SHORT)
def different(a: str, b: str, c: str) -> bool:
    return len({a, b, c}) == 3


@task(fuse=True, timeout=SHORT, retry=Retry(attempts=3, delay=QUICK, jitter=0.0))
def third_time(name: str) -> str:
    if context.attempt < 3:
        raise Bad(f"{name} {context.attempt}")
    return f"{name} at {context.attempt}"


@task(fuse=True, timeout=SHORT, retry=Retry(attempts=3, delay=QUICK, on=Bad, never=VeryBad))
def picky(kind: str) -> str:
    match kind:
        case "bad" if context.attempt < 3:
            raise Bad(f"bad {context.attempt}")
        case "very":
            raise VeryBad(f"very {context.attempt}")
        case "other":
            raise ValueError(f"other {context.attempt}")
        case _:
            return f"{kind} {context.attempt}"


@task(fuse=True, timeout=0.5, retry=Retry(attempts=2, delay=QUICK, on=TaskTimedOut))
def slow_once(name: str) -> str:
    if context.attempt == 1 and name == "slow":
        time.sleep(3)
    return f"{name} {context.attempt}"


@task(fuse=True, timeout=0.5)
def too_slow(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


@task
def alone(n: int) -> int:
    return n + 1


# --- next to each other -----------------------------------------------------------------------------------------


@flow
def fused_in_a_row(text: str) -> str:
    cleaned = clean(text)
    words = cleaned.split()
    number = count(words)
    marks = ["a"]
    marks.append(f"{number}")
    total = count(marks)
    note(cleaned)
    return f"{cleaned}: {number} {total} {marks[1]}"


@flow
def fused_results_between(n: int) -> list[int]:
    first = check(n)
    second = check(first + 1)
    third = check(second * 2)
    return [first, third]


@flow
def fused_nothing_read(text: str) -> str:
    note(text)
    note(text + "!")
    return "done"


@flow
def fused_second_fails(n: int) -> str:
    first = check(1)
    second = check(n)
    third = check(3)
    return f"{first}{second}{third}"


@flow
def fused_expression_fails(n: int) -> str:
    first = check(n)
    part = ["a", "b"][first]
    second = clean(part)
    return second


@flow
def fused_caught(n: int) -> str:
    try:
        first = check(1)
        second = check(n)
        return f"{first}{second}"
    except VeryBad as error:
        return f"very: {error}"
    except Bad as error:
        return f"bad: {error}"


@flow
def fused_read_in_the_handler(n: int) -> list[int]:
    seen: list[int] = []
    last = 0
    try:
        last = check(1)
        seen.append(last)
        last = check(n)
        seen.append(last)
        last = check(n + 1)
    except Bad:
        seen.append(-last)
    return seen


@flow
def fused_finally(n: int) -> list[int]:
    seen = [0]
    try:
        try:
            first = check(1)
            second = check(n)
            seen.append(first + second)
        finally:
            third = check(3)
            fourth = check(third + 1)
            seen.append(fourth)
    except Bad:
        seen.append(7)
    return seen


@flow
def fused_in_a_loop(numbers: list[int]) -> list[int]:
    total, last = 0, 0
    for n in numbers:
        before = last
        last = check(n)
        total = total + last
        doubled = check(total * 2)
        if doubled > 20:
            break
        total += before
    return [total, last]


@flow
def fused_leaves_a_loop(numbers: list[int]) -> list[str]:
    said: list[str] = []
    for n in numbers:
        try:
            first = check(n)
            second = check(first + 99)
            said.append(f"{first} {second}")
        except VeryBad:
            said.append(f"very {n}")
            continue
        except Bad:
            break
    return said


@flow
def fused_retries(name: str) -> str:
    first = third_time(name)
    second = third_time(first)
    return second


@flow
def fused_picky(kind: str) -> str:
    first = picky("fine")
    second = picky(kind)
    return f"{first} {second}"


@flow
def fused_times_out(seconds: float) -> str:
    first = too_slow(0.0)
    second = too_slow(seconds)
    return first + second


@flow
def fused_times_out_once(name: str) -> str:
    first = slow_once(name)
    second = slow_once("quick")
    return f"{first} {second}"


@flow
def fused_breaks_a_contract(n: int) -> str:
    first = check(n)
    second = wrong(first)
    return take(second)


@flow
def fused_takes_what_does_not_fit(value: Any) -> str:
    try:
        first = anything(value)
        second = take(first)
        return second
    except TaskFailed:
        return "refused"


@flow
def fused_floats(x: float, y: Any) -> str:
    first = half(x)
    whole = first * 2
    second = half(whole)
    third = anything(whole)
    fourth = anything(y)
    return f"{first} {second} {whole} {third == whole} {fourth == y}"


@flow
def fused_own_copies(items: list[int]) -> list[list[int]]:
    first = grow(items)
    second = grow(first)
    first.append(5)
    third = grow(first)
    return [items, first, second, third]


@flow
def fused_models(text: str) -> Page:
    one = page(1, text)
    two = page(one.number + 1, one.text + "!")
    return Page(number=two.number, text=one.text + two.text, weight=one.weight + two.weight)


@flow
def fused_keys(name: str) -> bool:
    first = key_of(name)
    second = key_of(name)
    third = key_of(name)
    return different(first, second, third)


@flow
def fused_large(times: int) -> int:
    one = long_text("a", times)
    two = long_text("b", times)
    three = length(one + two)
    four = length(one)
    return three + four


@flow
def fused_large_given_back(times: int) -> list[int]:
    one = long_text("a", times)
    two = long_text("b", times)
    if times > 1000:
        apart = alone(1)
    else:
        apart = 0
    return [length(one), length(two), apart]


@flow
def pair(text: str) -> str:
    cleaned = clean(text)
    number = count([cleaned, cleaned])
    return f"{cleaned}{number}"


@flow
def fused_in_sub_flows(texts: list[str]) -> list[str]:
    first = pair(texts[0])
    second = pair(texts[1])
    both = [pair(text) for text in texts]
    return [first, second, *both]


@flow
def fused_branch(n: int) -> int:
    first = check(n)
    return check(first + 1)


@flow
def fused_side_by_side(n: int) -> list[int]:
    a, b = parallel(fused_branch(n), fused_branch(n + 10))
    return [a, b]


@flow
def fused_names(len_: int, call: int, results: int) -> list[int]:
    json = check(len_)
    str_ = check(json + call)
    items = [str_, results]
    call = check(sum(items))
    return [json, call, len(items)]


# --- maps ---------------------------------------------------------------------------------------------------------


@flow
def fused_map(numbers: list[int]) -> list[int]:
    return [check(n) for n in numbers]


@flow
def fused_map_of_two(numbers: list[int], more: int) -> list[int]:
    return [check(check(n) + more) * 2 for n in numbers]


@flow
def fused_map_with_condition(numbers: list[int]) -> list[int]:
    return [check(n) for n in each(numbers, limit=2) if n % 2 == 0]


@flow
def fused_map_with_one_condition_or_another(numbers: list[int], every: bool) -> list[int]:
    return [check(n) for n in numbers if every or n > 1]


@flow
def fused_map_one_at_a_time(numbers: list[int]) -> list[int]:
    return [check(n) for n in each(numbers, limit=1)]


@flow
def fused_map_over_pairs(names: list[tuple[str, int]]) -> list[str]:
    return [clean(f" {name} {n} ") for name, n in names]


@flow
def fused_map_over_range(n: int) -> list[float]:
    return [half(i) for i in range(n)]


@flow
def fused_map_in_map(rows: list[list[int]]) -> list[list[int]]:
    return [[check(n) for n in row] for row in rows]


@flow
def fused_map_caught(numbers: list[int]) -> list[int]:
    try:
        return [check(n) for n in numbers]
    except VeryBad:
        return [-2]
    except Bad:
        return [-1]


@flow
def fused_map_of_retries(names: list[str]) -> list[str]:
    return [third_time(name) for name in names]


@flow
def fused_map_of_lists(numbers: list[int]) -> list[list[int]]:
    return [grow([n]) for n in numbers]


@flow
def fused_map_of_keys(names: list[str]) -> int:
    keys = [key_of("same") for name in names]
    found: dict[str, bool] = {}
    for key in keys:
        found[key] = True
    return len(found)


@flow
def fused_map_of_large(times: list[int]) -> list[int]:
    texts = [long_text("a", n) for n in times]
    return [length(text) for text in texts]


@flow
def fused_map_of_notes(names: list[str]) -> int:
    done = [note(name) for name in names]
    return len(done)


@flow
def fused_map_in_a_loop(rounds: int) -> list[int]:
    seen: list[int] = []
    for i in range(rounds):
        seen += [check(i * 10 + n) for n in range(3)]
    return seen


@flow
def fused_slices_in_a_loop(rounds: int) -> list[int]:
    seen: list[int] = []
    for i in range(rounds):
        found = [check(check(i * 50) + n) for n in range(12)]
        seen.append(len(found))
        seen.append(sum(found))
    return seen


@flow
def fused_keys_in_a_loop(rounds: int, items: int) -> list[int]:
    found: dict[str, bool] = {}
    for i in range(rounds):
        keys = [key_of(f"{i}") for n in range(items)]
        for key in keys:
            found[key] = True
    return [len(found)]


def _checks(numbers: list[int]) -> list[Any]:
    return [call("check", n=n) for n in numbers]


CASES = [
    case(
        fused_in_a_row,
        {"text": " a b c "},
        result="a b c: 3 2 3",
        calls=[
            call("clean", text=" a b c "),
            call("count", words=["a", "b", "c"]),
            call("count", words=["a", "3"]),
            call("note", text="a b c"),
        ],
    ),
    case(fused_results_between, {"n": 4}, result=[4, 10], calls=_checks([4, 5, 10])),
    case(fused_nothing_read, {"text": "a"}, result="done", calls=[call("note", text="a"), call("note", text="a!")]),
    case(fused_second_fails, {"n": -5}, error=("Bad", "item -5"), calls=_checks([1, -5])),
    case(fused_second_fails, {"n": 101}, name="other-class", error=("VeryBad", "item 101"), calls=_checks([1, 101])),
    case(fused_second_fails, {"n": 2}, name="fine", result="123", calls=_checks([1, 2, 3])),
    case(fused_expression_fails, {"n": 2}, error=("IndexError", "list index out of range"), calls=_checks([2])),
    case(fused_expression_fails, {"n": 1}, name="fine", result="b", calls=[*_checks([1]), call("clean", text="b")]),
    case(fused_caught, {"n": 200}, result="very: item 200", calls=_checks([1, 200])),
    case(fused_caught, {"n": -1}, name="base", result="bad: item -1", calls=_checks([1, -1])),
    case(fused_caught, {"n": 2}, name="fine", result="12", calls=_checks([1, 2])),
    case(fused_read_in_the_handler, {"n": -1}, result=[1, -1], calls=_checks([1, -1])),
    case(fused_read_in_the_handler, {"n": 100}, name="last", result=[1, 100, -100], calls=_checks([1, 100, 101])),
    case(fused_read_in_the_handler, {"n": 5}, name="fine", result=[1, 5], calls=_checks([1, 5, 6])),
    case(fused_finally, {"n": 2}, result=[0, 3, 4], calls=_checks([1, 2, 3, 4])),
    case(fused_finally, {"n": -2}, name="fails", result=[0, 4, 7], calls=_checks([1, -2, 3, 4])),
    case(fused_in_a_loop, {"numbers": [1, 2, 3, 4, 5]}, result=[13, 4]),
    case(
        fused_leaves_a_loop,
        {"numbers": [1, 2, -1, 0]},
        result=["1 100", "very 2"],
        calls=_checks([1, 100, 2, 101, -1]),
    ),
    case(
        fused_retries,
        {"name": "x"},
        result="x at 3 at 3",
        calls=[*[call("third_time", name="x")] * 3, *[call("third_time", name="x at 3")] * 3],
    ),
    case(
        fused_picky,
        {"kind": "bad"},
        result="fine 1 bad 3",
        calls=[call("picky", kind="fine"), *[call("picky", kind="bad")] * 3],
    ),
    case(
        fused_picky,
        {"kind": "very"},
        name="never",
        error=("VeryBad", "very 1"),
        calls=[call("picky", kind="fine"), call("picky", kind="very")],
    ),
    case(
        fused_picky,
        {"kind": "other"},
        name="not-on",
        error=("ValueError", "other 1"),
        calls=[call("picky", kind="fine"), call("picky", kind="other")],
    ),
    case(
        fused_times_out,
        {"seconds": 3.0},
        error=("TaskTimedOut", "too_slow ran longer than 0.5 s"),
        calls=[call("too_slow", seconds=0.0), call("too_slow", seconds=3.0)],
    ),
    case(
        fused_times_out_once,
        {"name": "slow"},
        result="slow 2 quick 1",
        calls=[*[call("slow_once", name="slow")] * 2, call("slow_once", name="quick")],
    ),
    case(
        fused_breaks_a_contract,
        {"n": 1},
        error=(
            "TaskFailed",
            "wrong returned a value that is not of its type: Input should be a valid integer (got 'no number')",
        ),
        calls=[*_checks([1]), call("wrong", value=1)],
    ),
    case(
        fused_takes_what_does_not_fit,
        {"value": "a"},
        result="refused",
        calls=[call("anything", x="a")],
    ),
    case(fused_takes_what_does_not_fit, {"value": 3}, name="fine", result="3"),
    case(fused_floats, {"x": 4.0, "y": 2}, result="2.0 2.0 4.0 True True"),
    case(fused_own_copies, {"items": [1]}, result=[[1], [1, 99, 5], [1, 99, 99], [1, 99, 5, 99]]),
    case(fused_models, {"text": "a"}, result={"number": 2, "text": "aa!", "weight": 2.0}),
    case(fused_keys, {"name": "a"}, result=True),
    case(fused_large, {"times": 300_000}, result=900_000),
    case(fused_large_given_back, {"times": 120_000}, result=[120_000, 120_000, 2]),
    case(
        fused_in_sub_flows,
        {"texts": [" a", "b "]},
        result=["a2", "b2", "a2", "b2"],
        concurrent=True,
        calls=[
            *[
                call("clean", text=" a"),
                call("count", words=["a", "a"]),
                call("clean", text="b "),
                call("count", words=["b", "b"]),
            ]
            * 2
        ],
    ),
    case(fused_side_by_side, {"n": 1}, result=[2, 12], concurrent=True, calls=_checks([1, 2, 11, 12])),
    case(fused_names, {"len_": 1, "call": 2, "results": 4}, result=[1, 7, 2], calls=_checks([1, 3, 7])),
    case(fused_map, {"numbers": list(range(25))}, result=list(range(25)), concurrent=True, calls=_checks([*range(25)])),
    case(fused_map, {"numbers": []}, name="empty", result=[], calls=[]),
    case(fused_map, {"numbers": [7]}, name="one", result=[7], calls=_checks([7])),
    case(
        fused_map,
        {"numbers": [1, 2, -3, 4, -5]},
        name="fails",
        error=("Bad", "item -3"),
        concurrent=True,
        calls=_checks([1, 2, -3]),
        may_call=_checks([4, -5]),
    ),
    case(
        fused_map,
        {"numbers": [*range(12), -3, *range(8), -9]},
        name="fails-in-two",
        error=("Bad", "item -3"),
        concurrent=True,
        calls=_checks([*range(12), -3]),
        may_call=_checks([*range(8), -9]),
    ),
    case(
        fused_map_of_two,
        {"numbers": [1, 2], "more": 10},
        result=[22, 24],
        concurrent=True,
        calls=_checks([1, 11, 2, 12]),
    ),
    case(
        fused_map_with_condition,
        {"numbers": list(range(30))},
        result=list(range(0, 30, 2)),
        concurrent=True,
        calls=_checks([*range(0, 30, 2)]),
    ),
    case(fused_map_with_condition, {"numbers": [1, 3]}, name="none", result=[], calls=[]),
    case(
        fused_map_with_one_condition_or_another,
        {"numbers": [0, 1, 2], "every": True},
        result=[0, 1, 2],
        concurrent=True,
        calls=_checks([0, 1, 2]),
    ),
    case(
        fused_map_with_one_condition_or_another,
        {"numbers": [0, 1, 2], "every": False},
        name="few",
        result=[2],
        calls=_checks([2]),
    ),
    case(fused_map_one_at_a_time, {"numbers": list(range(13))}, result=list(range(13)), calls=_checks([*range(13)])),
    case(fused_map_over_pairs, {"names": [["a", 1], ["b", 2]]}, result=["a 1", "b 2"]),
    case(fused_map_over_range, {"n": 5}, result=[0.0, 0.5, 1.0, 1.5, 2.0]),
    case(fused_map_in_map, {"rows": [[1, 2], [], [3]]}, result=[[1, 2], [], [3]]),
    case(
        fused_map_in_map,
        {"rows": [[1, 2], [-4, 5], [-3]]},
        name="fails",
        error=("Bad", "item -4"),
        concurrent=True,
        calls=_checks([1, 2, -4]),
        may_call=_checks([5, -3]),
    ),
    case(fused_map_caught, {"numbers": [1, 101, -1]}, result=[-2]),
    case(fused_map_caught, {"numbers": [1, -1, 101]}, name="base", result=[-1]),
    case(
        fused_map_of_retries,
        {"names": ["a", "b"]},
        result=["a at 3", "b at 3"],
        concurrent=True,
        calls=[*[call("third_time", name="a")] * 3, *[call("third_time", name="b")] * 3],
    ),
    case(fused_map_of_lists, {"numbers": [1, 2]}, result=[[1, 99], [2, 99]]),
    case(fused_map_of_lists, {"numbers": [1]}, name="one", result=[[1, 99]]),
    case(fused_map_of_keys, {"names": ["n"] * 23}, result=23),
    case(fused_map_of_large, {"times": [120_000, 10, 120_000]}, result=[120_000, 10, 120_000]),
    case(fused_map_of_notes, {"names": ["a", "b"]}, result=2),
    case(fused_slices_in_a_loop, {"rounds": 2}, result=[12, 66, 12, 666]),
    case(fused_keys_in_a_loop, {"rounds": 2, "items": 11}, result=[22]),
    case(fused_keys_in_a_loop, {"rounds": 3, "items": 2}, name="few", result=[6]),
    case(fused_map_in_a_loop, {"rounds": 3}, result=[0, 1, 2, 10, 11, 12, 20, 21, 22]),
]
