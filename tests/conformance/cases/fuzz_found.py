"""What random flows found engines to disagree about, each as small as it gets."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import TaskFailed, approval, emit, flow, parallel, race, sleep, task

TOO_LARGE = "the integer is larger than 2**53, the largest that JSON carries safely"


class Busy(Exception):
    pass


@task
def num(n: int) -> int:
    return n


@task
def word(text: str) -> str:
    return text


@task
def ratio(x: float) -> str:
    return f"{x:.1f}"


@task
def fail(message: str) -> int:
    raise Busy(message)


@flow
def chain_in_a_comprehension(words: list[str]) -> list[list[str]]:
    kept = [w for w in words if 0 < len(w) < 3]
    called = [word(w) for w in words if 0 < len(w) <= 1]
    late = [word(w) for w in words if 1 < len(w) < 5 if word(w) != "ccc"]
    return [kept, called, late, sorted(words, key=lambda w: 1 < len(w) < 3)]


@flow
def chain_that_stops_early(values: list[int]) -> bool:
    return any(0 < v < 10 // v < 5 for v in values)


@flow
def chain_with_a_call(n: int) -> list[bool]:
    seen = []
    while 0 <= n * n < num(20):
        seen.append(0 < n + 1 < num(3))
        n += 2
    return seen


@flow
def less_or_more(table: dict[str, int], values: list[int], known: bool) -> list[int]:
    found = (table or {"none": 0}).get("a", 7)
    return [found, (values if known else [3]).count(3), len({**(table or {"none": 0})}), (values or [5])[0]]


@flow
def race_over_a_comprehension(names: list[str]) -> str | None:
    return race(word(",".join([f"{k}{v}" for k, v in enumerate(names)])), sleep(60))


@flow
def race_that_never_runs() -> list[str]:
    found = [word("a")]
    for _ in range(0):
        race(word("b"), sleep(60))
    return found


@flow
def nothing_to_try(n: int) -> list[int]:
    seen: list[int] = []
    try:
        pass
    finally:
        a, b = num(n), num(n + 1)
        seen.append(a + b)
    return seen


@flow
def nothing_left_to_do_finally(n: int) -> int:
    found = 0
    try:
        found = num(n)
    finally:
        _unread = n + 1
    return found


@flow
def nothing_to_try_but_return(n: int) -> int:
    try:
        pass
    finally:
        num(n)
        return n + 1


@flow
def return_out_of_a_loop(words: list[str]) -> list[str]:
    seen: list[str] = []
    try:
        for w in words:
            try:
                if w == "stop":
                    return [*seen, word(w)]
                seen.append(word(w))
            finally:
                seen.append("inner")
    finally:
        seen.append(word("outer"))
        word(",".join(seen))
    return seen


@flow
def return_out_of_two_loops(rows: list[list[int]]) -> int:
    total = 0
    try:
        for row in rows:
            for n in row:
                total += num(n)
                if total > 5:
                    return total
            for _ in range(2):
                if total == 3:
                    return -total
    finally:
        num(total * 100)
    return total


@flow
def break_inside_of_finally(values: list[int]) -> list[int]:
    seen: list[int] = []
    for v in values:
        try:
            for w in range(3):
                if w == v:
                    break
                if v > 5:
                    return [*seen]
                seen.append(num(w))
        finally:
            if v == 2:
                break
            seen.append(100)
    return seen


@flow
def try_in_a_handler(n: int) -> int:
    try:
        fail("a")
    except Exception as error:
        found = f"{error}"
        try:
            n = num(n) // n
        except ZeroDivisionError:
            n = 3
        except KeyError:
            return 4
        else:
            n = len(found) + 5
    return n


@flow
def handlers_that_do_nothing(values: list[int]) -> int:
    total = 0
    for v in values:
        try:
            total += 10 // num(v)
        except ZeroDivisionError:
            pass
    try:
        num(10 // total)
    except Exception:
        pass
    else:
        if total > 5:
            total = 5
    return total


@flow
def large_floats(x: float) -> list[str]:
    return [ratio(x), ratio(x * 3.0), ratio(-x)]


@flow
def given_numbers(numbers: list[int]) -> int:
    return len(numbers)


@flow
def too_large_for_a_flow(x: float, side_by_side: bool) -> int:
    if side_by_side:
        a, b = parallel(given_numbers([int(x)]), num(1))
        return a + b
    return given_numbers([1, int(x)])


@flow
def too_large_for_the_outside(n: int, how: str) -> str:
    try:
        if how == "event":
            emit("large", {"n": [n * n]})
        elif how == "approval":
            approval("Large?", show=n * n)
        else:
            emit("small", n)
    except TaskFailed as error:
        return f"{error}"
    return how


@flow
def looked_for_in_views(table: dict[str, int]) -> list[bool]:
    return ["a" in table.keys(), 2 in table.values(), word("b") not in table.keys()]  # noqa: SIM118


@flow
def test_of_signs_alone(n: int) -> int:
    if [] == []:
        n += num(1)
    return n


@flow
def large_float_of_either_kind(x: float) -> tuple[int, int | float]:
    return (1, x)


@flow
def try_that_leaves_by_its_else(pairs: list[list[str]]) -> str:
    first, _ = pairs[0]
    try:
        pass
    except Exception:
        pass
    else:
        return "else"
    return first


@flow
def key_like_the_end_of_a_template(table: dict[str, int], n: int) -> dict[str, int]:
    table["{% $a %}"] += n
    return table


CASES = [
    case(
        key_like_the_end_of_a_template,
        {"table": {"{% $a %}": 1, "b": 2}, "n": 3},
        result={"{% $a %}": 4, "b": 2},
    ),
    case(key_like_the_end_of_a_template, {"table": {}, "n": 3}, name="missing", error=("KeyError", "'{% $a %}'")),
    case(
        chain_in_a_comprehension,
        {"words": ["a", "", "bb", "ccc", "d"]},
        result=[["a", "bb", "d"], ["a", "d"], ["bb"], ["a", "", "ccc", "d", "bb"]],
        calls=[call("word", text=t) for t in ("a", "d", "bb", "bb", "ccc")],
        concurrent=True,
    ),
    case(chain_that_stops_early, {"values": [0, -1, 4, 3, 0]}, result=False, name="none"),
    case(chain_that_stops_early, {"values": [0, 1, 2, 3]}, result=False, name="ends"),
    case(
        chain_with_a_call,
        {"n": 0},
        result=[True, False, False],
        calls=[call("num", n=n) for n in (20, 3, 20, 3, 20, 3, 20)],
    ),
    case(less_or_more, {"table": {}, "values": [], "known": True}, result=[7, 0, 1, 5], name="less"),
    case(less_or_more, {"table": {"a": 1, "b": 2}, "values": [4], "known": False}, result=[1, 1, 2, 4], name="more"),
    case(race_over_a_comprehension, {"names": ["x", "y"]}, result="0x,1y", calls=[call("word", text="0x,1y")]),
    case(race_that_never_runs, result=["a"], calls=[call("word", text="a")]),
    case(nothing_to_try, {"n": 2}, result=[5], calls=[call("num", n=2), call("num", n=3)]),
    case(nothing_left_to_do_finally, {"n": 3}, result=3, calls=[call("num", n=3)]),
    case(nothing_to_try_but_return, {"n": 2}, result=3, calls=[call("num", n=2)]),
    case(
        return_out_of_a_loop,
        {"words": ["a", "stop", "b"]},
        result=["a", "inner", "stop"],
        calls=[call("word", text=t) for t in ("a", "stop", "outer", "a,inner,inner,outer")],
        name="returns",
    ),
    case(
        return_out_of_a_loop,
        {"words": ["a"]},
        result=["a", "inner", "outer"],
        calls=[call("word", text=t) for t in ("a", "outer", "a,inner,outer")],
        name="ends",
    ),
    case(
        return_out_of_two_loops,
        {"rows": [[1], [2, 3, 4], [5]]},
        result=6,
        calls=[call("num", n=n) for n in (1, 2, 3, 600)],
        name="inner",
    ),
    case(
        return_out_of_two_loops,
        {"rows": [[1, 2], [7]]},
        result=-3,
        calls=[call("num", n=n) for n in (1, 2, 300)],
        name="second",
    ),
    case(return_out_of_two_loops, {"rows": [[1], []]}, result=1, name="ends"),
    case(break_inside_of_finally, {"values": [1, 0, 2, 3]}, result=[0, 100, 100, 0, 1], name="breaks"),
    case(break_inside_of_finally, {"values": [1, 6, 3]}, result=[0, 100], name="returns"),
    case(try_in_a_handler, {"n": 0}, result=3, name="handled"),
    case(try_in_a_handler, {"n": 2}, result=6, name="else"),
    case(handlers_that_do_nothing, {"values": [0, 2, 0]}, result=5, name="handled"),
    case(handlers_that_do_nothing, {"values": [0]}, result=0, name="nothing"),
    case(
        large_floats,
        {"x": 1e16},
        result=["10000000000000000.0", "30000000000000000.0", "-10000000000000000.0"],
    ),
    case(
        too_large_for_a_flow,
        {"x": 1e300, "side_by_side": False},
        error=("TaskFailed", f"given_numbers: argument numbers: [1]: {TOO_LARGE}"),
        name="alone",
    ),
    case(
        too_large_for_a_flow,
        {"x": 1e300, "side_by_side": True},
        error=("TaskFailed", f"given_numbers: argument numbers: [0]: {TOO_LARGE}"),
        name="side-by-side",
    ),
    case(
        too_large_for_the_outside,
        {"n": 2**53, "how": "event"},
        result=f"the payload of an event: n[0]: {TOO_LARGE}",
        name="event",
    ),
    case(
        too_large_for_the_outside,
        {"n": 2**53, "how": "approval"},
        result=f"what an approval shows: {TOO_LARGE}",
        approvals=[True],
        name="approval",
    ),
    case(too_large_for_the_outside, {"n": 2**53, "how": "not"}, result="not", emitted=[("small", 2**53)], name="not"),
    case(looked_for_in_views, {"table": {"a": 1, "b": 3}}, result=[True, False, False]),
    case(test_of_signs_alone, {"n": 1}, result=2),
    case(large_float_of_either_kind, {"x": 1e16}, result=[1, 1e16]),
    case(try_that_leaves_by_its_else, {"pairs": [["a", "b"]]}, result="else"),
]
