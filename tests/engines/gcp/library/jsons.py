"""The module json, and JSON wherever Workflows reads or writes it: arguments, results, bodies of requests.

https://cloud.google.com/workflows/docs/reference/stdlib/json/decode, .../encode, .../encode_to_string. How numbers are
written, and what a number with `.0` or an exponent becomes, is documented nowhere: numbers that are read so are
`JsonNumber`s, and doubles without a fraction are written without one, which is what a reader must be ready for.
"""

from __future__ import annotations

import json
from typing import NoReturn

from engines.gcp.errors import Undocumented, Value, type_error, value_error
from engines.gcp.expressions.numbers import LARGEST, SMALLEST, JsonNumber, double
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.function import Function, Reference, Surroundings
from engines.gcp.library.order import scrambled


def read(text: str | bytes) -> Value:
    """The value of a JSON text.

    Raises:
        ValueError: It is none.
        Undocumented: A number that no 64 bits hold, a key that stands twice.
    """
    return json.loads(text, parse_float=fraction, parse_int=whole, parse_constant=no_number, object_pairs_hook=once)


def fraction(text: str) -> float:
    """A number with a point or an exponent."""
    value = double(float(text), text)
    return JsonNumber(value) if value == int(value) or "e" in text.lower() else value


def whole(text: str) -> int:
    """A number of digits alone."""
    if not SMALLEST <= int(text) <= LARGEST:
        raise Undocumented(f"JSON's number {text}, of more than 64 bits")
    return int(text)


def no_number(text: str) -> NoReturn:
    """`NaN` and the like are no JSON."""
    raise ValueError(f"{text} is no JSON")


def once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """A map whose keys stand once."""
    if len(dict(pairs)) != len(pairs):
        raise Undocumented("JSON with a key that stands twice")
    return dict(pairs)


def written(value: Value, *, order: bool = False) -> str:
    """The JSON text of a value.

    Args:
        value: The value.
        order: Keep the order of keys, for what people read.

    Raises:
        WorkflowError: ValueError, for bytes and functions (stdlib/json/encode_to_string).
    """
    return json.dumps(jsonable(value, order=order), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def told(value: Value) -> str:
    """The JSON text of an error, for people: bytes, which JSON does not have, as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def jsonable(value: Value, *, order: bool = True) -> Value:
    """A value with the numbers and the order of keys that are written."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            whole_number = int(double(value, "JSON"))
            return whole_number if whole_number == value and abs(value) < 2**53 else float(value)
        case list():
            return [jsonable(one, order=order) for one in value]
        case dict():
            names = list(value) if order else scrambled(value)
            return {name: jsonable(value[name], order=order) for name in names}
        case Reference():
            raise value_error(f"the function {value.name} cannot be JSON-encoded")
        case _:
            raise value_error(f"{type_name(value)} cannot be JSON-encoded")


def decode(around: Surroundings, data: Value) -> Value:
    """`json.decode`, of bytes or a text."""
    if not isinstance(data, str | bytes):
        raise type_error(f"json.decode takes bytes or a text, not {type_name(data)}")
    try:
        return read(data)
    except ValueError as problem:
        raise value_error(f"no JSON: {problem}") from None


def encode(around: Surroundings, data: Value, indent: Value) -> bytes:
    """`json.encode`."""
    return encode_to_string(around, data, indent).encode()


def encode_to_string(around: Surroundings, data: Value, indent: Value) -> str:
    """`json.encode_to_string`."""
    if indent is not None:
        raise Undocumented("json.encode with indent: left out")
    return written(data)


FUNCTIONS: dict[str, Function] = {
    "json.decode": Function(("data",), 1, decode, "json/decode"),
    "json.encode": Function(("data", "indent"), 1, encode, "json/encode"),
    "json.encode_to_string": Function(("data", "indent"), 1, encode_to_string, "json/encode_to_string"),
}
