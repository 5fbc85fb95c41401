"""What the operators do with which types.

https://cloud.google.com/workflows/docs/reference/syntax/datatypes#implicit-conversions; types outside of its tables,
and results that it leaves open, are undocumented.
"""

from __future__ import annotations

from collections.abc import Callable

from engines.gcp.errors import Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.numbers import JsonNumber, as_double, certain, double, integer, is_number, spelled

SCALARS = (bool, int, float, str)


def type_name(value: Value) -> str:
    """The type of a value, as `get_type` names it."""
    for kind, name in NAMES:
        if isinstance(value, kind):
            return name
    raise Undocumented(f"the type of {value!r}")


NAMES: tuple[tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "double"),
    (str, "string"),
    (bytes, "bytes"),
    (list, "list"),
    (dict, "map"),
)


def binary(operator: str, left: Value, right: Value) -> Value:
    """The value of `left operator right`; not for `and` and `or`."""
    what = f"{shown(left)} {operator} {shown(right)}"
    match operator:
        case "+":
            return plus(left, right, what)
        case "-" | "*":
            return arithmetic(operator, left, right, what)
        case "/" | "//" | "%":
            return division(operator, left, right, what)
        case "==":
            return equal(left, right, what)
        case "!=":
            return not equal(left, right, what)
        case "in":
            return member(left, right, what)
        case _:
            return ordered(operator, left, right, what)


def plus(left: Value, right: Value, what: str) -> Value:
    """Adds numbers, and joins texts with integers, doubles and booleans."""
    if isinstance(left, str) or isinstance(right, str):
        return joined(left, what) + joined(right, what)
    return arithmetic("+", left, right, what)


def joined(value: Value, what: str) -> str:
    """One side of a text with something added."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise Undocumented(f"{what}: how a boolean is written as text")
    if is_number(value):
        return spelled(value, what)
    raise Undocumented(f"{what}: `+` of a text and something that its table does not have")


DOES: dict[str, Callable[[Value, Value], Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


def arithmetic(operator: str, left: Value, right: Value, what: str) -> Value:
    """`+`, `-`, `*` of numbers."""
    numbers(left, right, what)
    if isinstance(left, int) and isinstance(right, int):
        return integer(DOES[operator](left, right), what)
    made = double(DOES[operator](as_double(left, what), as_double(right, what)), what)
    uncertain = all(isinstance(side, int | JsonNumber) for side in (left, right))
    return JsonNumber(made) if uncertain else made


def division(operator: str, left: Value, right: Value, what: str) -> Value:
    """`/` of numbers is a double; `//` and `%` are documented for integers by their names only."""
    numbers(left, right, what)
    if right == 0:
        raise WorkflowError.tagged("ZeroDivisionError", f"division by zero: {what}")
    if operator == "/":
        return double(as_double(left, what) / as_double(right, what), what)
    for side in (left, right):
        if not isinstance(certain(side, what), int):
            raise Undocumented(f"{what}: {operator} of doubles")
        if side < 0:
            raise Undocumented(f"{what}: {operator} of negative numbers")
    return left // right if operator == "//" else left % right


def numbers(left: Value, right: Value, what: str) -> None:
    """Refuses what is no number."""
    for side in (left, right):
        if not is_number(side):
            if side is not None and not isinstance(side, SCALARS):
                raise Undocumented(f"{what}: a type that the tables of operators do not have")
            raise type_error(f"unsupported types: {what}")


def equal(left: Value, right: Value, what: str) -> bool:
    """`==`: numbers, texts, booleans with their like, anything with null."""
    if left is None or right is None:
        return left is right
    if is_number(left) and is_number(right):
        if isinstance(left, int) and isinstance(right, int):
            return left == right
        return as_double(left, what) == as_double(right, what)
    if type(left) is type(right) and isinstance(left, str | bool):
        return bool(left == right)
    raise Undocumented(f"{what}: a comparison of {type_name(left)} and {type_name(right)}")


def ordered(operator: str, left: Value, right: Value, what: str) -> bool:
    """`<`, `<=`, `>`, `>=` of numbers; how texts are ordered is not documented."""
    if not is_number(left) or not is_number(right):
        raise Undocumented(f"{what}: an order of {type_name(left)} and {type_name(right)}")
    if not (isinstance(left, int) and isinstance(right, int)):
        left, right = as_double(left, what), as_double(right, what)
    return bool(ORDER[operator](left, right))


ORDER: dict[str, Callable[[Value, Value], bool]] = {
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def member(value: Value, container: Value, what: str) -> bool:
    """`in`: a key of a map, an element of a list."""
    if isinstance(container, dict):
        if not isinstance(value, str):
            raise Undocumented(f"{what}: a key that is no text")
        return value in container
    if isinstance(container, list):
        found = [equal(value, one, what) for one in container]
        return any(found)
    raise type_error(f"The argument of 'in' must be a dict or an array; got: {type_name(container)}")


def negated(operator: str, value: Value) -> Value:
    """`-x` and `not x`."""
    what = f"{operator} {shown(value)}"
    if operator == "not":
        if not isinstance(value, bool):
            raise type_error(f"logical operators take booleans: {what}")
        return not value
    if not is_number(value):
        raise type_error(f"unsupported type: {what}")
    if isinstance(value, int):
        return integer(-value, what)
    return type(value)(-value)


def item(base: Value, key: Value) -> Value:
    """`base[key]` and `base.key`."""
    what = f"{shown(base)}[{shown(key)}]"
    if isinstance(base, dict):
        if not isinstance(key, str):
            raise Undocumented(f"{what}: a key that is no text")
        if key not in base:
            raise WorkflowError.tagged("KeyError", f"key not found: {key}")
        return base[key]
    if isinstance(base, list):
        if not isinstance(certain(key, what), int) or isinstance(key, bool):
            raise type_error(f"an index must be an integer: {what}")
        if key < 0:
            raise Undocumented(f"{what}: a negative index")
        if key >= len(base):
            raise WorkflowError.tagged("IndexError", f"index out of range: {key}")
        return base[key]
    if isinstance(base, str | bytes):
        raise Undocumented(f"{what}: an index of a text")
    raise type_error(f"{type_name(base)} has no elements: {what}")


def shown(value: Value) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
