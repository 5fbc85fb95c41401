"""Assignment in all its forms: tuples, swaps, chains, augmented, items, fields."""

from __future__ import annotations

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


class Account(BaseModel):
    owner: str
    balance: float
    tags: list[str] = []


class Note(BaseModel):
    text: str = ""
    marks: list[int] = []
    weight: int | None = None


class Page(BaseModel):
    title: str
    note: Note | None = None


@task
def number(value: int) -> int:
    return value


@task
def text(value: str) -> str:
    return value


@task
def bounds(values: list[int]) -> tuple[int, int]:
    return min(values), max(values)


@flow
def unpack_result(values: list[int]) -> str:
    low, high = bounds(values)
    return f"{low}..{high}"


@flow
def unpack_nested(pair: tuple[tuple[int, int], str]) -> list[str]:
    (a, b), c = pair
    return [c, str(a), str(b)]


@flow
def unpack_list(values: list[int]) -> int:
    first, second, third = values
    return first * 100 + second * 10 + third


@flow
def unpack_text(word: str) -> str:
    a, b = list(word)
    return b + a


@flow
def swap(a: int, b: int) -> list[int]:
    a, b = b, a
    return [a, b]


@flow
def rotate() -> list[str]:
    a, b, c = "a", "b", "c"
    a, b, c = c, a, b
    return [a, b, c]


@flow
def fibonacci(count: int) -> list[int]:
    a, b = 0, 1
    found = []
    for _ in range(count):
        found.append(a)
        a, b = b, a + b
    return found


@flow
def swap_with_calls() -> list[int]:
    a, b = number(1), number(2)
    a, b = number(b + 10), number(a + 20)
    return [a, b]


@flow
def chained() -> list[int]:
    a = b = number(5)
    a += 1
    return [a, b]


@flow
def annotated(flag: bool) -> str:
    answer: str | None = None
    if flag:
        answer = "yes"
    count: int = 3
    return f"{answer} {count}"


@flow
def augmented_numbers() -> list[float]:
    a = 7
    a += 3
    a -= 1
    a *= 5
    a //= 2
    a %= 12
    a **= 2
    b = 9.0
    b /= 2
    b += a
    return [a, b]


@flow
def augmented_text_and_list(word: str) -> list[str]:
    word += "!"
    word *= 2
    parts = [word]
    parts += ["end"]
    parts += [p.upper() for p in parts]
    return parts


@flow
def augmented_with_call() -> int:
    total = 1
    total += number(2)
    total *= number(total + 1)
    return total


@flow
def augmented_reads_first(start: int) -> int:
    # The old value is read before the right side runs.
    total = start
    total = total + number(10) * total
    total -= number(1)
    return total


@flow
def set_items() -> dict[str, list[int]]:
    board = {"x": [1, 2, 3], "y": [4, 5, 6]}
    board["x"][0] = 10
    board["y"][-1] = 60
    board["z"] = [7]
    board["z"][0] += 70
    return board


@flow
def count_words(words: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        if word not in counts:
            counts[word] = 0
        counts[word] += 1
    return counts


@flow
def missing_key_augmented(key: str) -> dict[str, int]:
    counts = {"a": 1}
    counts[key] += 1
    return counts


@flow
def index_out_of_range_in_assignment(index: int) -> list[int]:
    values = [1, 2, 3]
    try:
        values[index] = 9
    except IndexError as error:
        return [*values, len(str(error))]
    return values


@flow
def value_before_index() -> list[int]:
    values = [0, 0]
    values[number(1)] = number(5)
    return values


@flow
def index_once() -> list[int]:
    values = [10, 20]
    values[number(1)] += number(5)
    return values


@flow
def swap_items() -> list[str]:
    row = ["a", "b", "c"]
    row[0], row[2] = row[2], row[0]
    return row


@flow
def unpack_into_items() -> dict[str, int]:
    found: dict[str, int] = {}
    found["low"], found["high"] = bounds([4, 2, 8])
    return found


@flow
def set_fields(name: str) -> Account:
    account = Account(owner=name, balance=10)
    account.balance -= 2.5
    account.owner = account.owner.title()
    account.tags.append("new")
    account.tags += ["vip"]
    return account


@flow
def parameter_is_a_variable(values: list[int]) -> list[int]:
    values.append(4)
    values = [v + 1 for v in values]
    values[0] = 0
    return values


@flow
def target_order() -> dict[str, str]:
    found = {"k": "old"}
    key = "k"
    key, found[key] = "other", "new"
    return found


@flow
def unpack_from_call_in_loop(rows: list[list[int]]) -> list[str]:
    lines = []
    for row in rows:
        low, high = bounds(row)
        lines.append(f"{low}-{high}")
    return lines


@flow
def both_sides_of_plus() -> str:
    return text("a") + text("b") + text("c")


@flow
def place_before_appended_call(table: dict[str, list[int]]) -> dict[str, list[int]]:
    table["q"].append(number(1))
    return table


@flow
def place_before_added_calls(table: dict[str, list[int]]) -> dict[str, list[int]]:
    table["q"] += [number(1), number(2)]
    return table


@flow
def place_before_extending_call(rows: list[list[int]]) -> list[list[int]]:
    rows[1].extend([number(n) for n in [1]])
    return rows


@flow
def place_before_error_of_value(table: dict[str, list[int]], values: list[int]) -> dict[str, list[int]]:
    table["q"].append(values[0])
    return table


@flow
def inside_what_may_be_missing(page: Page) -> Page:
    if page.note is not None:
        page.note.text = "a"
        page.note.text += "b"
        page.note.marks.append(1)
        page.note.marks.append(2)
        page.note.marks[0] = 3
        if page.note.weight is not None:
            page.note.weight += 1
            page.title = str(page.note.weight)
            page.note.weight = None
        page.note.marks += [4]
    return page


CASES = [
    case(unpack_result, {"values": [3, 1, 2]}, result="1..3", calls=[call("bounds", values=[3, 1, 2])]),
    case(unpack_nested, {"pair": [[1, 2], "x"]}, result=["x", "1", "2"]),
    case(unpack_list, {"values": [4, 5, 6]}, result=456),
    case(
        unpack_list,
        {"values": [4, 5]},
        error=("ValueError", "not enough values to unpack (expected 3, got 2)"),
        name="too-few",
    ),
    case(unpack_text, {"word": "xy"}, result="yx"),
    case(
        unpack_text,
        {"word": "x"},
        error=("ValueError", "not enough values to unpack (expected 2, got 1)"),
        name="short",
    ),
    case(swap, {"a": 1, "b": 2}, result=[2, 1]),
    case(rotate, result=["c", "a", "b"]),
    case(fibonacci, {"count": 10}, result=[0, 1, 1, 2, 3, 5, 8, 13, 21, 34]),
    case(fibonacci, {"count": 0}, result=[], name="none"),
    case(
        swap_with_calls,
        result=[12, 21],
        calls=[call("number", value=1), call("number", value=2), call("number", value=12), call("number", value=21)],
    ),
    case(chained, result=[6, 5], calls=[call("number", value=5)]),
    case(annotated, {"flag": True}, result="yes 3", name="true"),
    case(annotated, {"flag": False}, result="None 3", name="false"),
    # 7+3=10, -1=9, *5=45, //2=22, %12=10, **2=100; 9.0/2=4.5, +100=104.5
    case(augmented_numbers, result=[100.0, 104.5]),
    case(augmented_text_and_list, {"word": "hi"}, result=["hi!hi!", "end", "HI!HI!", "END"]),
    case(augmented_with_call, result=12, calls=[call("number", value=2), call("number", value=4)]),
    case(augmented_reads_first, {"start": 3}, result=32, calls=[call("number", value=10), call("number", value=1)]),
    case(set_items, result={"x": [10, 2, 3], "y": [4, 5, 60], "z": [77]}),
    case(count_words, {"words": ["a", "b", "a", "", "a"]}, result={"a": 3, "b": 1, "": 1}),
    case(missing_key_augmented, {"key": "a"}, result={"a": 2}, name="there"),
    case(missing_key_augmented, {"key": "b c"}, error=("KeyError", "'b c'")),
    case(index_out_of_range_in_assignment, {"index": 3}, result=[1, 2, 3, len("list assignment index out of range")]),
    case(index_out_of_range_in_assignment, {"index": -3}, result=[9, 2, 3], name="lowest"),
    case(value_before_index, result=[0, 5], calls=[call("number", value=5), call("number", value=1)]),
    case(index_once, result=[10, 25], calls=[call("number", value=1), call("number", value=5)]),
    case(swap_items, result=["c", "b", "a"]),
    case(unpack_into_items, result={"low": 2, "high": 8}),
    case(
        set_fields, {"name": "ada lovelace"}, result={"owner": "Ada Lovelace", "balance": 7.5, "tags": ["new", "vip"]}
    ),
    case(parameter_is_a_variable, {"values": [1, 2]}, result=[0, 3, 5]),
    # Targets are assigned left to right: by the time of found[key], key is "other".
    case(target_order, result={"k": "old", "other": "new"}),
    case(
        unpack_from_call_in_loop,
        {"rows": [[2, 1], [5]]},
        result=["1-2", "5-5"],
        calls=[call("bounds", values=[2, 1]), call("bounds", values=[5])],
    ),
    case(
        both_sides_of_plus,
        result="abc",
        calls=[call("text", value="a"), call("text", value="b"), call("text", value="c")],
    ),
    case(place_before_appended_call, {"table": {}}, error=("KeyError", "'q'"), calls=[]),
    case(
        place_before_appended_call,
        {"table": {"q": [0]}},
        result={"q": [0, 1]},
        calls=[call("number", value=1)],
        name="there",
    ),
    case(place_before_added_calls, {"table": {}}, error=("KeyError", "'q'"), calls=[]),
    case(place_before_extending_call, {"rows": [[]]}, error=("IndexError", "list index out of range"), calls=[]),
    case(place_before_error_of_value, {"table": {}, "values": []}, error=("KeyError", "'q'")),
    case(
        inside_what_may_be_missing,
        {"page": {"title": "t", "note": {"text": "", "marks": [], "weight": 4}}},
        result={"title": "5", "note": {"text": "ab", "marks": [3, 2, 4], "weight": None}},
    ),
    case(inside_what_may_be_missing, {"page": {"title": "t"}}, result={"title": "t", "note": None}, name="missing"),
]
