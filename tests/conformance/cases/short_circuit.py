"""and, or, not and conditional expressions with values and with calls: what is evaluated, in which order."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


@task
def yes(name: str) -> bool:
    return True


@task
def no(name: str) -> bool:
    return False


@task
def give(value: str) -> str:
    return value


@task
def maybe(value: int) -> int | None:
    return value if value > 0 else None


@task
def three(a: str, b: str, c: str) -> str:
    return a + b + c


@task
def fail() -> str:
    raise RuntimeError("called")


@flow
def values_of_and_or(word: str, other: str, count: int, items: list[int]) -> list[str]:
    return [
        word or other,
        word and other,
        word or other or "default",
        str(count or 7),
        str(count and 7),
        word and str(len(items)) or "none",
        str(len(items or [1, 2])),
    ]


@flow
def default_for_none(name: str | None, count: int | None) -> list[str]:
    shown = name or "anonymous"
    number = count if count is not None else -1
    return [shown, str(number), str(name and name.upper())]


@flow
def not_is_boolean(word: str, count: int) -> list[bool]:
    return [not word, not count, not (word and count), not word or not count, not not word]


@flow
def or_stops() -> bool:
    return no("a") or yes("b") or yes("c")


@flow
def and_stops() -> bool:
    return yes("a") and no("b") and yes("c")


@flow
def mixed_logic() -> bool:
    return (no("a") and yes("b")) or (yes("c") and not no("d"))


@flow
def pure_decides_first(flag: bool) -> str:
    if flag or yes("asked"):
        return "in"
    return "out"


@flow
def call_decides_pure_after(values: list[int]) -> bool:
    # values[0] is looked at only where the call says yes.
    return no("guard") and values[0] > 1


@flow
def or_with_values() -> str:
    return give("") or give("second") or give("third")


@flow
def and_with_values() -> str:
    return give("first") and give("") and give("third")


@flow
def or_with_none() -> int:
    return maybe(-1) or maybe(0) or 42


@flow
def or_before_raise(flag: bool) -> str:
    return (flag and "quick") or fail()


@flow
def logic_in_arguments(flag: bool) -> str:
    return give((flag and give("inner")) or "plain")


@flow
def conditional_with_calls(flag: bool) -> str:
    return give("yes") if flag and yes("check") else give("no")


@flow
def condition_is_a_call() -> str:
    return "a" if no("1") else "b" if yes("2") else fail()


@flow
def arguments_left_to_right() -> str:
    return three(give("a"), give("b"), give("c"))


@flow
def keywords_in_written_order() -> str:
    return three(c=give("c"), a=give("a"), b=give("b"))


@flow
def variable_read_before_call(start: str) -> str:
    # Python reads `word` before the call in the right operand runs.
    word = start
    word = word + give("x") + word
    return word


@flow
def list_then_call() -> list[str]:
    return [give("1"), "2" + give("3"), give("4") + "5"]


@flow
def comparison_order() -> bool:
    return give("b") > give("a")


@flow
def subscripts_in_order(table: dict[str, dict[str, str]]) -> str:
    return table[give("outer")][give("inner")]


@flow
def error_stops_the_rest() -> str:
    return three(give("a"), fail(), give("c"))


@flow
def while_with_or(limit: int) -> list[int]:
    seen = []
    n = 0
    while n < limit or no(f"round {n}"):
        seen.append(n)
        n += 1
    return seen


@flow
def any_over_list_of_calls(names: list[str]) -> bool:
    # A list comprehension calls for every name, whatever the first answers.
    return any([yes(name) for name in names])


@flow
def chained_guard(value: int | None) -> str:
    if value is not None and value > 3 and yes("large"):
        return "large"
    if value is None or value < 0:
        return "none or negative"
    return "small"


@flow
def nested_conditionals(a: bool, b: bool) -> str:
    return (give("1") if b else give("2")) if a else (give("3") if b else "4")


@flow
def call_result_in_condition_of_value(flag: bool) -> str:
    word = give("x") if not flag else "y"
    word += give("z") if word == "x" else "-"
    return word


@flow
def unused_results() -> None:
    give("a")
    yes("b") and no("c")
    no("d") and fail()
    give("e") if no("f") else give("g")


CASES = [
    case(
        values_of_and_or,
        {"word": "", "other": "b", "count": 0, "items": []},
        result=["b", "", "b", "7", "0", "none", "2"],
        name="falsy",
    ),
    case(
        values_of_and_or,
        {"word": "a", "other": "", "count": 3, "items": [5]},
        result=["a", "", "a", "3", "7", "1", "1"],
        name="truthy",
    ),
    case(default_for_none, {"name": None, "count": None}, result=["anonymous", "-1", "None"], name="null"),
    case(default_for_none, {"name": "", "count": 0}, result=["anonymous", "0", ""], name="falsy"),
    case(default_for_none, {"name": "ann", "count": 2}, result=["ann", "2", "ANN"], name="truthy"),
    case(not_is_boolean, {"word": "a", "count": 0}, result=[False, True, True, True, True]),
    case(or_stops, result=True, calls=[call("no", name="a"), call("yes", name="b")]),
    case(and_stops, result=False, calls=[call("yes", name="a"), call("no", name="b")]),
    case(mixed_logic, result=True, calls=[call("no", name="a"), call("yes", name="c"), call("no", name="d")]),
    case(pure_decides_first, {"flag": True}, result="in", calls=[], name="pure"),
    case(pure_decides_first, {"flag": False}, result="in", calls=[call("yes", name="asked")], name="call"),
    case(call_decides_pure_after, {"values": []}, result=False, calls=[call("no", name="guard")]),
    case(or_with_values, result="second", calls=[call("give", value=""), call("give", value="second")]),
    case(and_with_values, result="", calls=[call("give", value="first"), call("give", value="")]),
    case(or_with_none, result=42, calls=[call("maybe", value=-1), call("maybe", value=0)]),
    case(or_before_raise, {"flag": True}, result="quick", calls=[], name="quick"),
    case(or_before_raise, {"flag": False}, error=("RuntimeError", "called"), calls=[call("fail")], name="raises"),
    case(
        logic_in_arguments,
        {"flag": True},
        result="inner",
        calls=[call("give", value="inner"), call("give", value="inner")],
        name="true",
    ),
    case(logic_in_arguments, {"flag": False}, result="plain", calls=[call("give", value="plain")], name="false"),
    case(
        conditional_with_calls,
        {"flag": True},
        result="yes",
        calls=[call("yes", name="check"), call("give", value="yes")],
        name="true",
    ),
    case(conditional_with_calls, {"flag": False}, result="no", calls=[call("give", value="no")], name="false"),
    case(condition_is_a_call, result="b", calls=[call("no", name="1"), call("yes", name="2")]),
    case(
        arguments_left_to_right,
        result="abc",
        calls=[*(call("give", value=v) for v in "abc"), call("three", a="a", b="b", c="c")],
    ),
    case(
        keywords_in_written_order,
        result="abc",
        calls=[*(call("give", value=v) for v in "cab"), call("three", a="a", b="b", c="c")],
    ),
    case(variable_read_before_call, {"start": "-"}, result="-x-", calls=[call("give", value="x")]),
    case(list_then_call, result=["1", "23", "45"], calls=[call("give", value=v) for v in "134"]),
    case(comparison_order, result=True, calls=[call("give", value="b"), call("give", value="a")]),
    case(
        subscripts_in_order,
        {"table": {"outer": {"inner": "found"}}},
        result="found",
        calls=[call("give", value="outer"), call("give", value="inner")],
    ),
    case(
        subscripts_in_order,
        {"table": {}},
        error=("KeyError", "'outer'"),
        calls=[call("give", value="outer")],
        name="missing",
    ),
    case(error_stops_the_rest, error=("RuntimeError", "called"), calls=[call("give", value="a"), call("fail")]),
    case(while_with_or, {"limit": 2}, result=[0, 1], calls=[call("no", name="round 2")]),
    case(
        any_over_list_of_calls,
        {"names": ["a", "b", "c"]},
        result=True,
        calls=[call("yes", name=n) for n in "abc"],
        concurrent=True,
    ),
    case(chained_guard, {"value": None}, result="none or negative", calls=[], name="none"),
    case(chained_guard, {"value": 2}, result="small", calls=[], name="small"),
    case(chained_guard, {"value": 5}, result="large", calls=[call("yes", name="large")], name="large"),
    case(nested_conditionals, {"a": True, "b": False}, result="2", calls=[call("give", value="2")], name="tf"),
    case(nested_conditionals, {"a": False, "b": False}, result="4", calls=[], name="ff"),
    case(
        call_result_in_condition_of_value,
        {"flag": False},
        result="xz",
        calls=[call("give", value="x"), call("give", value="z")],
        name="calls",
    ),
    case(call_result_in_condition_of_value, {"flag": True}, result="y-", calls=[], name="none"),
    case(
        unused_results,
        result=None,
        calls=[
            call("give", value="a"),
            call("yes", name="b"),
            call("no", name="c"),
            call("no", name="d"),
            call("no", name="f"),
            call("give", value="g"),
        ],
    ),
]
