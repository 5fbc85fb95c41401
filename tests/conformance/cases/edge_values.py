"""Values at the edges: empty, large, deep, odd keys, odd names; and numbers on their way across steps."""

from __future__ import annotations

from typing import Any

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task

MANY = 3000


@task
def echo(value: Any) -> Any:
    return value


@task
def text(value: str) -> str:
    return value


@task
def kind(value: float) -> str:
    return f"{type(value).__name__} {value!r}"


@task
def as_float(value: int) -> float:
    return value


@task
def numbers(count: int) -> list[int]:
    return list(range(count))


@task
def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@task
def lookup(table: dict[str, int], key: str) -> int:
    return table[key]


@task
def optional(value: int | None = None, word: str = "w", flags: list[bool] | None = None) -> str:
    return f"{value} {word} {flags}"


@flow
def through_a_task(value: Any) -> Any:
    return echo(value)


@flow
def through_variables(value: Any) -> dict[str, Any]:
    copy = value
    return {"direct": value, "listed": [copy], "again": echo([value])}


@flow
def odd_texts(words: list[str]) -> list[str]:
    return [text(word) for word in words]


@flow
def odd_keys(table: dict[str, int], keys: list[str]) -> list[int]:
    found = [table[key] for key in keys]
    found.extend([lookup(table, key) for key in keys])
    table["$"] = 1
    table["a.b"] = 2
    table['q"q'] = 3
    table[""] = 4
    found.extend([table["$"], table["a.b"], table['q"q'], table[""], len(table)])
    return found


@flow
def keys_written_out() -> dict[str, Any]:
    value = {"a.b": 1, "$x": 2, "it's": 3, "back\\slash": 4, "{brace}": 5, " ": 6, "é😀": 7, "class": 8, "0": 9}
    value["a.b"] += 10
    return {**value, "sum": sum(value.values()), "$": {"$.a": value["$x"]}}


@flow
def names_that_mean_something_elsewhere(len: int, value: int) -> int:  # noqa: A002
    # Names of builtins, of Python's own modules and of other languages' words are ordinary variables.
    str = len + 1  # noqa: A001
    states = str * 2
    json = states + value
    self = json + 1
    null = self + 1
    function = null + 1
    return function


@flow
def underscored() -> list[int]:
    _ = 1
    _text = 2
    __value = 3
    _value = _text + __value
    word = text("x") + text("y")
    return [_, _text, __value, _value, 1 if word == "xy" else 0]


@flow
def unicode_names(größe: int) -> int:
    π = 3
    return größe * π


@flow
def int_for_float(count: int) -> list[str]:
    given: float = count
    return [kind(count), kind(given), kind(0.5 + count), str(given), str(as_float(count))]


@flow
def halves(value: float) -> str:
    return str(value)


@flow
def float_parameters(count: int) -> list[str]:
    return [halves(count), halves(count / 2), halves(2 * 0.5)]


@flow
def returns_float(count: int) -> float:
    return count


@flow
def float_result_of_a_flow(count: int) -> str:
    return str(returns_float(count))


@flow
def float_default(value: float = 1) -> str:
    return str(value)


@flow
def defaults(
    name: str = "it's",
    count: int = -3,
    ratio: float = 0.25,
    words: tuple[str, ...] = ("a", "b"),
    nothing: str | None = None,
    on: bool = True,
) -> list[Any]:
    return [name, count, ratio, [*words], nothing, on]


@flow
def left_out_arguments() -> list[str]:
    return [
        optional(),
        optional(1),
        optional(word="x"),
        optional(2, "y", [True]),
        optional(flags=[], value=None),
    ]


@flow
def minus_zero(zero: float) -> list[str]:
    return [str(zero), str(-zero), str(0.0 * -1), str(kind(zero)), str(zero == 0), str(0 * -1)]


@flow
def large_numbers() -> list[Any]:
    values = [2**53, -(2**53), 2**53 - 1, 1e300, 1e-300, 1.7976931348623157e308, 5e-324, 123456789012345.6]
    return [echo(values), values]


@flow
def large_list() -> list[int]:
    values = numbers(MANY)
    doubled = [v * 2 for v in values]
    return [len(doubled), doubled[-1], sum(values)]


@flow
def long_text(count: int) -> list[int]:
    word = "aé😀\n" * count
    back = text(word)
    return [len(back), 1 if back == word else 0]


@flow
def deep_value(levels: int) -> list[Any]:
    value = echo(deep(levels))
    return [value, value == deep(levels)]


@flow
def empty_things() -> list[Any]:
    return [echo([]), echo({}), echo(""), echo(None), echo(False), echo(0), echo(0.0), echo([[], {}, [None]])]


@flow
def one_element_lists() -> list[Any]:
    inner = [[1]]
    return [echo([1]), echo([[1]]), inner[0], [v for v in inner], [[v] for v in [5]], {"a": [[]]}, [[[]]]]


@flow
def no_parameters() -> str:
    return "fixed"


@flow
def constant_types() -> list[Any]:
    return [True, False, None, 0, -1, 1.5, -0.5, 1e3, "", "x", 1_000, 0x10, [], {}, ()]


_DEEP: Any = "bottom"
for _level in range(40):
    _DEEP = [_DEEP]

_ODD = [
    "",
    " ",
    "\n",
    "\t",
    "\"'",
    "\\",
    "é",
    "😀",
    "\u2028",
    "null",
    "{{x}}",
    "${y}",
    "{% z %}",
    "\x7f",
    "\x00",
    "a" * 300,
]
_MIXED = {"a": [1, 2.5, "x", None, True, {"b": []}], "": {"": ""}, "1": {"$": "$"}}

CASES = [
    case(through_a_task, {"value": _MIXED}, result=_MIXED, calls=[call("echo", value=_MIXED)], name="mixed"),
    case(through_a_task, {"value": None}, result=None, calls=[call("echo", value=None)], name="null"),
    case(through_a_task, {"value": False}, result=False, name="false"),
    case(through_a_task, {"value": [[[]]]}, result=[[[]]], name="nested-empty"),
    case(
        through_variables,
        {"value": {"k": [1]}},
        result={"direct": {"k": [1]}, "listed": [{"k": [1]}], "again": [{"k": [1]}]},
    ),
    case(odd_texts, {"words": _ODD}, result=_ODD),
    case(
        odd_keys,
        {"table": {"x.y": 1, "$a": 2, "it's": 3, " ": 4}, "keys": ["x.y", "$a", "it's", " "]},
        result=[1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 8],
    ),
    case(
        keys_written_out,
        result={
            "a.b": 11,
            "$x": 2,
            "it's": 3,
            "back\\slash": 4,
            "{brace}": 5,
            " ": 6,
            "é😀": 7,
            "class": 8,
            "0": 9,
            "sum": 55,
            "$": {"$.a": 2},
        },
    ),
    case(names_that_mean_something_elsewhere, {"len": 1, "value": 5}, result=12),
    case(underscored, result=[1, 2, 3, 5, 1]),
    case(unicode_names, {"größe": 2}, result=6),
    case(
        int_for_float,
        {"count": 3},
        result=["float 3.0", "float 3.0", "float 3.5", "3", "3.0"],
        calls=[call("kind", value=3.0), call("kind", value=3.0), call("kind", value=3.5), call("as_float", value=3)],
    ),
    case(float_parameters, {"count": 3}, result=["3.0", "1.5", "1.0"]),
    case(float_result_of_a_flow, {"count": 3}, result="3.0"),
    case(returns_float, {"count": 3}, result=3.0),
    case(float_default, {"value": 2}, result="2.0", name="given"),
    case(defaults, result=["it's", -3, 0.25, ["a", "b"], None, True]),
    case(
        defaults,
        {"name": "", "count": 0, "ratio": 2, "words": [], "nothing": "x", "on": False},
        result=["", 0, 2, [], "x", False],
        name="given",
    ),
    case(left_out_arguments, result=["None w None", "1 w None", "None x None", "2 y [True]", "None w []"]),
    case(minus_zero, {"zero": 0.0}, result=["0.0", "-0.0", "-0.0", "float 0.0", "True", "0"], name="plus"),
    case(minus_zero, {"zero": -0.0}, result=["0.0", "-0.0", "-0.0", "float 0.0", "True", "0"], name="minus"),
    case(
        large_numbers,
        result=[
            [2**53, -(2**53), 2**53 - 1, 1e300, 1e-300, 1.7976931348623157e308, 5e-324, 123456789012345.6],
            [2**53, -(2**53), 2**53 - 1, 1e300, 1e-300, 1.7976931348623157e308, 5e-324, 123456789012345.6],
        ],
    ),
    case(large_list, result=[3000, 5998, 4498500]),
    case(long_text, {"count": 20000}, result=[80000, 1]),
    case(deep_value, {"levels": 40}, result=[_DEEP, True]),
    case(empty_things, result=[[], {}, "", None, False, 0, 0, [[], {}, [None]]]),
    case(one_element_lists, result=[[1], [[1]], [1], [[1]], [[5]], {"a": [[]]}, [[[]]]]),
    case(no_parameters, result="fixed", calls=[]),
    case(constant_types, result=[True, False, None, 0, -1, 1.5, -0.5, 1000, "", "x", 1000, 16, [], {}, []]),
]
