"""Converters of the annotations that need no library: scalars, lists, dicts, optional values and literals of text.

They accept, refuse and say what the converters on top of pydantic do, without loading it: a function whose tasks take
and give nothing else starts in a fraction of the time.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable
from typing import Any

from skyloom.flows.mismatch import from_pydantic

Place = tuple[Any, ...]
Check = Callable[[Any, Place, "Problems"], Any]
"""Gives the checked value; what is wrong with it is noted."""


class Problems:
    """What has been found. `json`: whether the value was read from JSON, of which other words are used."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.found: list[Any] = []

    def add(self, place: Place, value: Any, what: str, in_json: str | None = None) -> Any:
        words = in_json if self.json and in_json is not None else what
        self.found.append({"type": "plain", "loc": place, "msg": f"Input should be {words}", "input": value})


class PlainConverter:
    """Has the methods of `skyloom.flows.converters.Converter` that a running step needs.

    Attributes:
        holds_any: whether a part of the value may be anything.
        mixes_numbers: whether a part of it may be an int or a float, and the type does not say which.
    """

    holds_instances = False

    def __init__(self, check: Check, holds_any: bool) -> None:
        self._check = check
        self.holds_any = holds_any
        self.mixes_numbers = holds_any

    def validate_python(self, value: Any) -> Any:
        """`value`, checked; ints where floats are expected become floats. Raises NotOfType."""
        return self._checked(value, Problems(json=False))

    def validate_json(self, value: Any) -> Any:
        """The Python value whose JSON is `value`. Raises NotOfType."""
        return self._checked(value, Problems(json=True))

    def dump(self, value: Any) -> Any:
        """The value itself: it is JSON already, as far as its type says."""
        return value

    def _checked(self, value: Any, problems: Problems) -> Any:
        checked = self._check(value, (), problems)
        if problems.found:
            raise from_pydantic(problems.found, value)
        return checked


_known: dict[Any, PlainConverter | None] = {}


def plain_converter(annotation: Any) -> PlainConverter | None:
    """The converter of `annotation`, made once; None where it takes more than this module."""
    try:
        if annotation not in _known:
            check = _check_of(annotation)
            _known[annotation] = None if check is None else PlainConverter(check, _mentions_any(annotation))
        return _known[annotation]
    except TypeError:
        # What cannot be hashed is none of these.
        return None


def is_json(value: Any) -> bool:
    """Whether the value is made of nothing but JSON's own classes."""
    kind = type(value)
    if kind is list:
        return all(map(is_json, value))
    if kind is dict:
        return all(map(is_json, value.values()))
    return value is None or kind in (str, int, float, bool)


# --- checks -----------------------------------------------------------------------------------------------------


def _check_of(annotation: Any) -> Check | None:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is list or origin is list:
        element = _check_of(arguments[0]) if arguments else _anything
        return None if element is None else _list_of(element)
    if annotation is dict or origin is dict:
        if arguments and arguments[0] is not str:
            return None
        element = _check_of(arguments[1]) if arguments else _anything
        return None if element is None else _dict_of(element, text_keys=bool(arguments))
    if origin is typing.Literal:
        return _literal(arguments)
    if origin in (typing.Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not type(None)]
        inner = _check_of(kinds[0]) if len(kinds) == 1 and len(arguments) == 2 else None
        return None if inner is None else _optional(inner)
    return None


def _mentions_any(annotation: Any) -> bool:
    bare = annotation in (Any, list, dict)
    return bare or any(_mentions_any(part) for part in typing.get_args(annotation) if not isinstance(part, str))


def _anything(value: Any, place: Place, problems: Problems) -> Any:
    return value


def _none(value: Any, place: Place, problems: Problems) -> Any:
    return None if value is None else problems.add(place, value, "None", "null")


def _str(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is str:
        return value
    return _own(value, str) if isinstance(value, str) else problems.add(place, value, "a valid string")


def _own(value: Any, kind: type) -> Any:
    """The value of a subclass of a JSON class, as that class; a member of an enum as what it stands for."""
    return getattr(kind, f"__{kind.__name__}__")(value) if not hasattr(value, "_value_") else kind(value.value)


def _bool(value: Any, place: Place, problems: Problems) -> Any:
    return value if type(value) is bool else problems.add(place, value, "a valid boolean")


def _int(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is int:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return _own(value, int)
    return problems.add(place, value, "a valid integer")


def _float(value: Any, place: Place, problems: Problems) -> Any:
    if type(value) is float:
        return value
    # Numbers of other libraries count too: what can be a float is one.
    if not isinstance(value, bool) and (isinstance(value, int) or hasattr(type(value), "__float__")):
        try:
            return float(value)
        except (OverflowError, TypeError, ValueError):
            pass
    return problems.add(place, value, "a valid number")


def _list_of(element: Check) -> Check:
    def check(value: Any, place: Place, problems: Problems) -> Any:
        if not isinstance(value, list):
            return problems.add(place, value, "a valid list", "a valid array")
        return [element(item, (*place, index), problems) for index, item in enumerate(value)]

    return check


def _dict_of(element: Check, text_keys: bool) -> Check:
    def check(value: Any, place: Place, problems: Problems) -> Any:
        if not isinstance(value, dict):
            return problems.add(place, value, "a valid dictionary", "an object")
        result = {}
        for key, item in value.items():
            part = int(key) if isinstance(key, int) else str(key)
            checked_key = _str(key, (*place, part, "[key]"), problems) if text_keys else key
            result[checked_key] = element(item, (*place, part), problems)
        return result

    return check


def _optional(inner: Check) -> Check:
    return lambda value, place, problems: None if value is None else inner(value, place, problems)


_SIMPLE = r"[ !#-&(-\[\]-~]*"
"""Texts whose spelling within quotes is the same everywhere."""


def _literal(values: tuple[Any, ...]) -> Check | None:
    if not all(value is None or (type(value) is str and re.fullmatch(_SIMPLE, value)) for value in values):
        return None
    spelled = [repr(value) for value in values]
    words = " or ".join([", ".join(spelled[:-1]), spelled[-1]] if spelled[1:] else spelled)

    def check(value: Any, place: Place, problems: Problems) -> Any:
        if value is None or isinstance(value, str):
            text = _str(value, place, problems) if value is not None else None
            if text in values:
                return text
        return problems.add(place, value, words)

    return check


_SCALARS: dict[Any, Check] = {
    Any: _anything,
    None: _none,
    type(None): _none,
    bool: _bool,
    float: _float,
    int: _int,
    str: _str,
}
