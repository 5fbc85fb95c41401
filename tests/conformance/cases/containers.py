"""Lists, dicts and tuples: displays, spreads, slices, methods, and comprehensions over pure expressions."""

from __future__ import annotations

import json
from typing import Any

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task

LIMIT = 3
WEIGHTS = {"low": 1, "high": 10}
PRIMES = (2, 3, 5)


@task
def number(value: int) -> int:
    return value


@task
def pair(key: str, value: int) -> tuple[str, int]:
    return key, value


@flow
def displays(a: int, b: int) -> dict[str, list[int]]:
    return {"both": [a, b], "sum": [a + b], "none": [], f"k{a}": [a, *[b, b], *range(2)]}


@flow
def display_order() -> dict[str, int]:
    return {"a": number(1), "b": number(2), **{"c": number(3)}, "a": number(4)}  # noqa: F601


@flow
def spreads(first: list[int], second: list[int], table: dict[str, int], pair: tuple[int, str]) -> list[Any]:
    merged = {**table, "x": 1, **{"y": 2}}
    overridden = {"x": 1, **table}
    return [[*first, 0, *second], [*first, *first], merged, overridden, [*table], (*pair, 9)]


@flow
def tuples(point: tuple[int, str]) -> tuple[str, int, int]:
    x, name = point
    both = point + (True,)
    return name + both[1], both[0] + x, len(tuple(both))


@flow
def slices(values: list[int]) -> list[list[int]]:
    return [
        values[1:3],
        values[:2],
        values[-2:],
        values[:-1],
        values[::-1],
        values[::2],
        values[-1:-3:-1],
        values[3:1],
        values[10:],
        values[:],
    ]


@flow
def list_methods(values: list[int]) -> list[Any]:
    copy = values.copy()
    copy.append(9)
    copy.extend([7, 8])
    copy.extend([v * 2 for v in values])
    return [copy, values, copy.index(9), values.count(2), copy.index(2, 2), len(copy)]


@flow
def nothing_counts_too(values: list[int | None]) -> list[int]:
    return [values.count(None), values.count(2), values.index(None)]


@flow
def dict_methods(table: dict[str, int]) -> list[Any]:
    copy = table.copy()
    copy["new"] = 5
    return [
        list(copy.keys()),
        list(copy.values()),
        [[k, v] for k, v in copy.items()],
        table.get("a"),
        table.get("zz"),
        table.get("zz", -1),
        len(table),
        "new" in table,
        dict(copy) == copy,
    ]


@flow
def builtins_on_lists(values: list[int], words: list[str]) -> list[Any]:
    return [
        sorted(values),
        sorted(values, reverse=True),
        sorted(words, key=len),
        sorted(words, key=lambda w: w[-1]),
        list(reversed(values)),
        list(range(2, 8, 3)),
        list(enumerate(words, 1)),
        list(zip(values, words)),
        dict(zip(words, values)),
        list("abc"),
        list({"k": 1}),
    ]


@flow
def sort_is_stable(rows: list[dict[str, int]]) -> list[int]:
    by_size = sorted(rows, key=lambda row: row["size"])
    largest_first = sorted(rows, key=lambda row: -row["size"])
    return [row["id"] for row in by_size] + [row["id"] for row in largest_first]


@flow
def sort_by_several(rows: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@flow
def sort_reversed_is_stable(rows: list[tuple[str, int]]) -> list[str]:
    return [name for name, _ in sorted(rows, key=lambda row: row[1], reverse=True)]


@flow
def comprehend(values: list[int]) -> list[Any]:
    squares = [v * v for v in values]
    odd = [v for v in values if v % 2]
    both = [v for v in values if v > 1 if v < 4]
    pairs = [(a, b) for a in values for b in values if a < b]
    ragged = [x for row in [[v] * v for v in values] for x in row]
    nested = [[a * b for b in values] for a in values]
    return [squares, odd, both, pairs, ragged, nested]


@flow
def comprehend_dicts(words: list[str]) -> list[Any]:
    lengths = {w: len(w) for w in words}
    inverted = {str(n): w for w, n in lengths.items()}
    chosen = {w.upper(): i for i, w in enumerate(words) if len(w) > 1}
    return [lengths, inverted, chosen]


@flow
def comprehension_scope(x: int) -> list[int]:
    values = [x for x in range(3)]
    return [*values, x]


@flow
def flatten(table: dict[str, list[int]]) -> list[str]:
    return [f"{name}{value}" for name, values in table.items() for value in values if value]


@flow
def generator_arguments(values: list[int]) -> list[int]:
    return [
        sum(v * v for v in values),
        max((v for v in values if v < 3), default=0),
        len([v for v in values if v]),
        *sorted(-v for v in values),
    ]


@flow
def deep_paths() -> dict[str, Any]:
    tree: dict[str, dict[str, list[dict[str, int]]]] = {"a": {"b": [{"c": 1}]}}
    tree["a"]["b"][0]["c"] += 1
    tree["a"]["b"].append({"c": 5})
    tree["a"]["b"][-1]["d"] = 6
    tree["x"] = {"y": []}
    tree["x"]["y"].extend([{"z": 0}])
    return {"tree": tree, "sum": sum([item["c"] for item in tree["a"]["b"]])}


@flow
def build_rows(width: int) -> list[list[int]]:
    grid = [[0] * width for _ in range(width)]
    for i in range(width):
        grid[i][i] = 1
        grid[i][-1] += 5
    return grid


@flow
def plus_equals_on_path() -> dict[str, list[int]]:
    table = {"a": [1]}
    table["a"] += [2, 3]
    table["a"] += [v * 10 for v in table["a"]]
    return table


@flow
def dict_of_pairs() -> dict[str, int]:
    return dict([pair("a", 1), pair("b", 2), pair("a", 3)])


@flow
def module_constants(level: str, values: list[int]) -> list[int]:
    return [WEIGHTS[level], LIMIT, *[v for v in values if v in PRIMES], len(WEIGHTS), PRIMES[-1]]


@flow
def json_text(table: dict[str, Any]) -> list[str]:
    return [
        json.dumps({"b": [1, 2.0, None, True], "a": 'é"\n'}),
        json.dumps({"b": 1, "a": [1, {}]}, sort_keys=True),
        json.dumps({"a": "é😀"}, ensure_ascii=False),
        json.dumps([1, {"a": []}], indent=2),
        json.dumps(table),
        json.dumps("text"),
    ]


@flow
def json_reading(text: str) -> list[Any]:
    data = json.loads(text)
    return [data["a"], data["b"][1], data["b"][1] is None, data["a"] == 1]


@flow
def empty_results() -> list[Any]:
    return [[], {}, [[]], {"a": {}}, [v for v in range(0)], "", None, sorted([0][:0])]


@flow
def lengths(values: list[int], table: dict[str, int], word: str) -> list[int]:
    return [len(values), len(table), len(word), len((1, 2)), len(range(5)), len(table.items()), len([])]


@flow
def conditions_in_displays(flag: bool, extra: list[int]) -> list[int]:
    return [1, *(extra if flag else []), 2 if flag else 3, *[v for v in extra if flag]]


CASES = [
    case(displays, {"a": 1, "b": 2}, result={"both": [1, 2], "sum": [3], "none": [], "k1": [1, 2, 2, 0, 1]}),
    case(
        display_order,
        result={"a": 4, "b": 2, "c": 3},
        calls=[call("number", value=n) for n in (1, 2, 3, 4)],
    ),
    case(
        spreads,
        {"first": [1], "second": [], "table": {"x": 7, "z": 8}, "pair": [5, "p"]},
        result=[[1, 0], [1, 1], {"x": 1, "z": 8, "y": 2}, {"x": 7, "z": 8}, ["x", "z"], [5, "p", 9]],
    ),
    case(tuples, {"point": [3, "p"]}, result=["pp", 6, 3]),
    case(
        slices,
        {"values": [1, 2, 3, 4]},
        result=[[2, 3], [1, 2], [3, 4], [1, 2, 3], [4, 3, 2, 1], [1, 3], [4, 3], [], [], [1, 2, 3, 4]],
    ),
    case(slices, {"values": [1]}, result=[[], [1], [1], [], [1], [1], [1], [], [], [1]], name="one"),
    case(list_methods, {"values": [2, 1, 2]}, result=[[2, 1, 2, 9, 7, 8, 4, 2, 4], [2, 1, 2], 3, 2, 2, 9]),
    case(nothing_counts_too, {"values": [2, None, 2]}, result=[1, 2, 1], name="once"),
    case(nothing_counts_too, {"values": [None]}, result=[1, 0, 0], name="alone"),
    case(nothing_counts_too, {"values": [None, 2, None]}, result=[2, 1, 0], name="twice"),
    case(
        dict_methods,
        {"table": {"b": 1, "a": 2}},
        result=[["b", "a", "new"], [1, 2, 5], [["b", 1], ["a", 2], ["new", 5]], 2, None, -1, 2, False, True],
    ),
    case(
        builtins_on_lists,
        {"values": [2, 3, 1], "words": ["bbb", "a", "cc"]},
        result=[
            [1, 2, 3],
            [3, 2, 1],
            ["a", "cc", "bbb"],
            ["a", "bbb", "cc"],
            [1, 3, 2],
            [2, 5],
            [[1, "bbb"], [2, "a"], [3, "cc"]],
            [[2, "bbb"], [3, "a"], [1, "cc"]],
            {"bbb": 2, "a": 3, "cc": 1},
            ["a", "b", "c"],
            ["k"],
        ],
    ),
    case(
        sort_is_stable,
        {"rows": [{"id": 1, "size": 5}, {"id": 2, "size": 3}, {"id": 3, "size": 5}, {"id": 4, "size": 3}]},
        result=[2, 4, 1, 3, 1, 3, 2, 4],
    ),
    case(sort_by_several, {"rows": [["b", 1], ["a", 1], ["c", 2]]}, result=[["c", 2], ["a", 1], ["b", 1]]),
    case(sort_reversed_is_stable, {"rows": [["b", 1], ["a", 1], ["c", 2]]}, result=["c", "b", "a"]),
    case(
        comprehend,
        {"values": [1, 2, 3]},
        result=[
            [1, 4, 9],
            [1, 3],
            [2, 3],
            [[1, 2], [1, 3], [2, 3]],
            [1, 2, 2, 3, 3, 3],
            [[1, 2, 3], [2, 4, 6], [3, 6, 9]],
        ],
    ),
    case(comprehend, {"values": []}, result=[[], [], [], [], [], []], name="empty"),
    case(comprehend, {"values": [5]}, result=[[25], [5], [], [], [5, 5, 5, 5, 5], [[25]]], name="one"),
    case(
        comprehend_dicts,
        {"words": ["a", "bb", "c"]},
        result=[{"a": 1, "bb": 2, "c": 1}, {"1": "c", "2": "bb"}, {"BB": 1}],
    ),
    case(comprehension_scope, {"x": 7}, result=[0, 1, 2, 7]),
    case(flatten, {"table": {"a": [1, 0], "b": [], "c": [2, 3]}}, result=["a1", "c2", "c3"]),
    case(generator_arguments, {"values": [1, 2, 3]}, result=[14, 2, 3, -3, -2, -1]),
    case(
        deep_paths,
        result={"tree": {"a": {"b": [{"c": 2}, {"c": 5, "d": 6}]}, "x": {"y": [{"z": 0}]}}, "sum": 7},
    ),
    case(build_rows, {"width": 2}, result=[[1, 5], [0, 6]]),
    case(plus_equals_on_path, result={"a": [1, 2, 3, 10, 20, 30]}),
    case(
        dict_of_pairs,
        result={"a": 3, "b": 2},
        calls=[call("pair", key="a", value=1), call("pair", key="b", value=2), call("pair", key="a", value=3)],
    ),
    case(module_constants, {"level": "high", "values": [1, 2, 3, 4, 5]}, result=[10, 3, 2, 3, 5, 2, 5]),
    case(module_constants, {"level": "mid", "values": []}, error=("KeyError", "'mid'"), name="missing"),
    case(
        json_text,
        {"table": {"z": [1.5, {"y": None}], "a": "😀"}},
        result=[
            '{"b": [1, 2.0, null, true], "a": "\\u00e9\\"\\n"}',
            '{"a": [1, {}], "b": 1}',
            '{"a": "é😀"}',
            '[\n  1,\n  {\n    "a": []\n  }\n]',
            '{"z": [1.5, {"y": null}], "a": "\\ud83d\\ude00"}',
            '"text"',
        ],
    ),
    case(json_reading, {"text": '{"a": 1, "b": [1.5, null]}'}, result=[1, None, True, True]),
    case(json_reading, {"text": '{"a": 2}'}, error=("KeyError", "'b'"), name="missing"),
    case(empty_results, result=[[], {}, [[]], {"a": {}}, [], "", None, []]),
    case(lengths, {"values": [1, 2], "table": {"a": 1}, "word": "é😀"}, result=[2, 1, 2, 2, 5, 1, 0]),
    case(conditions_in_displays, {"flag": True, "extra": [8, 9]}, result=[1, 8, 9, 2, 8, 9], name="true"),
    case(conditions_in_displays, {"flag": False, "extra": [8, 9]}, result=[1, 3], name="false"),
]
