"""Small programs in which Python's order and scope are easily got wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skyloom.conformance.case import call, case
from skyloom.flows import flow, parallel, race, task, wait_for
from skyloom.flows.testing import Arrival


class Stop(Exception):
    pass


@dataclass
class Node:
    name: str
    next: str | None = None
    weights: list[float] = field(default_factory=list)


@task
def num(n: int) -> int:
    return n


@task
def word(text: str) -> str:
    return text


@task
def items(count: int) -> list[int]:
    return list(range(count))


@task
def node(name: str) -> Node | None:
    following = {"a": "b", "b": "c", "c": None}
    return Node(name, following[name]) if name in following else None


@task
def fail(message: str) -> int:
    raise Stop(message)


@flow
def guarded(n: int) -> int:
    if n < 0:
        raise Stop(f"negative {n}")
    return num(n) * 2


# --- order ----------------------------------------------------------------------------------------------------------


@flow
def old_value_on_the_left() -> list[int]:
    a = 1
    a = a * 10 + num(2) + a
    b = [a, num(3), a + 1]
    a += num(a) - a
    return [a, *b]


@flow
def append_to_missing_row() -> list[list[int]]:
    rows = [[1]]
    try:
        rows[5].append(num(9))
    except IndexError:
        rows[0].append(num(8))
    return rows


@flow
def assign_to_missing_index() -> list[int]:
    values = [1]
    try:
        values[9] = num(9)
    except IndexError:
        values.append(num(8))
    return values


@flow
def augment_missing_key() -> dict[str, int]:
    table = {"a": 1}
    try:
        table[word("b")] += num(9)
    except KeyError:
        table[word("a")] += num(8)
    return table


@flow
def row_before_value() -> list[list[int]]:
    rows: list[list[int]] = [[], []]
    rows[num(1)].append(num(5))
    rows[num(0)].extend(items(2))
    return rows


@flow
def keys_before_values() -> dict[str, int]:
    return {word("a"): num(1), word("b"): num(2)}


@flow
def bounds_of_a_slice() -> list[int]:
    return items(6)[num(1) : num(5) : num(2)]


@flow
def operators_on_results() -> list[Any]:
    return [
        -num(1),
        not num(0),
        items(3)[-1],
        items(4)[1:],
        num(1) in items(2),
        word("x").upper(),
        [*items(2), *items(1)],
    ]


@flow
def calls_in_formats(n: int) -> str:
    return f"[{word('ab'):>5}] {num(n):,} {num(n) / 8:.2f} {', '.join(str(i) for i in items(3))}"


@flow
def items_swapped_with_calls() -> list[int]:
    values = [1, 2]
    values[0], values[1] = num(values[1]), num(values[0])
    return values


@flow
def second_argument_raises_first() -> str:
    seen = ""
    try:
        seen = word("a")
        seen += word("b") + str(10 // num(0))
    except ZeroDivisionError:
        seen += "!"
    return seen


# --- scope and types ------------------------------------------------------------------------------------------------


@flow
def loop_target_is_a_parameter(n: int) -> list[int]:
    seen = [n]
    for n in range(2):
        seen.append(n)
    seen.append(n)
    return seen


@flow
def names_inside_comprehensions(x: int) -> list[Any]:
    outer = [x + y for x in [10, 20] for y in [x, 1]]
    keyed = sorted([3, -5, 4], key=lambda v: abs(v - x))
    mapped = [num(x) for x in [7, 8]]
    return [outer, keyed, mapped, x]


@flow
def unpacked_displays() -> list[Any]:
    sums = [x + y for x, y in [(1, 2), (3, 4)]]
    named = {name: value for name, value in (("a", 1), ("b", 2))}
    mapped = [num(a) + b for a, b in [(1, 10), (2, 20)]]
    for name, value in [("c", 3), ("d", 4)]:
        named[name] = value
    return [sums, named, mapped]


@flow
def type_changes_in_a_loop(values: list[int]) -> str:
    current: int | str | None = None
    for value in values:
        if current is None:
            current = value
        else:
            current = f"{current},{value}"
    return f"<{current}>"


@flow
def largest_by_hand(values: list[int]) -> int | None:
    best: int | None = None
    for value in values:
        if best is None or value > best:
            best = value
    return best


@flow
def follow_the_chain(start: str) -> list[str]:
    seen: list[str] = []
    current = node(start)
    while current is not None:
        seen.append(current.name)
        if current.next is None:
            break
        current = node(current.next)
    return seen


@flow
def skip_missing(keys: list[str], table: dict[str, int]) -> int:
    total = 0
    for key in keys:
        found = table.get(key)
        if found is None:
            continue
        total += found
    return total


@flow
def key_of_the_largest(table: dict[str, int]) -> list[str]:
    return [
        max(table, key=lambda k: table[k]),
        max(table.items(), key=lambda item: item[1])[0],
        min(table.items(), key=lambda item: (item[1], item[0]))[0],
    ]


@flow
def booleans_count(values: list[int]) -> list[int]:
    return [sum(v > 2 for v in values), sum([v > 2 for v in values]) + True, [1, 0, 1].count(True), True * 3]


@flow
def large_inside(n: int) -> list[str]:
    return [str(n * n + 1), str(n * n // 7), str((n * n + 1) % 1000), str(1e308 * 10 > 1), str(-(n**2))]


@flow
def weights(names: list[str]) -> list[Node]:
    nodes = []
    for name in names:
        new = Node(name)
        new.weights.append(len(name) / 2)
        new.weights += [1.0, 0.5]
        nodes.append(new)
    return nodes


# --- generators over calls ------------------------------------------------------------------------------------------


@flow
def generators_of_calls(values: list[int]) -> list[Any]:
    return [
        sum(num(v) for v in values),
        max((num(v) for v in values), default=-1),
        sorted(num(-v) for v in values),
        ",".join(word(str(v)) for v in values),
        list(num(v) for v in values if v > 1),
        dict((str(v), num(v)) for v in values),
    ]


@flow
def two_maps_zipped(values: list[int]) -> list[str]:
    return [f"{a}{b}" for a, b in zip([num(v) for v in values], [word(str(v)) for v in values])]


@flow
def map_over_two_lists(names: list[str], counts: list[int]) -> list[str]:
    return [word(name * count) for name in names for count in counts]


@flow
def filtered_by_results(values: list[int]) -> list[int]:
    found = [num(v) for v in values]
    return [v for v, n in zip(values, found) if n > 1]


@flow
def waits_for_each(keys: list[str]) -> list[int]:
    return [wait_for("each-done", int, key=key) for key in keys]


# --- control --------------------------------------------------------------------------------------------------------


@flow
def deep_exits(values: list[int]) -> list[str]:
    seen: list[str] = []
    index = 0
    while True:
        try:
            if index >= len(values):
                return [*seen, "end"]
            value = values[index]
            for i in range(value):
                try:
                    if i == 2:
                        break
                    if i == 1 and value == 5:
                        raise Stop(f"at {index}")
                    seen.append(f"{index}.{i}")
                finally:
                    seen.append("f")
            if value == 0:
                continue
            seen.append("after")
        except Stop as error:
            seen.append(f"{error}")
            break
        finally:
            index += 1
    seen.append("broken")
    return seen


@flow
def last_error_kept(count: int) -> str:
    last = "none"
    for i in range(count):
        try:
            guarded(-i)
        except Stop as error:
            last = str(error)
    return last


@flow
def handlers_of_a_race() -> str:
    try:
        return str(race(guarded(-1), num(2)) if num(1) > 5 else race(fail("quick"), wait_for("race-never", int)))
    except Stop as error:
        return f"{error}"


@flow
def errors_in_parallel_flows() -> list[int]:
    try:
        a, b = parallel(guarded(1), guarded(-2))
        return [a, b]
    except Stop as error:
        return [len(str(error))]


@flow
def finally_sees_the_last_value() -> list[int]:
    log: list[int] = []
    n = 0
    try:
        for n in range(1, 5):
            log.append(num(n))
            if n == 2:
                fail("two")
    except Stop:
        log.append(-n)
    finally:
        log.append(n * 100)
    return log


@flow
def returns_before_finally_changes() -> list[int]:
    values = [1]
    try:
        return [*values, len(values)]
    finally:
        values.append(num(2))


CASES = [
    case(old_value_on_the_left, result=[13, 13, 3, 14], calls=[call("num", n=n) for n in (2, 3, 13)]),
    case(append_to_missing_row, result=[[1, 8]], calls=[call("num", n=8)]),
    case(assign_to_missing_index, result=[1, 8], calls=[call("num", n=9), call("num", n=8)]),
    case(
        augment_missing_key,
        result={"a": 9},
        calls=[call("word", text="b"), call("word", text="a"), call("num", n=8)],
    ),
    case(
        row_before_value,
        result=[[0, 1], [5]],
        calls=[call("num", n=1), call("num", n=5), call("num", n=0), call("items", count=2)],
    ),
    case(
        keys_before_values,
        result={"a": 1, "b": 2},
        calls=[call("word", text="a"), call("num", n=1), call("word", text="b"), call("num", n=2)],
    ),
    case(
        bounds_of_a_slice,
        result=[1, 3],
        calls=[call("items", count=6), call("num", n=1), call("num", n=5), call("num", n=2)],
    ),
    case(operators_on_results, result=[-1, True, 2, [1, 2, 3], True, "X", [0, 1, 0]]),
    case(calls_in_formats, {"n": 1234}, result="[   ab] 1,234 154.25 0, 1, 2"),
    case(items_swapped_with_calls, result=[2, 1], calls=[call("num", n=2), call("num", n=1)]),
    case(
        second_argument_raises_first,
        result="a!",
        calls=[call("word", text="a"), call("word", text="b"), call("num", n=0)],
    ),
    case(loop_target_is_a_parameter, {"n": 9}, result=[9, 0, 1, 1]),
    case(names_inside_comprehensions, {"x": 4}, result=[[20, 11, 40, 21], [4, 3, -5], [7, 8], 4]),
    case(unpacked_displays, result=[[3, 7], {"a": 1, "b": 2, "c": 3, "d": 4}, [11, 22]]),
    case(type_changes_in_a_loop, {"values": [1, 2, 3]}, result="<1,2,3>"),
    case(type_changes_in_a_loop, {"values": []}, result="<None>", name="empty"),
    case(largest_by_hand, {"values": [-3, -1, -2]}, result=-1),
    case(largest_by_hand, {"values": []}, result=None, name="empty"),
    case(follow_the_chain, {"start": "a"}, result=["a", "b", "c"], calls=[call("node", name=n) for n in "abc"]),
    case(follow_the_chain, {"start": "z"}, result=[], name="missing"),
    case(skip_missing, {"keys": ["a", "x", "b"], "table": {"a": 1, "b": 0}}, result=1),
    case(key_of_the_largest, {"table": {"a": 1, "b": 3, "c": 1}}, result=["b", "b", "a"]),
    case(booleans_count, {"values": [1, 3, 5]}, result=[2, 3, 2, 3]),
    case(
        large_inside,
        {"n": 2**53},
        result=[
            "81129638414606681695789005144065",
            "11589948344943811670827000734866",
            "65",
            "True",
            "-81129638414606681695789005144064",
        ],
    ),
    case(
        weights,
        {"names": ["abc", ""]},
        result=[
            {"name": "abc", "next": None, "weights": [1.5, 1.0, 0.5]},
            {"name": "", "next": None, "weights": [0.0, 1.0, 0.5]},
        ],
    ),
    case(
        generators_of_calls,
        {"values": [1, 2]},
        result=[3, 2, [-2, -1], "1,2", [2], {"1": 1, "2": 2}],
    ),
    case(generators_of_calls, {"values": []}, result=[0, -1, [], "", [], {}], name="empty"),
    case(two_maps_zipped, {"values": [1, 2]}, result=["11", "22"]),
    case(map_over_two_lists, {"names": ["a", "b"], "counts": [1, 2]}, result=["a", "aa", "b", "bb"]),
    case(
        filtered_by_results,
        {"values": [1, 2, 3]},
        result=[2, 3],
        calls=[call("num", n=n) for n in (1, 2, 3)],
        concurrent=True,
    ),
    case(
        waits_for_each,
        {"keys": ["x", "y"]},
        result=[1, 2],
        events={"each-done": [Arrival(payload=2, key="y", after=0.02), Arrival(payload=1, key="x", after=0.1)]},
    ),
    case(
        deep_exits,
        {"values": [1, 0, 3]},
        result=["0.0", "f", "after", "2.0", "f", "2.1", "f", "f", "after", "end"],
        name="end",
    ),
    case(
        deep_exits,
        {"values": [1, 5, 3]},
        result=["0.0", "f", "after", "1.0", "f", "f", "at 1", "broken"],
        name="broken",
    ),
    case(last_error_kept, {"count": 4}, result="negative -3"),
    case(last_error_kept, {"count": 1}, result="none", name="none"),
    case(handlers_of_a_race, result="quick", events={"race-never": [Arrival(after=None)]}),
    case(errors_in_parallel_flows, result=[11]),
    case(finally_sees_the_last_value, result=[1, 2, -2, 200]),
    case(returns_before_finally_changes, result=[1, 1], calls=[call("num", n=2)]),
]
