"""if / elif / else, conditional expressions, and what counts as true."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


class Note(BaseModel):
    text: str = ""


@task
def mark(name: str) -> str:
    return f"<{name}>"


@task
def is_even(value: int) -> bool:
    return value % 2 == 0


@task
def find(key: str) -> str | None:
    return {"a": "alpha", "e": ""}.get(key)


@flow
def grade(points: int) -> str:
    if points >= 90:
        return "A"
    elif points >= 75:
        return "B"
    elif points >= 50:
        return "C"
    else:
        return "F"


@flow
def early_return(points: int) -> str:
    if points < 0:
        return mark("negative")
    if points == 0:
        return mark("zero")
    label = mark("positive")
    if points > 100:
        label += mark("large")
    return label


@flow
def condition_with_call(value: int) -> str:
    if is_even(value):
        return "even"
    elif is_even(value + 1) and value > 10:
        return "large odd"
    return "odd"


@flow
def elif_not_evaluated(value: int) -> str:
    if value == 1:
        result = mark("one")
    elif is_even(value):
        result = mark("even")
    elif is_even(value - 1) or is_even(value + 2):
        result = mark("odd")
    else:
        result = mark("never")
    return result


@flow
def truth_of_values(
    word: str, items: list[int], table: dict[str, int], count: int, ratio: float, maybe: str | None
) -> list[bool]:
    found = []
    if word:
        found.append(True)
    else:
        found.append(False)
    found.append(True if items else False)
    found.append(bool(table))
    found.append(not count)
    found.append(not not ratio)
    if not maybe:
        found.append(True)
    else:
        found.append(False)
    return found


@flow
def model_is_true() -> str:
    note = Note()
    return "true" if note else "false"


@flow
def truth_of_result(key: str) -> str:
    found = find(key)
    if found is None:
        return "none"
    if found:
        return found
    return "empty"


@flow
def conditional_values(score: int) -> str:
    return "high" if score > 10 else "middle" if score > 5 else "low"


@flow
def call_on_one_side(score: int) -> str:
    return mark("high") if score > 10 else "low"


@flow
def calls_on_both_sides(score: int) -> str:
    return (mark("a") if score > 10 else mark("b")) + (mark("c") if is_even(score) else "d")


@flow
def call_in_the_test_only(score: int) -> list[str]:
    return ["even" if is_even(score) else "odd", "end"]


@flow
def conditional_as_argument(urgent: bool) -> str:
    return mark(mark("urgent") if urgent else "calm")


@flow
def nested_ifs(a: int, b: int) -> str:
    if a > 0:
        if b > 0:
            where = "++"
        else:
            where = "+-"
            if b == 0:
                where = "+0"
    else:
        where = "-"
    return where


@flow
def literal_branches(kind: Literal["add", "remove", "keep"]) -> int:
    if kind == "add":
        return 1
    if kind == "remove":
        return -1
    return 0


@flow
def assigned_in_both(flag: bool) -> str | int:
    value: str | int
    if flag:
        value = "text"
    else:
        value = 3
    return value


@flow
def pass_does_nothing(flag: bool) -> str:
    """A docstring stands for nothing."""
    if flag:
        pass
    else:
        return "no"
    ...
    return "yes"


@flow
def no_result(flag: bool) -> str | None:
    if flag:
        return "something"
    return None


@flow
def falls_off_the_end(name: str) -> None:
    mark(name)


@flow
def bare_return(name: str) -> None:
    if name == "stop":
        return
    mark(name)


CASES = [
    case(grade, {"points": 90}, result="A", name="a"),
    case(grade, {"points": 89}, result="B", name="b"),
    case(grade, {"points": 50}, result="C", name="c"),
    case(grade, {"points": -1}, result="F", name="f"),
    case(early_return, {"points": -5}, result="<negative>", calls=[call("mark", name="negative")], name="negative"),
    case(early_return, {"points": 0}, result="<zero>", calls=[call("mark", name="zero")], name="zero"),
    case(
        early_return,
        {"points": 101},
        result="<positive><large>",
        calls=[call("mark", name="positive"), call("mark", name="large")],
        name="large",
    ),
    case(condition_with_call, {"value": 4}, result="even", calls=[call("is_even", value=4)], name="even"),
    case(
        condition_with_call,
        {"value": 11},
        result="large odd",
        calls=[call("is_even", value=11), call("is_even", value=12)],
        name="large",
    ),
    case(
        condition_with_call,
        {"value": 3},
        result="odd",
        calls=[call("is_even", value=3), call("is_even", value=4)],
        name="odd",
    ),
    case(elif_not_evaluated, {"value": 1}, result="<one>", calls=[call("mark", name="one")], name="one"),
    case(
        elif_not_evaluated,
        {"value": 3},
        result="<odd>",
        calls=[call("is_even", value=3), call("is_even", value=2), call("mark", name="odd")],
        name="odd",
    ),
    case(
        truth_of_values,
        {"word": "", "items": [], "table": {}, "count": 0, "ratio": 0.0, "maybe": None},
        result=[False, False, False, True, False, True],
        name="empty",
    ),
    case(
        truth_of_values,
        {"word": "0", "items": [0], "table": {"": 0}, "count": -1, "ratio": 0.5, "maybe": " "},
        result=[True, True, True, False, True, False],
        name="filled",
    ),
    case(
        truth_of_values,
        {"word": " ", "items": [], "table": {}, "count": 0, "ratio": -0.0, "maybe": ""},
        result=[True, False, False, True, False, True],
        name="edges",
    ),
    case(model_is_true, result="true"),
    case(truth_of_result, {"key": "a"}, result="alpha", name="text"),
    case(truth_of_result, {"key": "e"}, result="empty", name="empty"),
    case(truth_of_result, {"key": "x"}, result="none", name="none"),
    case(conditional_values, {"score": 11}, result="high", name="high"),
    case(conditional_values, {"score": 6}, result="middle", name="middle"),
    case(conditional_values, {"score": 5}, result="low", name="low"),
    case(call_on_one_side, {"score": 11}, result="<high>", calls=[call("mark", name="high")], name="called"),
    case(call_on_one_side, {"score": 10}, result="low", calls=[], name="not-called"),
    case(
        calls_on_both_sides,
        {"score": 12},
        result="<a><c>",
        calls=[call("mark", name="a"), call("is_even", value=12), call("mark", name="c")],
        name="ac",
    ),
    case(
        calls_on_both_sides,
        {"score": 3},
        result="<b>d",
        calls=[call("mark", name="b"), call("is_even", value=3)],
        name="bd",
    ),
    case(call_in_the_test_only, {"score": 3}, result=["odd", "end"], calls=[call("is_even", value=3)]),
    case(
        conditional_as_argument,
        {"urgent": True},
        result="<<urgent>>",
        calls=[call("mark", name="urgent"), call("mark", name="<urgent>")],
    ),
    case(conditional_as_argument, {"urgent": False}, result="<calm>", calls=[call("mark", name="calm")], name="calm"),
    case(nested_ifs, {"a": 1, "b": 0}, result="+0", name="zero"),
    case(nested_ifs, {"a": 1, "b": -1}, result="+-", name="minus"),
    case(nested_ifs, {"a": 0, "b": 7}, result="-", name="outer"),
    case(literal_branches, {"kind": "remove"}, result=-1, name="remove"),
    case(literal_branches, {"kind": "keep"}, result=0, name="keep"),
    case(assigned_in_both, {"flag": True}, result="text", name="text"),
    case(assigned_in_both, {"flag": False}, result=3, name="number"),
    case(pass_does_nothing, {"flag": True}, result="yes", name="yes"),
    case(pass_does_nothing, {"flag": False}, result="no", name="no"),
    case(no_result, {"flag": False}, result=None),
    case(falls_off_the_end, {"name": "x"}, result=None, calls=[call("mark", name="x")]),
    case(bare_return, {"name": "stop"}, result=None, calls=[], name="stop"),
    case(bare_return, {"name": "go"}, result=None, calls=[call("mark", name="go")], name="go"),
]
