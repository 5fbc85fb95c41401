"""Comprehensions over calls: parallel maps."""

from __future__ import annotations

import time

from skyloom.conformance.case import call, case
from skyloom.flows import each, flow, sleep, task


class Broken(Exception):
    pass


@task
def square(n: int) -> int:
    return n * n


@task
def slow_square(n: int) -> int:
    # Later items end earlier.
    time.sleep(max(0.0, 0.12 - n * 0.03))
    return n * n


@task
def join(a: str, b: str) -> str:
    return f"{a}-{b}"


@task
def is_odd(n: int) -> bool:
    return n % 2 == 1


@task
def check(n: int, wait: float) -> int:
    time.sleep(wait)
    if n < 0:
        raise Broken(f"item {n}")
    return n


@task
def children(name: str) -> list[str]:
    return [] if len(name) > 2 else [name + "a", name + "b"]


@flow
def plus_one(n: int) -> int:
    return square(n) + 1


@flow
def doubled(n: int) -> int:
    if n == 0:
        return 0
    once = plus_one(n)
    return once * 2


@flow
def squares(values: list[int]) -> list[int]:
    return [square(v) for v in values]


@flow
def results_in_order(values: list[int]) -> list[int]:
    return [slow_square(v) for v in values]


@flow
def limited(values: list[int]) -> list[int]:
    return [slow_square(v) for v in each(values, limit=2)]


@flow
def one_at_a_time(count: int) -> list[int]:
    return [square(v) for v in each(range(count), limit=1)]


@flow
def many(count: int) -> int:
    return sum([square(v) for v in range(count)])


@flow
def with_condition(values: list[int]) -> list[int]:
    return [square(v) for v in values if v % 2 == 0]


@flow
def with_conditions(values: list[int], limit: int) -> list[int]:
    return [square(v) for v in values if v > 0 if v < limit]


@flow
def with_outer_variables(values: list[str], suffix: str) -> list[str]:
    mark = suffix + "!"
    joined = [join(v, mark) for v in values]
    mark = "changed"
    return [*joined, mark]


@flow
def two_calls_inside(values: list[int]) -> list[int]:
    return [square(square(v) + 1) for v in values]


@flow
def pure_parts(values: list[int]) -> list[str]:
    return [f"{v}: {square(v) + square(v + 1)}" for v in values]


@flow
def conditional_inside(values: list[int]) -> list[int]:
    return [square(v) if v > 1 else -v for v in values]


@flow
def short_circuit_inside(values: list[int]) -> list[bool]:
    return [v > 1 and is_odd(v) for v in values]


@flow
def nested(rows: list[list[int]]) -> list[list[int]]:
    return [[square(v) for v in row] for row in rows]


@flow
def nested_product(names: list[str], marks: list[str]) -> list[list[str]]:
    return [[join(name, mark) for mark in marks] for name in names]


@flow
def map_then_map(names: list[str]) -> list[list[str]]:
    return [[join(name, child) for child in children(name)] for name in names]


@flow
def unpacked(pairs: list[tuple[str, str]]) -> list[str]:
    return [join(b, a) for a, b in pairs]


@flow
def enumerated(words: list[str]) -> list[str]:
    return [join(str(i), word) for i, word in enumerate(words)]


@flow
def zipped(a: list[str], b: list[str]) -> list[str]:
    return [join(x, y) for x, y in zip(a, b)]


@flow
def over_dict(table: dict[str, int]) -> list[str]:
    return [join(name, str(count)) for name, count in table.items() if count]


@flow
def into_dict(words: list[str]) -> dict[str, str]:
    return {word: join(word, word) for word in words}


@flow
def into_dict_by_result(values: list[int]) -> dict[str, int]:
    return {f"k{square(v)}": v for v in values}


@flow
def used_at_once(values: list[int]) -> list[int]:
    total = sum([square(v) for v in values])
    largest = max([square(v) for v in values], default=-1)
    for found in [square(v) for v in values]:
        total += found
    return [total, largest, len([square(v) for v in values if v > 1])]


@flow
def map_of_flows(values: list[int]) -> list[int]:
    return [plus_one(v) for v in values]


@flow
def map_of_nested_flows(values: list[int]) -> list[int]:
    return [doubled(v) for v in values]


@flow
def name_is_free_outside(v: int) -> list[int]:
    results = [square(v) for v in [v + 1, v + 2]]
    return [*results, v]


@flow
def map_in_loop(rows: list[list[int]]) -> list[int]:
    totals = []
    for row in rows:
        if not row:
            continue
        totals.append(sum([square(v) for v in row]))
    return totals


@flow
def map_with_sleep(values: list[int]) -> list[int]:
    found = [square(v) for v in values]
    sleep(0.02)
    return [square(v) for v in found]


@flow
def items_are_called_first(words: list[str]) -> list[str]:
    return [join(word, "x") for word in [join(w, "y") for w in words]]


@flow
def first_error(values: list[int]) -> list[int]:
    return [check(v, 0.0) for v in values]


@flow
def first_error_in_order(values: list[tuple[int, float]]) -> list[int]:
    return [check(v, wait) for v, wait in values]


@flow
def error_caught(values: list[int]) -> str:
    try:
        return str(sum([check(v, 0.0) for v in values]))
    except Broken as error:
        return f"caught {error}"


@flow
def pure_error_in_item(values: list[int]) -> list[int]:
    return [check(10 // v, 0.0) for v in values]


@flow
def error_in_condition(values: list[int]) -> list[int]:
    return [check(v, 0.0) for v in values if 10 // v > 1]


@flow
def error_in_limited(values: list[int]) -> list[int]:
    return [check(v, 0.0) for v in each(values, limit=1)]


@flow
def error_in_nested(rows: list[list[int]]) -> list[list[int]]:
    return [[check(v, 0.0) for v in row] for row in rows]


CASES = [
    case(
        squares,
        {"values": [3, 1, 2]},
        result=[9, 1, 4],
        calls=[call("square", n=n) for n in (3, 1, 2)],
        concurrent=True,
    ),
    case(squares, {"values": []}, result=[], calls=[], name="empty"),
    case(squares, {"values": [5]}, result=[25], calls=[call("square", n=5)], name="one"),
    case(results_in_order, {"values": [0, 1, 2, 3]}, result=[0, 1, 4, 9]),
    case(limited, {"values": [0, 1, 2, 3, 4]}, result=[0, 1, 4, 9, 16]),
    case(
        one_at_a_time,
        {"count": 4},
        result=[0, 1, 4, 9],
        calls=[call("square", n=n) for n in range(4)],
    ),
    case(many, {"count": 60}, result=70210),
    case(
        with_condition,
        {"values": [1, 2, 3, 4]},
        result=[4, 16],
        calls=[call("square", n=2), call("square", n=4)],
        concurrent=True,
    ),
    case(with_condition, {"values": [1, 3]}, result=[], calls=[], name="none"),
    case(with_conditions, {"values": [-1, 1, 5, 2], "limit": 5}, result=[1, 4]),
    case(with_outer_variables, {"values": ["a", "b"], "suffix": "s"}, result=["a-s!", "b-s!", "changed"]),
    case(two_calls_inside, {"values": [1, 2]}, result=[4, 25]),
    case(pure_parts, {"values": [1, 2]}, result=["1: 5", "2: 13"]),
    case(
        conditional_inside,
        {"values": [1, 2, 0]},
        result=[-1, 4, 0],
        calls=[call("square", n=2)],
        concurrent=True,
    ),
    case(
        short_circuit_inside,
        {"values": [1, 2, 3]},
        result=[False, False, True],
        calls=[call("is_odd", n=2), call("is_odd", n=3)],
        concurrent=True,
    ),
    case(nested, {"rows": [[1, 2], [], [3]]}, result=[[1, 4], [], [9]]),
    case(nested_product, {"names": ["a", "b"], "marks": ["1", "2"]}, result=[["a-1", "a-2"], ["b-1", "b-2"]]),
    case(map_then_map, {"names": ["x", "yyy", "zz"]}, result=[["x-xa", "x-xb"], [], ["zz-zza", "zz-zzb"]]),
    case(unpacked, {"pairs": [["a", "b"], ["c", "d"]]}, result=["b-a", "d-c"]),
    case(enumerated, {"words": ["x", "y"]}, result=["0-x", "1-y"]),
    case(zipped, {"a": ["1", "2", "3"], "b": ["x", "y"]}, result=["1-x", "2-y"]),
    case(over_dict, {"table": {"a": 1, "b": 0, "c": 2}}, result=["a-1", "c-2"]),
    case(
        into_dict,
        {"words": ["a", "b", "a"]},
        result={"a": "a-a", "b": "b-b"},
        calls=[call("join", a="a", b="a"), call("join", a="b", b="b"), call("join", a="a", b="a")],
        concurrent=True,
    ),
    case(into_dict_by_result, {"values": [1, 2, -1]}, result={"k1": -1, "k4": 2}),
    case(used_at_once, {"values": [1, 2, 3]}, result=[28, 9, 2]),
    case(used_at_once, {"values": []}, result=[0, -1, 0], name="empty"),
    case(map_of_flows, {"values": [1, 2]}, result=[2, 5]),
    case(map_of_nested_flows, {"values": [0, 1, 2]}, result=[0, 4, 10]),
    case(name_is_free_outside, {"v": 1}, result=[4, 9, 1]),
    case(map_in_loop, {"rows": [[1, 2], [], [3]]}, result=[5, 9]),
    case(map_with_sleep, {"values": [1, 2]}, result=[1, 16]),
    case(items_are_called_first, {"words": ["a", "b"]}, result=["a-y-x", "b-y-x"]),
    case(
        first_error,
        {"values": [1, -2, 3]},
        error=("Broken", "item -2"),
        calls=[call("check", n=1, wait=0.0), call("check", n=-2, wait=0.0)],
        concurrent=True,
        may_call=[call("check", n=3, wait=0.0)],
    ),
    # The second item fails last, and still decides: it is the first in order.
    case(
        first_error_in_order,
        {"values": [[1, 0.2], [-2, 0.1], [-3, 0.0], [4, 0.0]]},
        error=("Broken", "item -2"),
        calls=[call("check", n=1, wait=0.2), call("check", n=-2, wait=0.1)],
        concurrent=True,
        may_call=[call("check", n=-3, wait=0.0), call("check", n=4, wait=0.0)],
    ),
    case(error_caught, {"values": [1, 2]}, result="3", name="fine"),
    case(error_caught, {"values": [1, -5, -6]}, result="caught item -5", name="caught"),
    case(
        pure_error_in_item,
        {"values": [5, 0, 2]},
        error=("ZeroDivisionError", "integer division or modulo by zero"),
        calls=[call("check", n=2, wait=0.0)],
        concurrent=True,
        may_call=[call("check", n=5, wait=0.0)],
    ),
    case(
        error_in_condition,
        {"values": [4, 9, 0, 2]},
        error=("ZeroDivisionError", "integer division or modulo by zero"),
        calls=[call("check", n=4, wait=0.0)],
        concurrent=True,
        may_call=[call("check", n=2, wait=0.0)],
    ),
    case(
        error_in_limited,
        {"values": [1, -2, 3]},
        error=("Broken", "item -2"),
        calls=[call("check", n=1, wait=0.0), call("check", n=-2, wait=0.0)],
    ),
    case(
        error_in_nested,
        {"rows": [[1, 2], [3, -4, 5], [-6]]},
        error=("Broken", "item -4"),
        calls=[call("check", n=n, wait=0.0) for n in (1, 2, 3, -4)],
        concurrent=True,
        may_call=[call("check", n=5, wait=0.0), call("check", n=-6, wait=0.0)],
    ),
]
