"""Arithmetic, comparisons, and the builtins on numbers."""

from __future__ import annotations

import math

from skyloom.conformance.case import call, case
from skyloom.flows import days, flow, hours, minutes, seconds, task


@task
def value(n: int) -> int:
    return n


@flow
def floor_and_remainder(a: int, b: int) -> list[int]:
    return [a // b, a % b, *divmod(a, b)]


@flow
def float_floor_and_remainder(a: float, b: float) -> list[float]:
    return [a // b, a % b]


@flow
def true_division(a: int, b: int) -> str:
    # Two integers give a float, also where it is whole.
    return str(a / b)


@flow
def powers() -> str:
    two, minus, half = 2, -2, 0.5
    parts = [str(two**10), str(minus**3), str(-(two**2)), str(two**-1), str(half**2), str(two**half), str(two**0)]
    return " ".join(parts)


@flow
def power_is_right_associative() -> list[str]:
    return [str(2**3**2), str((2**3) ** 2), str(-(2**2)), str(2**2 * 3)]


@flow
def precedence(a: int, b: int, c: int) -> list[int]:
    return [a + b * c, (a + b) * c, a - b - c, a - (b - c), -a + b, a // b * c, a % b + c, -a // b, a * b // c]


@flow
def mixed() -> str:
    whole, real, flag = 3, 1.5, True
    return " ".join(
        [str(whole + real), str(whole * 2.0), str(6 / whole), str(flag + flag), str(real - 1), str(7 // 2.0)]
    )


@flow
def repeat_and_join(word: str, times: int) -> list[str]:
    return [word * times, "-" * 3 + word, *([word] * times), *[word, "x"] + ["y"]]


@flow
def unary(n: int, x: float) -> list[float]:
    return [-n, +n, -(-n), -x, abs(n), abs(x)]


@flow
def rounding() -> list[float]:
    halves = [0.5, 1.5, 2.5, -0.5, -1.5]
    whole = [round(h) for h in halves]
    return [*whole, round(2.675, 2), round(1234.5678, -2), round(1250, -2), round(1.25, 1), round(7, 0)]


@flow
def rounding_gives_int(x: float) -> str:
    return f"{round(x)} {round(x, 0)} {round(x, 1)}"


@flow
def math_functions(x: float) -> list[float]:
    return [math.floor(x), math.ceil(x), math.trunc(x), math.fabs(x), math.sqrt(math.fabs(x) + 2.75)]


@flow
def nearly_equal() -> list[bool]:
    return [
        0.1 + 0.2 == 0.3,
        math.isclose(0.1 + 0.2, 0.3),
        math.isclose(100.0, 101.0, rel_tol=0.02),
        math.isclose(0.0, 1e-9, abs_tol=1e-8),
        math.isclose(0.0, 1e-9),
    ]


@flow
def float_text() -> list[str]:
    values = [0.1, 100.0, 1e16, 1e-5, 0.0001, 123456789.125, 1.0 / 3, 1e300, 2.0**60]
    return [str(v) for v in values]


@flow
def float_sum() -> str:
    return str(0.1 + 0.2) + " " + str(sum([0.5, 0.25, 1])) + " " + str(3 * 1.1)


@flow
def integer_bounds(n: int) -> list[int]:
    return [n, -n, n - 1, n // 3, n % 10]


@flow
def inside_may_be_larger(n: int) -> int:
    # The bound of integers holds between steps, not inside an expression.
    return n * n // n


@flow
def durations() -> list[float]:
    return [seconds(1.5), minutes(2), hours(0.5), days(1), minutes(1) + seconds(1)]


@flow
def conversions() -> str:
    parts = [
        str(int(3.9)),
        str(int(-3.9)),
        str(int("007")),
        str(int(True)),
        str(float(3)),
        str(float("2.50")),
        str(bool("")),
        str(bool("False")),
        str(bool(0.0)),
        str(True),
        str(None),
        str(12) + str(1.0),
    ]
    return " ".join(parts)


@flow
def empty_constructors() -> str:
    return f"[{''}] {False} {len(list('ab'))} {len(dict([('a', 1)]))}"


@flow
def chained_comparison(low: int, x: int, high: int) -> list[bool]:
    return [low < x < high, low <= x <= high, low < x > high, low == x == high, not low < x, low < high != x]


@flow
def chained_with_calls(x: int) -> bool:
    # The middle is called once; the last one only when it still counts.
    return value(1) < value(x) < value(10)


@flow
def compare_values() -> list[bool]:
    return [
        1 == 1.0,
        True == 1,
        2 > 1.5,
        [1, 2] == [1, 2],
        [1, 2] == [1.0, 2.0],
        [1, [2]] == [1, [3]],
        {"a": 1} == {"a": 1.0},
    ]


@flow
def key_order_does_not_matter(a: dict[str, int], b: dict[str, int]) -> list[bool]:
    return [a == b, a != b, list(a) == list(b), sorted(a) == sorted(b)]


@flow
def text_order(a: str, b: str) -> list[bool]:
    return [a < b, a <= b, a == b, a > b]


@flow
def list_order() -> list[bool]:
    return [[1, 2] < [1, 3], [1] < [1, 0], [2] > [1, 9], ["a", "b"] < ["a", "c"], (1, "a") < (1, "b"), [] < [0]]


@flow
def membership(word: str, values: list[int], table: dict[str, int]) -> list[bool]:
    return [
        "an" in word,
        "" in word,
        "AN" in word,
        2 in values,
        2.0 in values,
        2 not in values,
        "a" in table,
        "z" not in table,
        word in ("banana", "apple"),
        word in ["x"],
    ]


@flow
def identity(maybe: str | None, count: int | None) -> list[bool]:
    return [maybe is None, maybe is not None, count is None, maybe == None, count != None]  # noqa: E711


@flow
def extremes(values: list[int], words: list[str]) -> list[str]:
    return [
        str(min(values)),
        str(max(values)),
        str(min(3, 1, 2)),
        str(max(2, 3.5)),
        min(words),
        max(words, key=len),
        min(words, key=lambda w: (len(w), w)),
        str(max([v for v in values if v > 100], default=-1)),
        str(sum(values)),
        str(sum(values, 10)),
        str(sum([len(w) for w in words])),
    ]


@flow
def any_and_all(values: list[int]) -> list[bool]:
    return [
        any(values),
        all(values),
        any(v > 2 for v in values),
        all(v > 0 for v in values),
        any([]),
        all([]),
        any(10 // v > 4 for v in values),
    ]


@flow
def stops_early(values: list[int]) -> bool:
    # The zero stands behind the first element that decides: it is never divided by.
    return any(10 // v == 5 for v in values)


CASES = [
    case(floor_and_remainder, {"a": 7, "b": 2}, result=[3, 1, 3, 1], name="pp"),
    case(floor_and_remainder, {"a": -7, "b": 2}, result=[-4, 1, -4, 1], name="np"),
    case(floor_and_remainder, {"a": 7, "b": -2}, result=[-4, -1, -4, -1], name="pn"),
    case(floor_and_remainder, {"a": -7, "b": -2}, result=[3, -1, 3, -1], name="nn"),
    case(floor_and_remainder, {"a": -6, "b": 3}, result=[-2, 0, -2, 0], name="exact"),
    case(float_floor_and_remainder, {"a": 7.5, "b": 2.0}, result=[3.0, 1.5], name="pp"),
    case(float_floor_and_remainder, {"a": -7.5, "b": 2.0}, result=[-4.0, 0.5], name="np"),
    case(float_floor_and_remainder, {"a": 7.5, "b": -2.0}, result=[-4.0, -0.5], name="pn"),
    case(true_division, {"a": 6, "b": 3}, result="2.0"),
    case(true_division, {"a": -1, "b": 3}, result="-0.3333333333333333", name="third"),
    case(true_division, {"a": 2**53, "b": 2}, result="4503599627370496.0", name="large"),
    case(powers, result="1024 -8 -4 0.5 0.25 1.4142135623730951 1"),
    case(power_is_right_associative, result=["512", "64", "-4", "12"]),
    # 7//2*3=9, 7%2+3=4, -7//2=-4, 7*2//3=4
    case(precedence, {"a": 7, "b": 2, "c": 3}, result=[13, 27, 2, 8, -5, 9, 4, -4, 4]),
    case(mixed, result="4.5 6.0 2.0 2 0.5 3.0"),
    case(repeat_and_join, {"word": "ab", "times": 2}, result=["abab", "---ab", "ab", "ab", "ab", "x", "y"]),
    case(repeat_and_join, {"word": "ab", "times": -1}, result=["", "---ab", "ab", "x", "y"], name="negative"),
    case(unary, {"n": -3, "x": 2.5}, result=[3.0, -3.0, -3.0, -2.5, 3.0, 2.5]),
    case(rounding, result=[0.0, 2.0, 2.0, 0.0, -2.0, 2.67, 1200.0, 1200.0, 1.2, 7.0]),
    case(rounding_gives_int, {"x": 2.46}, result="2 2.0 2.5"),
    case(math_functions, {"x": -3.5}, result=[-4.0, -3.0, -3.0, 3.5, 2.5]),
    case(nearly_equal, result=[False, True, True, True, False]),
    case(
        float_text,
        result=[
            "0.1",
            "100.0",
            "1e+16",
            "1e-05",
            "0.0001",
            "123456789.125",
            "0.3333333333333333",
            "1e+300",
            "1.152921504606847e+18",
        ],
    ),
    case(float_sum, result="0.30000000000000004 1.75 3.3000000000000003"),
    case(
        integer_bounds,
        {"n": 2**53},
        result=[9007199254740992, -9007199254740992, 9007199254740991, 3002399751580330, 2],
    ),
    case(inside_may_be_larger, {"n": 2**53}, result=2**53),
    case(durations, result=[1.5, 120.0, 1800.0, 86400.0, 61.0]),
    case(conversions, result="3 -3 7 1 3.0 2.5 False True False True None 121.0"),
    case(empty_constructors, result="[] False 2 1"),
    case(chained_comparison, {"low": 1, "x": 2, "high": 3}, result=[True, True, False, False, False, True]),
    case(
        chained_comparison, {"low": 2, "x": 2, "high": 2}, result=[False, True, False, True, True, False], name="equal"
    ),
    case(
        chained_with_calls,
        {"x": 5},
        result=True,
        calls=[call("value", n=1), call("value", n=5), call("value", n=10)],
        name="all",
    ),
    case(chained_with_calls, {"x": 0}, result=False, calls=[call("value", n=1), call("value", n=0)], name="stops"),
    case(compare_values, result=[True, True, True, True, True, False, True]),
    case(
        key_order_does_not_matter,
        {"a": {"x": 1, "y": 2}, "b": {"y": 2, "x": 1}},
        result=[True, False, False, True],
    ),
    case(text_order, {"a": "Zebra", "b": "apple"}, result=[True, True, False, False], name="case"),
    case(text_order, {"a": "a", "b": "aa"}, result=[True, True, False, False], name="prefix"),
    # By code point: U+FFFD is smaller than U+1F600, though not in UTF-16.
    case(text_order, {"a": "\ufffd", "b": "\U0001f600"}, result=[True, True, False, False], name="astral"),
    case(list_order, result=[True, True, True, True, True, True]),
    case(
        membership,
        {"word": "banana", "values": [1, 2], "table": {"a": 1}},
        result=[True, True, False, True, True, False, True, True, True, False],
    ),
    case(identity, {"maybe": None, "count": 0}, result=[True, False, False, True, True], name="null"),
    case(identity, {"maybe": "", "count": None}, result=[False, True, True, False, False], name="empty"),
    case(
        extremes,
        {"values": [3, -1, 2], "words": ["pear", "fig", "apple", "kiwi", "date"]},
        result=["-1", "3", "1", "3.5", "apple", "apple", "fig", "-1", "4", "14", "20"],
    ),
    case(any_and_all, {"values": [1, 2, 3]}, result=[True, True, True, True, False, True, True]),
    case(stops_early, {"values": [1, 2, 0]}, result=True),
    case(
        stops_early,
        {"values": [1, 0, 2]},
        error=("ZeroDivisionError", "integer division or modulo by zero"),
        name="reached",
    ),
]
