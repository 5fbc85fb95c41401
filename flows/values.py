"""Python values and their JSON: what crosses a step is checked against its annotation and made canonical.

| Python | JSON |
|---|---|
| None, bool, str, finite float, int up to 2^53 either way | itself; a zero without its sign |
| list, tuple | array |
| dict with str keys, TypedDict, pydantic model, dataclass | object; a model's keys are its aliases |
| Enum | the member's value |
| datetime, time | RFC 3339 with six digits of a second; an aware datetime in UTC, with `Z` |
| date | RFC 3339 |
| bytes | base64 (RFC 4648, section 4) |

Checking is as strict as Python's own typing: no string becomes a number, no boolean an integer; an integer stands for a
float. JSON has one kind of number, so where the type does not say which (`Any`, `int | float`), a whole number is an
int. Nothing that comes out shares a mutable object with what went in.
"""

from __future__ import annotations

import math
import sys
import typing
import weakref
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from skyloom.flows.mismatch import NotOfType, join
from skyloom.flows.plain_types import PlainConverter, is_json, plain_converter
from skyloom.flows.whole_numbers import whole

if TYPE_CHECKING:
    from skyloom.flows.converters import Converter

__all__ = [
    "MAX_INT",
    "Json",
    "NotOfType",
    "by_class",
    "check_json",
    "from_json",
    "json_schema",
    "object_schema",
    "shown",
    "signature_types",
    "to_json",
]

Json = None | bool | int | float | str | list[Any] | dict[str, Any]

MAX_INT = 2**53
"""The largest magnitude of an integer: beyond it JSON readers that use doubles lose digits."""


def to_json(value: Any, annotation: Any) -> Json:
    """The canonical JSON of `value`, which must be of the type `annotation`.

    Raises:
        NotOfType: it is not; every problem is named, with its path.
    """
    kind = type(value)
    if kind is annotation and kind in _SCALARS:
        return _guarded(value, convert=False)
    if _is_any(annotation):
        anything: Json = whole(check_json(value))
        return anything
    converter = _converter(annotation, value)
    checked = converter.validate_python(value)
    result = _guarded(converter.dump(checked), convert=True)
    if converter.holds_instances or converter.mixes_numbers:
        # An instance that was changed after it was made, and a plain dataclass, have not been checked inside yet.
        again = whole(result) if converter.mixes_numbers else result
        again = _guarded(converter.dump(converter.validate_json(again)), convert=True)
        lost = None if again == result else _lost(result, again, "")
        if lost is not None:
            raise NotOfType((lost, "the annotated type has no such field; annotate the subclass, or a union"))
        return again
    return result


def from_json(value: Json, annotation: Any) -> Any:
    """The Python value of type `annotation` whose JSON is `value`.

    Raises:
        NotOfType: the JSON does not fit, such as "customer: Field required".
    """
    checked = check_json(value)
    scalar = type(value) is annotation and annotation in _SCALARS
    if scalar:
        return checked
    if _is_any(annotation):
        return whole(checked)
    converter = _converter(annotation, checked)
    return converter.validate_json(whole(checked) if converter.mixes_numbers else checked)


def check_json(value: Any) -> Json:
    """A deep copy of `value`, which must be JSON already: finite numbers, string keys, no lone surrogates.

    Raises:
        NotOfType: with the place, such as "items[3].price: nan is not a finite number".
    """
    return _guarded(value, convert=False)


def by_class(value: Any) -> Json:
    """The canonical JSON of a value by its own class, ints and floats as they are. Raises NotOfType."""
    return _guarded(_converter(Any, value).dump(value), convert=True)


def shown(value: Any) -> Json:
    """What people see of a value, and what events carry of it: JSON, whole numbers without a fraction. Raises
    NotOfType."""
    found: Json = whole(by_class(value))
    return found


def json_schema(annotation: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the values of type `annotation`."""
    if annotation is not Any and _is_any(annotation):
        return {}
    from skyloom.flows.converters import converter_for

    return converter_for(annotation).schema()


def object_schema(title: str, properties: Mapping[str, Any], defaults: Mapping[str, Json]) -> dict[str, Any]:
    """The JSON Schema of an object whose keys are `properties` (annotations by name), and no others. Keys without an
    entry in `defaults` are required."""
    from skyloom.flows import records

    names = {name: Any if _is_any(hint) else hint for name, hint in properties.items()}
    schema = json_schema(records.typed_dict(title, names, required=frozenset(names)))
    for name, default in defaults.items():
        schema["properties"][name]["default"] = default
    required = [name for name in names if name not in defaults]
    schema |= {"title": title, "required": required, "additionalProperties": False}
    if not required:
        del schema["required"]
    return schema


_hints: weakref.WeakKeyDictionary[Callable[..., Any], dict[str, Any]] = weakref.WeakKeyDictionary()


def signature_types(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of `function` by parameter name, with "return", string references resolved. Cached.

    Raises:
        NameError: an annotation names something that its module does not have.
    """
    known = _hints.get(function)
    if known is None:
        known = _hints[function] = typing.get_type_hints(function, include_extras=True)
    return known


def _is_any(annotation: Any) -> bool:
    """Whether values of the annotation may be anything; also where there is none."""
    inspect = sys.modules.get("inspect")
    return annotation is Any or (inspect is not None and annotation is inspect.Parameter.empty)


def _converter(annotation: Any, value: Any) -> Converter | PlainConverter:
    """The converter of `annotation` that does for `value`: what may be anything may also be a model."""
    plain = plain_converter(annotation)
    if plain is not None and (not plain.holds_any or is_json(value)):
        return plain
    try:
        from skyloom.flows.converters import converter_for

        return converter_for(annotation)
    except ImportError:
        # A function without pydantic meets no models.
        if plain is None:
            raise
        return plain


def _lost(before: Any, after: Any, path: str) -> str | None:
    """The path of an entry of `before` that `after` does not have: a field that only a subclass has."""
    if isinstance(before, dict) and isinstance(after, dict):
        inner = ((join(path, key), item, after.get(key, _NOTHING)) for key, item in before.items())
    elif isinstance(before, list) and isinstance(after, list):
        inner = ((f"{path}[{index}]", *pair) for index, pair in enumerate(zip(before, after, strict=False)))
    else:
        return None
    for place, item, kept in inner:
        found = place if kept is _NOTHING else _lost(item, kept, place)
        if found is not None:
            return found
    return None


_NOTHING = object()

# --- canonical JSON ---------------------------------------------------------------------------------------------

_SCALARS = frozenset({str, int, bool, float, type(None)})


def _guarded(value: Any, *, convert: bool) -> Json:
    try:
        canonical: Json = _canonical(value, "", convert=convert)
        return canonical
    except RecursionError:
        raise NotOfType(("", "the value is nested too deeply, or contains itself")) from None


def _canonical(value: Any, path: str, *, convert: bool) -> Any:
    """A copy of `value` in canonical JSON; with `convert`, typed Python leaves become JSON instead of being refused."""
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if kind is int:
        return _integer(value, path)
    if value is None or kind is bool:
        return value
    if kind is float:
        return _number(value, path)
    if kind is list or (convert and kind is tuple):
        return [_canonical(item, f"{path}[{index}]", convert=convert) for index, item in enumerate(value)]
    if kind is dict:
        return _object(value, path, convert=convert)
    return _special(value, path, convert=convert)


def _text(value: str, path: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise NotOfType((path, f"a lone surrogate at position {error.start} is no Unicode text")) from None
    return value


def _integer(value: int, path: str) -> int:
    if -MAX_INT <= value <= MAX_INT:
        return value
    raise NotOfType((path, "the integer is larger than 2**53, the largest that JSON carries safely"))


def _number(value: float, path: str) -> float:
    if math.isfinite(value):
        return value or 0.0
    raise NotOfType((path, f"{value} is not a finite number"))


def _object(value: dict[Any, Any], path: str, *, convert: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str) or (isinstance(key, Enum) and not convert):
            raise NotOfType((path, f"the key {key!r} is not a string"))
        text = _text(str.__str__(key), path)
        result[text] = _canonical(item, join(path, text), convert=convert)
    return result


def _special(value: Any, path: str, *, convert: bool) -> Any:
    """A value whose class is none of JSON's own: a subclass of one, or, with `convert`, a typed Python value."""
    if isinstance(value, Enum) and convert:
        return _canonical(value.value, path, convert=False)
    if isinstance(value, bytes) and convert:
        import base64

        return base64.b64encode(value).decode()
    if not isinstance(value, Enum):
        if isinstance(value, str):
            return _text(str.__str__(value), path)
        if isinstance(value, int):
            return _integer(int.__int__(value), path)
        if isinstance(value, float):
            return _number(float.__float__(value), path)
        if isinstance(value, dict):
            return _object(value, path, convert=convert)
    moment = _moment(value, path) if convert else None
    if moment is not None:
        return moment
    raise NotOfType((path, f"a value of type {type(value).__name__} is not JSON"))


def _moment(value: Any, path: str) -> str | None:
    """The text of a point in time; None of anything else."""
    from datetime import date, datetime, time

    from skyloom.flows import moments

    if not isinstance(value, (datetime, date, time)):
        return None
    try:
        return moments.written(value)
    except OverflowError:
        raise NotOfType((path, "the datetime has no equivalent in UTC")) from None
