"""Ints where floats are wanted: what becomes a float, what stays an int, and that nobody mixes the two up."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import pydantic.dataclasses
from pydantic import BaseModel
from typing_extensions import TypedDict

from skyloom.conformance.case import call, case
from skyloom.flows import approval, flow, parallel, task, wait_for
from skyloom.flows.testing import Answer


class Measure(BaseModel):
    one: float = 0.0
    some: list[float] = []
    named: dict[str, float] = {}
    either: int | float = 0


class Outside(BaseModel):
    """Comes from outside only, so its default is a float by then."""

    rate: float = 1
    rates: list[float] = [2]


@dataclass
class Shape:
    name: str
    weight: float = 1.0
    sizes: list[float] = field(default_factory=list)


@pydantic.dataclasses.dataclass
class Checked:
    weight: float


class Row(TypedDict):
    amount: float


RATE: float = 2
RATES: list[float] = [1, 2.5]


@task
def number(n: int) -> float:
    return n


@task
def numbers(count: int) -> list[float]:
    return list(range(count))


@task
def table(count: int) -> dict[str, float | None]:
    return {str(n): n for n in range(count)}


@task
def kinds(value: Any) -> str:
    return json.dumps(value)


@task
def either(value: list[float] | list[int]) -> str:
    return json.dumps(value)


@task
def measure(n: int) -> Measure:
    return Measure.model_construct(one=n, some=[n], either=n)


@task
def shape(n: int) -> Shape:
    return Shape("s", n, [n])


@task
def weigh(shape: Shape, row: Row, rate: float = 3) -> list[str]:
    return [repr(shape.weight), repr(row["amount"]), repr(rate)]


@task
def outside() -> Outside:
    return Outside()


# --- what crosses a step is converted ---------------------------------------------------------------------------------


@flow
def parameters(x: float, xs: list[float], named: dict[str, float], maybe: float | None) -> list[str]:
    pair = (x, maybe)
    return [f"{x} {maybe} {pair[0]}", *[str(x) for x in xs], *[f"{v}" for v in named.values()]]


@flow
def results_of_tasks(n: int) -> list[str]:
    of_task, many, some = number(n), numbers(2), table(2)
    a, b = parallel(number(n), numbers(n))
    mapped = [number(x) for x in range(2)]
    return [
        f"{of_task} {many[1]} {some['1']} {a} {b[0]} {mapped[1]}",
        f"{measure(n).one} {measure(n).some[0]} {measure(n).either} {shape(n).weight} {shape(n).sizes[0]}",
        f"{outside().rate} {outside().rates[0]}",
    ]


@flow
def with_default(x: float = 2, xs: list[float] = [1], maybe: float | None = 3) -> list[str]:  # noqa: B006
    return [str(x), str(xs[0]), str(maybe), str(Measure(one=x).one), str(x * 2)]


@flow
def halved(x: float = 3) -> float:
    return x // 1


@flow
def sub_flows(n: int) -> list[str]:
    return [str(halved()), str(halved(n)), str(halved(x=2.5))]


@flow
def arguments(n: int) -> list[str]:
    return weigh(Shape("s", 2.0), {"amount": n})


@flow
def answers() -> list[str]:
    event = wait_for("measured", Outside)
    plain = wait_for("number", float)
    decision = approval("fine?", form=Outside)
    if decision.answer is None:
        return []
    return [f"{event.rate} {event.rates[0]} {plain} {decision.answer.rate} {decision.answer.rates[0]}"]


@flow
def alternatives(first: float | str, second: list[int] | list[float], third: list[float] | list[int]) -> str:
    known: list[float] | list[int] = [1]
    return json.dumps([first, second, third, known]) + either(second) + either([1]) + either([1, 0.5])


# --- what stays in the flow is not ------------------------------------------------------------------------------------


@flow
def annotated_variables(n: int, known: bool) -> list[str]:
    x: float = n
    shown = [str(x), str(x / 2), f"{x:.1f}"]
    if known:
        x = 2.5
    shown.append(str(x))
    maybe: float | None = None
    shown.append(str(maybe))
    maybe = 4
    return [*shown, str(maybe), str(Measure(one=x).one), str(Measure(one=maybe).one), kinds([x, maybe])]


@flow
def running_total(prices: list[float]) -> list[str]:
    total: float = 0
    for price in prices:
        total += price
    return [str(total), str(Measure(one=total).one), f"{total:.2f}", str(sum(prices)), str(sum(prices, 0.0))]


@flow
def annotated_lists(n: int) -> list[str]:
    xs: list[float] = [n]
    xs.append(2)
    xs += [0.5]
    ys: list[float] = []
    ys.append(n)
    ys.extend([n, 1.5])
    named: dict[str, float] = {}
    named["a"] = n
    named["b"] = 0.5
    rows: list[list[float]] = [[]]
    rows[0].append(n)
    built = Measure(some=xs, named={k: v for k, v in named.items()})
    shown = [json.dumps([xs, ys, named, rows]), kinds([xs, rows])]
    return [*shown, json.dumps([built.some, built.named]), str(Measure(some=rows[0]).some[0])]


@flow
def constants() -> list[str]:
    return [str(RATE), str(RATE / 1), json.dumps(RATES), str(Measure(one=RATE, some=RATES).some[0])]


@flow
def mixed_numbers(count: int) -> list[str]:
    xs = [1, 2.5, 3][:count]
    quotient, rest = divmod(xs[0], 1)
    built = Measure(one=sum(xs), some=[abs(xs[0]), round(xs[0], 1), quotient, xs[0] if rest else 0])
    return [
        f"{sum(xs)} {abs(xs[0])} {round(xs[0], 1)} {quotient} {rest} {max(xs)} {-xs[0]} {xs[0] * 2} {math.fabs(xs[0])}",
        f"{built.one} {json.dumps(built.some)} {xs[0] or 0} {sum(xs, 0.0)} {float(xs[0])}",
    ]


@flow
def models(n: int, x: float) -> list[str]:
    one = Measure(one=n, some=[n, x], named={"n": n}, either=n)
    one.one += 1
    one.some.append(float(n))
    one.either = n
    two = Shape("s", float(n))
    two.weight = two.weight * 2
    two.sizes += [x, 1.0]
    row: Row = {"amount": 2.0}
    row["amount"] += n
    return [
        f"{one.one} {json.dumps(one.some)} {one.named['n']} {one.either} {two.weight} {two.sizes[1]}",
        f"{row['amount']} {Checked(n).weight} {Measure(one=two.weight).one}",
    ]


@flow
def comparisons_and_truth(x: float, n: int) -> list[bool]:
    zero: float = 0
    return [x == n, x in [n], bool(x), bool(zero), zero == 0.0, [x] == [n], Measure(one=n) == Measure(one=x)]


CASES = [
    case(
        parameters,
        {"x": 2, "xs": [1, 2.5], "named": {"a": 3}, "maybe": 4},
        result=["2.0 4.0 2.0", "1.0", "2.5", "3.0"],
    ),
    case(parameters, {"x": 2.0, "xs": [], "named": {}, "maybe": None}, result=["2.0 None 2.0"], name="none"),
    case(
        results_of_tasks,
        {"n": 3},
        result=["3.0 1.0 1.0 3.0 0.0 1.0", "3.0 3.0 3 3.0 3.0", "1.0 2.0"],
        concurrent=True,
    ),
    case(with_default, result=["2.0", "1.0", "3.0", "2.0", "4.0"]),
    case(with_default, {"x": 5, "xs": [6], "maybe": None}, result=["5.0", "6.0", "None", "5.0", "10.0"], name="given"),
    case(sub_flows, {"n": 7}, result=["3.0", "7.0", "2.0"]),
    # A default of a task is Python's own, inside the task.
    case(
        arguments,
        {"n": 4},
        result=["2.0", "4.0", "3"],
        calls=[call("weigh", shape={"name": "s", "weight": 2.0, "sizes": []}, row={"amount": 4.0})],
    ),
    case(
        answers,
        result=["1.0 2.0 5.0 6.0 2.0"],
        events={"measured": [{}], "number": [5]},
        approvals=[Answer(approved=True, answer={"rate": 6})],
    ),
    case(
        alternatives,
        {"first": 1, "second": [1], "third": [1]},
        result="[1.0, [1], [1], [1]][1][1][1.0, 0.5]",
        name="ints",
    ),
    case(
        alternatives,
        {"first": 1.0, "second": [1.0], "third": [1, 0.5]},
        result="[1.0, [1], [1.0, 0.5], [1]][1][1][1.0, 0.5]",
        name="floats",
    ),
    case(
        annotated_variables,
        {"n": 2, "known": True},
        result=["2", "1.0", "2.0", "2.5", "None", "4", "2.5", "4.0", "[2.5, 4]"],
        name="known",
    ),
    case(
        annotated_variables,
        {"n": 2, "known": False},
        result=["2", "1.0", "2.0", "2", "None", "4", "2.0", "4.0", "[2, 4]"],
        name="unknown",
    ),
    case(running_total, {"prices": [1, 2]}, result=["3.0", "3.0", "3.00", "3.0", "3.0"], name="some"),
    case(running_total, {"prices": []}, result=["0", "0.0", "0.00", "0", "0.0"], name="none"),
    case(
        annotated_lists,
        {"n": 3},
        result=[
            '[[3, 2, 0.5], [3, 3, 1.5], {"a": 3, "b": 0.5}, [[3]]]',
            "[[3, 2, 0.5], [[3]]]",
            '[[3.0, 2.0, 0.5], {"a": 3.0, "b": 0.5}]',
            "3.0",
        ],
    ),
    case(constants, result=["2", "2.0", "[1, 2.5]", "1.0"]),
    case(
        mixed_numbers,
        {"count": 1},
        result=["1 1 1 1 0 1 -1 2 1.0", "1.0 [1.0, 1.0, 1.0, 0.0] 1 1.0 1.0"],
        name="ints",
    ),
    case(
        mixed_numbers,
        {"count": 3},
        result=["6.5 1 1 1 0 3 -1 2 1.0", "6.5 [1.0, 1.0, 1.0, 0.0] 1 6.5 1.0"],
        name="both",
    ),
    case(
        models,
        {"n": 3, "x": 1},
        result=["4.0 [3.0, 1.0, 3.0] 3.0 3 6.0 1.0", "5.0 3.0 6.0"],
    ),
    case(comparisons_and_truth, {"x": 2, "n": 2}, result=[True, True, True, False, True, True, True]),
]
