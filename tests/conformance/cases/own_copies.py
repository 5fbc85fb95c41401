"""Values are never shared: tasks get copies, and changing one variable changes no other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import case
from skyloom.flows import flow, parallel, task

_KEPT: list[int] = []


class Basket(BaseModel):
    items: list[str] = []
    counts: dict[str, int] = {}


@task
def spoil(values: list[int]) -> int:
    values.append(99)
    return len(values)


@task
def spoil_basket(basket: Basket) -> Basket:
    basket.items.append("spoiled")
    basket.counts["spoiled"] = 1
    return basket


@task
def hand_out() -> list[int]:
    return _KEPT


@task
def same(values: list[int]) -> list[int]:
    return values


@task
def both(first: list[int], second: list[int]) -> list[int]:
    first.append(0)
    return [len(first), len(second)]


@flow
def argument_changed_by_task() -> list[Any]:
    values = [1]
    sizes = [spoil(values), spoil(values)]
    return [values, sizes]


@flow
def model_changed_by_task() -> list[Any]:
    basket = Basket(items=["a"])
    other = spoil_basket(basket)
    other.items.append("b")
    return [basket, other]


@flow
def one_value_for_two_arguments() -> list[Any]:
    values = [1]
    return [both(values, values), values]


@flow
def result_kept_by_task() -> list[Any]:
    one = hand_out()
    one.append(1)
    two = hand_out()
    two.append(2)
    return [one, two, hand_out()]


@flow
def result_is_the_argument() -> list[Any]:
    values = [1]
    back = same(values)
    back.append(2)
    values.append(3)
    return [values, back]


@flow
def arguments_in_parallel() -> list[Any]:
    values = [1, 2]
    a, b = parallel(spoil(values), spoil(values))
    return [a, b, values]


@flow
def arguments_in_a_map(values: list[int]) -> list[Any]:
    sizes = [spoil(values) for _ in range(3)]
    return [sizes, values]


@flow
def new_list_from_old(values: list[int]) -> list[Any]:
    copy = [*values]
    copy.append(10)
    joined = values + [20]
    joined.append(30)
    part = values[:1]
    part.append(40)
    ordered = sorted(values)
    ordered.append(50)
    taken = list(values)
    taken[0] = 60
    return [values, copy, joined, part, ordered, taken]


@flow
def new_dict_from_old(table: dict[str, int]) -> list[Any]:
    merged = {**table, "new": 1}
    merged["more"] = 2
    copied = dict(table)
    copied["x"] = 3
    return [table, merged, copied]


@flow
def rows_are_their_own() -> list[list[int]]:
    rows = []
    for i in range(3):
        row = [i]
        row.append(i * 10)
        rows.append(row)
    rows.append([7])
    return rows


@flow
def snapshots(count: int) -> list[list[int]]:
    current: list[int] = []
    seen: list[list[int]] = []
    for i in range(count):
        current.append(i)
        seen.append([*current])
    return seen


@flow
def rebinding_frees(values: list[int]) -> list[Any]:
    kept = values
    values = [*values]
    values.append(1)
    return [kept, values]


@flow
def built_in_branches(flag: bool) -> list[str]:
    if flag:
        parts = ["yes"]
    else:
        parts = []
        parts.append("no")
    parts.append("end")
    return parts


@flow
def loop_over_a_copy(values: list[int]) -> list[int]:
    for value in [*values]:
        if value < 3:
            values.append(value + 10)
    return values


@flow
def filled_model(names: list[str]) -> Basket:
    basket = Basket()
    for name in names:
        basket.items.append(name)
        if name in basket.counts:
            basket.counts[name] += 1
        else:
            basket.counts[name] = 1
    return basket


CASES = [
    case(argument_changed_by_task, result=[[1], [2, 2]]),
    case(
        model_changed_by_task,
        result=[
            {"items": ["a"], "counts": {}},
            {"items": ["a", "spoiled", "b"], "counts": {"spoiled": 1}},
        ],
    ),
    case(one_value_for_two_arguments, result=[[2, 1], [1]]),
    case(result_kept_by_task, result=[[1], [2], []]),
    case(result_is_the_argument, result=[[1, 3], [1, 2]]),
    case(arguments_in_parallel, result=[3, 3, [1, 2]]),
    case(arguments_in_a_map, {"values": [5]}, result=[[2, 2, 2], [5]]),
    case(
        new_list_from_old,
        {"values": [2, 1]},
        result=[[2, 1], [2, 1, 10], [2, 1, 20, 30], [2, 40], [1, 2, 50], [60, 1]],
    ),
    case(
        new_dict_from_old,
        {"table": {"a": 0}},
        result=[{"a": 0}, {"a": 0, "new": 1, "more": 2}, {"a": 0, "x": 3}],
    ),
    case(rows_are_their_own, result=[[0, 0], [1, 10], [2, 20], [7]]),
    case(snapshots, {"count": 3}, result=[[0], [0, 1], [0, 1, 2]]),
    case(rebinding_frees, {"values": [0]}, result=[[0], [0, 1]]),
    case(built_in_branches, {"flag": False}, result=["no", "end"], name="no"),
    case(built_in_branches, {"flag": True}, result=["yes", "end"], name="yes"),
    case(loop_over_a_copy, {"values": [1, 5]}, result=[1, 5, 11]),
    case(filled_model, {"names": ["a", "b", "a"]}, result={"items": ["a", "b", "a"], "counts": {"a": 2, "b": 1}}),
]
