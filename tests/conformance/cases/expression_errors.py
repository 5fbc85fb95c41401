"""The errors of expressions: caught by class, with Python's own messages."""

from __future__ import annotations

import json
import math

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


@task
def note(what: str) -> str:
    return what


@flow
def divide(a: int, b: int) -> float:
    return a / b


@flow
def divide_caught(a: int, b: int, how: str) -> str:
    try:
        if how == "/":
            return str(a / b)
        if how == "//":
            return str(a // b)
        if how == "%":
            return str(a % b)
        if how == "divmod":
            return str(divmod(a, b)[0])
        return str(a**b)
    except ZeroDivisionError as error:
        return type(error).__name__
    except ArithmeticError:
        return "other"


@flow
def list_index(values: list[int], index: int) -> int:
    return values[index]


@flow
def text_index(word: str, index: int) -> str:
    return word[index]


@flow
def tuple_index(pair: tuple[int, str], index: int) -> int | str:
    return pair[index]


@flow
def dict_key(table: dict[str, int], key: str) -> int:
    return table[key]


@flow
def nested_key(table: dict[str, dict[str, list[int]]], a: str, b: str, index: int) -> str:
    try:
        return str(table[a][b][index])
    except KeyError as error:
        return f"no key {error}"
    except IndexError:
        return "no item"


@flow
def parse_int(word: str) -> int:
    return int(word)


@flow
def parse_float(word: str) -> str:
    try:
        return str(float(word))
    except ValueError as error:
        return str(error)


@flow
def position_in_list(values: list[int], value: int) -> str:
    try:
        return str(values.index(value))
    except ValueError as error:
        return type(error).__name__


@flow
def position_in_text(word: str, part: str) -> str:
    try:
        return str(word.index(part))
    except ValueError as error:
        return str(error)


@flow
def smallest(values: list[int]) -> str:
    try:
        return str(min(values) + max(v * v for v in values))
    except ValueError as error:
        return type(error).__name__


@flow
def split_by(word: str, separator: str) -> str:
    try:
        return "|".join(word.split(separator))
    except ValueError as error:
        return str(error)


@flow
def range_step(step: int) -> list[int]:
    return [i for i in range(0, 4, step)]


@flow
def slice_step(values: list[int], step: int) -> list[int]:
    return values[::step]


@flow
def zip_strict(a: list[int], b: list[int]) -> list[int]:
    return [x * y for x, y in zip(a, b, strict=True)]


@flow
def power_overflow(base: float, exponent: int) -> str:
    try:
        return str(base**exponent)
    except OverflowError as error:
        return type(error).__name__
    except ZeroDivisionError as error:
        return type(error).__name__


@flow
def root(value: float) -> str:
    try:
        return str(math.sqrt(value))
    except ValueError as error:
        return type(error).__name__


@flow
def infinite_to_int() -> str:
    seen = []
    for word in ["inf", "-inf", "nan", "1e3"]:
        try:
            seen.append(str(int(float(word))))
        except OverflowError as error:
            seen.append(str(error))
        except ValueError as error:
            seen.append(str(error))
    return "; ".join(seen)


@flow
def bad_json(text: str) -> str:
    try:
        return str(json.loads(text) is None)
    except json.JSONDecodeError as error:
        return f"decode: {error}"


@flow
def json_error_is_value_error(text: str) -> str:
    try:
        return "null" if json.loads(text) is None else "something"
    except ValueError as error:
        return type(error).__name__


@flow
def padding(fill: str) -> str:
    try:
        return "x".rjust(3, fill)
    except TypeError as error:
        return str(error)


@flow
def unpack_in_loop(rows: list[list[int]]) -> int:
    total = 0
    for a, b in rows:
        total += a * b
    return total


@flow
def unpack_in_comprehension(rows: list[list[int]]) -> list[int]:
    return [a + b for a, b in rows]


@flow
def error_before_call(values: list[int]) -> str:
    # The error comes before the call is made.
    return note(f"{values[3]}")


@flow
def call_before_error(values: list[int]) -> str:
    return note("first") + str(values[3])


@flow
def error_between_calls(values: list[int]) -> list[str]:
    return [note("first"), str(values[3]), note("second")]


@flow
def left_error_first(table: dict[str, int]) -> int:
    return table["left"] + table["right"] // 0


@flow
def error_of_argument_before_call(table: dict[str, str]) -> str:
    try:
        return note(note("inner") + table["missing"])
    except KeyError as error:
        return note(f"caught {error}")


@flow
def error_in_condition(values: list[int]) -> str:
    try:
        if values[0] > 1 and note("asked") == "asked":
            return "yes"
        return "no"
    except IndexError:
        return "empty"


@flow
def error_in_loop_header(table: dict[str, list[int]]) -> list[int]:
    found = [0]
    try:
        for value in table["values"]:
            found.append(10 // value)
    except (KeyError, ZeroDivisionError) as error:
        found.append(-len(found))
        if type(error).__name__ == "KeyError":
            found.append(-100)
    return found


@flow
def error_in_return_with_finally(values: list[int]) -> int:
    try:
        return values[5]
    finally:
        note("finally")


CASES = [
    case(divide, {"a": 7, "b": 2}, result=3.5, name="fine"),
    case(divide, {"a": 7, "b": 0}, error=("ZeroDivisionError", "division by zero")),
    *(
        case(divide_caught, {"a": 7, "b": 0, "how": how}, result="ZeroDivisionError", name=name)
        for how, name in [("/", "true"), ("//", "floor"), ("%", "remainder"), ("divmod", "divmod")]
    ),
    case(divide_caught, {"a": 0, "b": -1, "how": "**"}, result="ZeroDivisionError", name="power"),
    case(divide_caught, {"a": -7, "b": 2, "how": "//"}, result="-4", name="fine"),
    case(list_index, {"values": [1, 2], "index": -2}, result=1, name="negative"),
    case(list_index, {"values": [1, 2], "index": 2}, error=("IndexError", "list index out of range")),
    case(list_index, {"values": [], "index": -1}, error=("IndexError", "list index out of range"), name="empty"),
    case(text_index, {"word": "héllo", "index": -4}, result="é"),
    case(text_index, {"word": "a", "index": 1}, error=("IndexError", "string index out of range"), name="error"),
    case(tuple_index, {"pair": [1, "x"], "index": -1}, result="x"),
    case(tuple_index, {"pair": [1, "x"], "index": 2}, error=("IndexError", "tuple index out of range"), name="error"),
    case(dict_key, {"table": {"a": 1}, "key": "a"}, result=1),
    case(dict_key, {"table": {"a": 1}, "key": "b"}, error=("KeyError", "'b'"), name="error"),
    case(dict_key, {"table": {"a": 1}, "key": ""}, error=("KeyError", "''"), name="empty"),
    case(dict_key, {"table": {}, "key": "it's"}, error=("KeyError", '"it\'s"'), name="quote"),
    case(dict_key, {"table": {}, "key": "a\n\"'é😀\\"}, error=("KeyError", "'a\\n\"\\'é😀\\\\'"), name="escapes"),
    case(nested_key, {"table": {"a": {"b": [1]}}, "a": "a", "b": "b", "index": 0}, result="1"),
    case(nested_key, {"table": {"a": {}}, "a": "x", "b": "b", "index": 0}, result="no key 'x'", name="outer"),
    case(nested_key, {"table": {"a": {}}, "a": "a", "b": "b", "index": 0}, result="no key 'b'", name="inner"),
    case(nested_key, {"table": {"a": {"b": []}}, "a": "a", "b": "b", "index": 0}, result="no item", name="item"),
    case(parse_int, {"word": " -12_000\n"}, result=-12000),
    case(
        parse_int,
        {"word": "12a"},
        error=("ValueError", "invalid literal for int() with base 10: '12a'"),
        name="letters",
    ),
    case(parse_int, {"word": ""}, error=("ValueError", "invalid literal for int() with base 10: ''"), name="empty"),
    case(parse_int, {"word": "1.5"}, error=("ValueError", "invalid literal for int() with base 10: '1.5'"), name="dot"),
    case(parse_float, {"word": " 1.50 "}, result="1.5"),
    case(parse_float, {"word": "-1E2"}, result="-100.0", name="exponent"),
    case(parse_float, {"word": "one"}, result="could not convert string to float: 'one'", name="error"),
    case(position_in_list, {"values": [5, 6, 5], "value": 5}, result="0"),
    case(position_in_list, {"values": [5], "value": 7}, result="ValueError", name="missing"),
    case(position_in_text, {"word": "banana", "part": "an"}, result="1"),
    case(position_in_text, {"word": "banana", "part": "x"}, result="substring not found", name="missing"),
    case(smallest, {"values": [3, -4]}, result="12"),
    case(smallest, {"values": []}, result="ValueError", name="empty"),
    case(split_by, {"word": "a,b,,c", "separator": ","}, result="a|b||c"),
    case(split_by, {"word": "a,b", "separator": ""}, result="empty separator", name="empty"),
    case(range_step, {"step": 3}, result=[0, 3]),
    case(range_step, {"step": 0}, error=("ValueError", "range() arg 3 must not be zero"), name="zero"),
    case(slice_step, {"values": [1, 2, 3], "step": -2}, result=[3, 1]),
    case(slice_step, {"values": [1, 2, 3], "step": 0}, error=("ValueError", "slice step cannot be zero"), name="zero"),
    case(zip_strict, {"a": [1, 2], "b": [3, 4]}, result=[3, 8]),
    case(
        zip_strict,
        {"a": [1, 2], "b": [3]},
        error=("ValueError", "zip() argument 2 is shorter than argument 1"),
        name="uneven",
    ),
    case(power_overflow, {"base": 10.0, "exponent": 400}, result="OverflowError"),
    case(power_overflow, {"base": 0.0, "exponent": -1}, result="ZeroDivisionError", name="zero"),
    case(power_overflow, {"base": -2.0, "exponent": 3}, result="-8.0", name="fine"),
    case(root, {"value": 6.25}, result="2.5"),
    case(root, {"value": -1.0}, result="ValueError", name="negative"),
    case(
        infinite_to_int,
        result="cannot convert float infinity to integer; cannot convert float infinity to integer; "
        "cannot convert float NaN to integer; 1000",
    ),
    case(bad_json, {"text": "null"}, result="True"),
    case(
        bad_json,
        {"text": "{a: 1}"},
        name="error",
        result=("decode: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ),
    case(json_error_is_value_error, {"text": ""}, result="JSONDecodeError"),
    case(padding, {"fill": "."}, result="..x"),
    case(padding, {"fill": "ab"}, result="The fill character must be exactly one character long", name="error"),
    case(unpack_in_loop, {"rows": [[1, 2], [3, 4]]}, result=14),
    case(
        unpack_in_loop,
        {"rows": [[1, 2], [3]]},
        error=("ValueError", "not enough values to unpack (expected 2, got 1)"),
        name="short",
    ),
    case(
        unpack_in_comprehension,
        {"rows": [[]]},
        error=("ValueError", "not enough values to unpack (expected 2, got 0)"),
        name="short",
    ),
    case(error_before_call, {"values": [1]}, error=("IndexError", "list index out of range"), calls=[]),
    case(
        call_before_error,
        {"values": [1]},
        error=("IndexError", "list index out of range"),
        calls=[call("note", what="first")],
    ),
    case(
        error_between_calls,
        {"values": [1]},
        error=("IndexError", "list index out of range"),
        calls=[call("note", what="first")],
    ),
    case(
        error_between_calls,
        {"values": [1, 2, 3, 4]},
        result=["first", "4", "second"],
        calls=[call("note", what="first"), call("note", what="second")],
        name="fine",
    ),
    case(left_error_first, {"table": {"right": 1}}, error=("KeyError", "'left'"), name="left"),
    case(left_error_first, {"table": {"left": 1}}, error=("KeyError", "'right'"), name="right"),
    case(
        error_of_argument_before_call,
        {"table": {}},
        result="caught 'missing'",
        calls=[call("note", what="inner"), call("note", what="caught 'missing'")],
    ),
    case(error_in_condition, {"values": []}, result="empty", calls=[], name="error"),
    case(error_in_condition, {"values": [1]}, result="no", calls=[], name="short-circuit"),
    case(error_in_condition, {"values": [2]}, result="yes", calls=[call("note", what="asked")], name="asked"),
    case(error_in_loop_header, {"table": {}}, result=[0, -1, -100], name="key"),
    case(error_in_loop_header, {"table": {"values": [5, 0, 1]}}, result=[0, 2, -2], name="zero"),
    case(
        error_in_return_with_finally,
        {"values": [1]},
        error=("IndexError", "list index out of range"),
        calls=[call("note", what="finally")],
    ),
]
